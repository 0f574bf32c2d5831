"""One request on its way through the emulator: what came, what it asks for, and whose it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.state.accounts import Account
from emulator.state.projects import Project
from emulator.state.scripts import Script
from emulator.wire.errors import ErrorBody, PlainError, Refused, WordedError, refuse
from emulator.wire.fault_names import error_named
from emulator.wire.faults import FaultContext
from emulator.wire.public.worded import worded
from emulator.wire.replies import SSE_TYPE, Reply, Style
from emulator.wire.routes import Api, Route
from emulator.wire.server import Request


@dataclass(slots=True)
class Call:
    """A request, understood as far as its route."""

    request: Request
    route: Route
    body: Any = field(repr=False)
    now: float
    style: Style
    account: Account | None = None
    known_project: Project | None = None

    @property
    def project(self) -> Project:
        """The project of the public API's key, once `authenticate` has found it."""
        assert self.known_project is not None
        return self.known_project

    @property
    def owner(self) -> Account:
        """The account, once `authenticate` has found it."""
        assert self.account is not None
        return self.account

    @property
    def bearer(self) -> str:
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    @property
    def api_key(self) -> str:
        return self.request.headers.get("x-goog-api-key", "") or self.request.query.get("key", "")

    @property
    def credentials(self) -> int:
        """How many credentials came along."""
        headers, query = self.request.headers, self.request.query
        given = [headers.get(name) for name in ("x-goog-api-key", "authorization")]
        given += [query.get(name) for name in ("key", "access_token", "oauth_token")]
        return sum(bool(one) for one in given)

    @property
    def sse(self) -> bool:
        return "sse" in (self.request.query.get("alt"), self.request.query.get("$alt"))

    @property
    def in_array(self) -> bool:
        """Whether errors of this call come as the first element of an array, as those of OpenAI's POSTs all do."""
        if self.route.openai:
            return self.request.method == "POST"
        return self.route.call == "streamGenerateContent" and not self.sse

    @property
    def model(self) -> str:
        """The model or agent asked for, as far as it can be told from a request that may be wrong."""
        body = self.body if isinstance(self.body, dict) else {}
        if self.route.api is Api.PUBLIC:
            named = (body.get("model") or body.get("agent")) if self.route.names_in_body else ""
            return named.removeprefix("models/") if named and isinstance(named, str) else self.route.model
        inner = body.get("request")
        name = body.get("model") or (inner.get("model") if isinstance(inner, dict) else "")
        return name.removeprefix("models/") if isinstance(name, str) else ""

    def json_body(self) -> Any:
        """The body as JSON, an empty one as {}; raises Refused with Google's text."""
        if not self.request.body.strip():
            return {}
        if self.body is not None:
            return self.body
        try:
            return json.loads(self.request.body)
        except ValueError as error:
            text = f"Invalid JSON payload received. Expected an object key or }}.\n{error}"
            raise refuse(400, text) from None

    def scene(self, model: str = "", project: str = "") -> FaultContext:
        own = self.account.project if self.account else ""
        if self.known_project is not None:
            own = self.known_project.number
        return FaultContext(
            model=model or self.model or "gemini-2.5-pro",
            project=project or own or "my-project",
            verb=self.route.call,
            version=self.route.version or "v1beta",
            now=self.now,
        )

    def refused(self, name: str) -> Refused:
        """The refusal of this call that has the fault's name."""
        return Refused(error_named(name, self.scene()))

    def refusal(self, body: ErrorBody | PlainError | WordedError) -> Reply:
        """An error in this call's form: an element of an array, or, before a public stream, under the stream's type, or
        with a word for its code.
        """
        if self.route.worded and isinstance(body, ErrorBody):
            body = worded(body)
        reply = body.reply(wrapped=self.in_array)
        public_stream = self.route.api is Api.PUBLIC and self.route.call == "streamGenerateContent"
        return replace(reply, content_type=SSE_TYPE) if public_stream and self.sse else reply

    def play(self, script: Script) -> Reply | None:
        """A script's reply; a scripted style only changes how the normal answer is told."""
        match script.play(self.scene()):
            case ErrorBody() as error:
                return self.refusal(error)
            case Reply() as reply:
                return reply
            case Style() as style:
                self.style = style
        return None
