"""From a request's path to the API that answers it. The state is locked meanwhile; answering never blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from emulator.apis import code_assist, control, public_api
from emulator.apis.call import Call
from emulator.apis.oauth import endpoints as oauth
from emulator.apis.uploads.taking import Taking
from emulator.state.google import Google
from emulator.state.recording import (
    SECRET_HEADERS,
    SECRET_PARAMETERS,
    Recorded,
    without_headers_of_tools,
    without_secrets,
)
from emulator.state.scripts import Script
from emulator.wire.errors import ErrorBody, Refused, unknown_path
from emulator.wire.public.forms import FORM_TYPE, form_fields
from emulator.wire.public.upload_steps import STREAMED_STEPS
from emulator.wire.replies import Json, Reply, json_reply
from emulator.wire.routes import Api, Route, route_of
from emulator.wire.server import Connection, Request
from emulator.wire.streaming import unary

_APIS = {Api.CODE_ASSIST: code_assist, Api.PUBLIC: public_api}


@dataclass(slots=True)
class RecordingListener:
    """Records how one request ended."""

    google: Google
    recorded: Recorded

    def answered(self) -> None:
        self._end(None)

    def hung_up(self) -> None:
        self._end(self.google.now())

    def _end(self, hung_up_at: float | None) -> None:
        with self.google.changed:
            self.google.recording.end(self.recorded, hung_up_at=hung_up_at)


class Dispatcher:
    """Answers each request by its script, or by the API it is for; a `server.Handler`."""

    def __init__(self, google: Google) -> None:
        self.google = google

    def intake(self, request: Request) -> Taking | None:
        route = route_of(request)
        if route.call not in STREAMED_STEPS:
            return None
        with self.google.changed:
            call = Call(request, route, None, self.google.now(), self.google.style)
            recorded = self.recorded(call)
            return Taking(self, call, recorded, RecordingListener(self.google, recorded))

    def answer(self, request: Request) -> tuple[RecordingListener, Reply]:
        with self.google.changed:
            route = route_of(request)
            call = Call(request, route, _parsed(request, route), self.google.now(), self.google.style)
            recorded = self.recorded(call)
            reply = self._reply(call, recorded)
            recorded.status = reply.status
            return RecordingListener(self.google, recorded), reply

    def connected(self, connection: Connection) -> None:
        with self.google.changed:
            self.google.connections.add(connection)

    def disconnected(self, connection: Connection) -> None:
        with self.google.changed:
            self.google.connections.discard(connection)
            self.google.changed.notify_all()

    def _reply(self, call: Call, recorded: Recorded) -> Reply:
        """1. Authenticate. 2. A scripted reply. 3. The API's own answer."""
        try:
            match call.route.api:
                case Api.CONTROL if self.google.controllable:
                    return control.answer(self.google, call)
                case Api.CODE_ASSIST | Api.PUBLIC as api:
                    self.identify(call, recorded)
                    return self._scripted(call, recorded) or self._told(_APIS[api].answer(self.google, call), call)
                case Api.OAUTH:
                    call.account = oauth.account_of(self.google, call)
                    recorded.account = call.account.email if call.account else ""
                    return self._scripted(call, recorded) or oauth.answer(self.google, call)
                case _:
                    return unknown_path(call.request.path)
        except Refused as refused:
            return call.refusal(refused.body)
        except RecursionError:
            text = "Invalid JSON payload received. Nesting level is too deep."
            return ErrorBody(400, text).reply(wrapped=call.in_array)

    def identify(self, call: Call, recorded: Recorded) -> None:
        """Finds whose call it is; raises Refused as its API does."""
        call.account = _APIS[call.route.api].authenticate(self.google, call)
        recorded.account = call.account.email
        if call.route.api is Api.PUBLIC:
            call.known_project = self.google.projects.of(call.account)

    def script(self, call: Call, recorded: Recorded) -> Script | None:
        """The script that is meant for this call, used up by one."""
        route, email = call.route, call.account.email if call.account else ""
        script = self.google.scripts.take(route.call, email, call.model, route.base, route.version)
        recorded.fault = script.name if script is not None else ""
        return script

    def _scripted(self, call: Call, recorded: Recorded) -> Reply | None:
        script = self.script(call, recorded)
        return call.play(script) if script is not None else None

    def _told(self, answered: Reply | Json, call: Call) -> Reply:
        if isinstance(answered, Reply):
            return answered
        if call.style is self.google.style:
            return json_reply(answered)
        return unary(answered, call.style, call.scene(), ())

    def recorded(self, call: Call) -> Recorded:
        request, secret = call.request, call.route.api is Api.OAUTH
        recorded = Recorded(
            number=self.google.recording.next_number(),
            call=call.route.call,
            http_method=request.method,
            path=request.path,
            base=call.route.base,
            query=without_secrets(request.query, SECRET_PARAMETERS),
            headers=without_secrets(request.headers, SECRET_HEADERS),
            account="",
            model=call.model,
            body=_form_without_secrets(call.body) if secret else without_headers_of_tools(call.body),
            raw=b"" if secret else request.body,
            size=len(request.body),
            at=call.now,
        )
        if call.route.api is not Api.CONTROL:
            self.google.recording.begin(recorded)
        return recorded


_SECRET_FIELDS = ("refresh_token", "client_secret", "code", "token", "code_verifier")


def _form_without_secrets(form: Any) -> Any:
    return without_secrets(form, _SECRET_FIELDS) if isinstance(form, dict) else form


def _parsed(request: Request, route: Route) -> Any:
    """The body as JSON, or a form of several parts, for OAuth any form; None when there is none or it cannot be read.

    Urlencoded forms are OAuth's alone: curl calls everything it sends a form unless told otherwise.
    """
    if not request.body:
        return None
    if route.api is Api.OAUTH and "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if request.headers.get("content-type", "").startswith(FORM_TYPE):
        return form_fields(request.headers["content-type"], request.body)
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
