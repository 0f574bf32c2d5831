"""Which of Google's many hosts a path stands for; here they all share one address, under any prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from emulator.wire.public.paths import method_of
from emulator.wire.public.upload_steps import upload_step
from emulator.wire.public.worded import WORDED
from emulator.wire.server import Request


class Api(Enum):
    """The APIs that the emulator serves."""

    CODE_ASSIST = "v1internal"
    PUBLIC = "the public API"
    OAUTH = "the OAuth endpoints"
    CONTROL = "the emulator itself"
    NOWHERE = "an unknown path"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes.

    resource   public API: a name with its collection (`models/m`, `files/abc`), "" for a collection itself; v1internal:
               an operation's name; control: a path
    """

    api: Api
    call: str = ""
    base: str = ""
    version: str = ""
    resource: str = ""

    @property
    def collection(self) -> str:
        """The first segment of the resource, "" for v1internal and the control API."""
        return self.resource.partition("/")[0] if self.api is Api.PUBLIC else ""

    @property
    def worded(self) -> bool:
        """Whether errors have a word for their code: interactions and what goes with them."""
        return self.collection in WORDED

    @property
    def openai(self) -> bool:
        """Whether it is one of OpenAI's methods."""
        return self.call.startswith("openai")

    @property
    def names_in_body(self) -> bool:
        """Whether the body, not the path, names the model or agent."""
        return self.openai or self.resource in {"decisions", "interactions"}

    @property
    def model(self) -> str:
        """The model that the public API's path names, "" for none."""
        collection, _, name = self.resource.partition("/operations")[0].partition("/")
        if self.api is not Api.PUBLIC or collection not in {"models", "tunedModels", "dynamic"}:
            return ""
        return name if collection == "models" else f"{collection}/{name}"


_CODE_ASSIST = re.compile(r"(?P<base>.*)/v1internal:(?P<verb>\w+)")
_OPERATION = re.compile(r"(?P<base>.*)/v1internal/(?P<name>operations/.+)")
_PUBLIC = re.compile(r"(?P<base>.*?)/(?P<root>(?:upload/|download/)?)(?P<version>v1|v1beta|v1alpha)/(?P<path>.*)")
_HOST = re.compile(r"(?P<base>.*)/(?P<path>\$discovery/rest|\.well-known/jwks\.json)")
_CONTROL = re.compile(r"/emulator(?:/(?P<path>.*))?")
_OF_THE_HOST = {"$discovery/rest": "discover", ".well-known/jwks.json": "getKeys"}
_OAUTH = {
    "/o/oauth2/v2/auth": "authorize",
    "/o/oauth2/auth": "authorize",
    "/o/oauth2/v2/auth/consent": "consent",
    "/token": "token",
    "/oauth2/v4/token": "token",
    "/revoke": "revoke",
    "/tokeninfo": "tokeninfo",
    "/oauth2/v3/tokeninfo": "tokeninfo",
    "/oauth2/v1/userinfo": "userinfo",
    "/oauth2/v2/userinfo": "userinfo",
    "/oauth2/v3/userinfo": "userinfo",
    "/v1/userinfo": "userinfo",
}


def route_of(request: Request) -> Route:
    path = request.path
    if verb := _OAUTH.get(path):
        return Route(Api.OAUTH, verb)
    if match := _CODE_ASSIST.fullmatch(path):
        return Route(Api.CODE_ASSIST, match["verb"], match["base"])
    if match := _OPERATION.fullmatch(path):
        return Route(Api.CODE_ASSIST, "getOperation", match["base"], resource=match["name"])
    if match := _CONTROL.fullmatch(path):
        return Route(Api.CONTROL, "control", resource=(match["path"] or "").strip("/"))
    if match := _HOST.fullmatch(path):
        return Route(Api.PUBLIC, _OF_THE_HOST[match["path"]], match["base"])
    if match := _PUBLIC.fullmatch(path):
        return _public(request, match)
    return Route(Api.NOWHERE)


def _public(request: Request, match: re.Match[str]) -> Route:
    verb = request.headers.get("x-http-method-override", request.method)
    found = method_of(verb.upper(), match["root"] + match["path"])
    if found is None:
        return Route(Api.NOWHERE, base=match["base"])
    call, resource = found
    if call == "upload":
        call = upload_step(request)
    return Route(Api.PUBLIC, call, match["base"], match["version"], resource)
