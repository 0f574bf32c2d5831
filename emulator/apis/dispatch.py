"""The way of a request from its path to its reply. The house is locked meanwhile; answering never waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from emulator.apis import code_assist, control, oauth, public_api
from emulator.apis.call import Call
from emulator.state.google import House
from emulator.state.recording import SECRET_HEADERS, SECRET_PARAMETERS, Recorded, without_secrets
from emulator.wire.errors import ErrorBody, Refused, unknown_path
from emulator.wire.replies import Json, Reply, Style, json_reply
from emulator.wire.routes import Room, Route, route_of
from emulator.wire.server import Connection, Request
from emulator.wire.streaming import unary

_ROOMS = {Room.CODE_ASSIST: code_assist, Room.PUBLIC: public_api}


@dataclass(slots=True)
class Ticket:
    """Tells the recording how one request ended."""

    house: House
    recorded: Recorded

    def answered(self) -> None:
        self._end(None)

    def hung_up(self) -> None:
        self._end(self.house.now())

    def _end(self, hung_up_at: float | None) -> None:
        with self.house.changed:
            self.house.recording.end(self.recorded, hung_up_at=hung_up_at)


class FrontDesk:
    """Takes each request to its room and its scripts; a `server.Floor`."""

    def __init__(self, house: House) -> None:
        self.house = house

    def answer(self, request: Request) -> tuple[Ticket, Reply]:
        with self.house.changed:
            route = route_of(request)
            call = Call(request, route, _parsed(request, route), self.house.now(), self.house.style)
            recorded = self._recorded(call)
            reply = self._reply(call, recorded)
            recorded.status = reply.status
            return Ticket(self.house, recorded), reply

    def connected(self, connection: Connection) -> None:
        with self.house.changed:
            self.house.connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        with self.house.changed:
            self.house.connections.discard(connection)
            self.house.changed.notify_all()

    def _reply(self, call: Call, recorded: Recorded) -> Reply:
        """1. Who is calling. 2. What was scripted for them. 3. The room's own answer."""
        try:
            match call.route.room:
                case Room.CONTROL if self.house.controllable:
                    return control.answer(self.house, call)
                case Room.CODE_ASSIST | Room.PUBLIC as room:
                    call.account = _ROOMS[room].authenticate(self.house, call)
                    recorded.account = call.account.email
                    return self._scripted(call, recorded) or self._told(_ROOMS[room].answer(self.house, call), call)
                case Room.OAUTH:
                    call.account = oauth.account_of(self.house, call)
                    recorded.account = call.account.email if call.account else ""
                    return self._scripted(call, recorded) or oauth.answer(self.house, call)
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
        script = self.house.scripts.take(route.call, call.account.email if call.account else "", call.model, route.base)
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
        if call.style is self.house.style:
            return json_reply(answered)
        return unary(answered, call.style, call.scene(), ())

    def _recorded(self, call: Call) -> Recorded:
        request, secret = call.request, call.route.room is Room.OAUTH
        recorded = Recorded(
            number=self.house.recording.next_number(),
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
            self.house.recording.begin(recorded)
        return recorded


_SECRET_FIELDS = ("refresh_token", "client_secret", "code", "token", "code_verifier")


def _form_without_secrets(form: Any) -> Any:
    return without_secrets(form, _SECRET_FIELDS) if isinstance(form, dict) else form


def _parsed(request: Request, route: Route) -> Any:
    """The body as JSON, for OAuth also as a form; None when there is none or it cannot be read.

    Forms are OAuth's alone: curl calls everything it sends a form unless told otherwise.
    """
    if not request.body:
        return None
    if route.room is Room.OAUTH and "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
