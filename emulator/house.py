"""The house: everything the emulator knows, and the way of a request from its path to its reply.

All of it is guarded by one lock, held while a request is answered; answering never waits.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from . import code_assist, control, oauth, public_api
from .accounts import Account, Accounts
from .errors import ErrorBody, Refused, refuse, unknown_path
from .faults import Scene
from .generation import PromptCache
from .recording import SECRET_HEADERS, SECRET_PARAMETERS, Recorded, Recording, without_secrets
from .replies import Json, Reply, Style, json_reply
from .routes import Room, Route, route_of
from .scripts import ScriptBook
from .server import Connection, Request
from .streaming import unary

_ROOMS = {Room.CODE_ASSIST: code_assist, Room.PUBLIC: public_api}


@dataclass(slots=True)
class Call:
    """One request on its way through the house."""

    request: Request
    route: Route
    body: Any = field(repr=False)
    now: float
    style: Style
    account: Account | None = None

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
    def sse(self) -> bool:
        return "sse" in (self.request.query.get("alt"), self.request.query.get("$alt"))

    @property
    def in_array(self) -> bool:
        """Whether errors of this call come as the first element of an array."""
        return self.route.call == "streamGenerateContent" and not self.sse

    @property
    def model(self) -> str:
        """The model asked for, as far as it can be told from a request that may be wrong."""
        if self.route.room is Room.PUBLIC:
            return self.route.resource
        body = self.body if isinstance(self.body, dict) else {}
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

    def scene(self, model: str = "", project: str = "") -> Scene:
        own = self.account.project if self.account else ""
        return Scene(
            model=model or self.model or "gemini-2.5-pro",
            project=project or own or "my-project",
            verb=self.route.call,
            version=self.route.version or "v1beta",
            now=self.now,
        )


@dataclass(slots=True)
class HouseTicket:
    """Tells the recording how one request ended."""

    house: House
    recorded: Recorded

    def answered(self) -> None:
        self.house.end(self.recorded, hung_up=False)

    def hung_up(self) -> None:
        self.house.end(self.recorded, hung_up=True)


class House:
    """State and routing; a `server.Floor`."""

    def __init__(
        self,
        *,
        open_house: bool = False,
        controllable: bool = True,
        style: Style | None = None,
        token_lifetime: float = 3599.0,
        keep: int = 10_000,
        clock: Callable[[], float] = time.time,
        client: tuple[str, str] | None = None,
        rotate_refresh_tokens: bool = False,
        bind_signatures: bool = False,
    ) -> None:
        self.changed = threading.Condition()
        self.controllable = controllable
        self.style = style or Style()
        self.client = client
        self.rotate_refresh_tokens = rotate_refresh_tokens
        self.bind_signatures = bind_signatures
        self.advanced = 0.0
        self._clock = clock
        self.accounts = Accounts(open_house=open_house, token_lifetime=token_lifetime, clock=self.now)
        self.scripts = ScriptBook()
        self.recording = Recording(keep, self.changed)
        self.prompt_cache = PromptCache()
        self.consents = oauth.Consents()
        self.connections: set[Connection] = set()

    def now(self) -> float:
        return self._clock() + self.advanced

    def binding_of(self, account: Account) -> str:
        return account.project if self.bind_signatures else ""

    def reset(self) -> None:
        """As new: accounts, scripts, recorded requests and the clock."""
        with self.changed:
            for room in (self.accounts, self.scripts, self.recording, self.consents):
                room.clear()
            self.prompt_cache = PromptCache()
            self.advanced = 0.0

    # -- what the server calls ----------------------------------------------------------------------------

    def answer(self, request: Request) -> tuple[HouseTicket, Reply]:
        with self.changed:
            route = route_of(request)
            call = Call(request, route, _parsed(request), self.now(), self.style)
            recorded = self._record(call)
            reply = self._reply(call, recorded)
            recorded.status = reply.status
            return HouseTicket(self, recorded), reply

    def end(self, recorded: Recorded, *, hung_up: bool) -> None:
        with self.changed:
            self.recording.end(recorded, hung_up_at=self.now() if hung_up else None)

    def connected(self, connection: Connection) -> None:
        with self.changed:
            self.connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        with self.changed:
            self.connections.discard(connection)
            self.changed.notify_all()

    # -- from a call to its reply -------------------------------------------------------------------------

    def _reply(self, call: Call, recorded: Recorded) -> Reply:
        """1. Who is calling. 2. What was scripted for them. 3. The room's own answer."""
        try:
            match call.route.room:
                case Room.CONTROL if self.controllable:
                    return control.answer(self, call)
                case Room.CODE_ASSIST | Room.PUBLIC as room:
                    call.account = _ROOMS[room].authenticate(self, call)
                    recorded.account = call.account.email
                    return self._scripted(call, recorded) or self._told(_ROOMS[room].answer(self, call), call)
                case Room.OAUTH:
                    call.account = oauth.account_of(self, call)
                    recorded.account = call.account.email if call.account else ""
                    return self._scripted(call, recorded) or oauth.answer(self, call)
                case _:
                    return unknown_path(call.request.path)
        except Refused as refused:
            return refused.body.reply(wrapped=call.in_array)
        except RecursionError:
            text = "Invalid JSON payload received. Nesting level is too deep."
            return ErrorBody(400, text).reply(wrapped=call.in_array)

    def _scripted(self, call: Call, recorded: Recorded) -> Reply | None:
        """A script's reply; a scripted style only changes how the normal answer is told."""
        route = call.route
        script = self.scripts.take(route.call, call.account.email if call.account else "", call.model, route.base)
        if script is None:
            return None
        recorded.fault = script.name
        match script.play(call.scene()):
            case ErrorBody() as error:
                return error.reply(wrapped=call.in_array)
            case Reply() as reply:
                return reply
            case Style() as style:
                call.style = style
        return None

    def _told(self, answered: Reply | Json, call: Call) -> Reply:
        if isinstance(answered, Reply):
            return answered
        if call.style is self.style:
            return json_reply(answered)
        return unary(answered, call.style, call.scene(), ())

    def _record(self, call: Call) -> Recorded:
        request, secret = call.request, call.route.room is Room.OAUTH
        recorded = Recorded(
            number=self.recording.next_number(),
            call=call.route.call,
            http_method=request.method,
            path=request.path,
            base=call.route.base,
            query=without_secrets(request.query, SECRET_PARAMETERS),
            headers=without_secrets(request.headers, SECRET_HEADERS),
            account="",
            model=call.model,
            body=_form_without_secrets(call.body) if secret else call.body,
            raw=b"" if secret else request.body,
            at=call.now,
        )
        if call.route.room is not Room.CONTROL:
            self.recording.begin(recorded)
        return recorded


_SECRET_FIELDS = ("refresh_token", "client_secret", "code", "token", "code_verifier")


def _form_without_secrets(form: Any) -> Any:
    return without_secrets(form, _SECRET_FIELDS) if isinstance(form, dict) else form


def _parsed(request: Request) -> Any:
    """The body as JSON or as a form; None when there is none or it cannot be read."""
    if not request.body:
        return None
    if "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
