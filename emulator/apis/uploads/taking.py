"""One upload request on its way: recorded when its head is here, taken as it comes, answered at its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.apis import public_api
from emulator.wire.errors import Refused
from emulator.wire.replies import Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.apis.dispatch import Dispatcher
    from emulator.apis.uploads.bodies import Receiver
    from emulator.state.recording import Recorded
    from emulator.wire.server import Listener


class Taking:
    """A `server.Intake`. A scripted fault drops the body and plays at its end; one that says after how many bytes plays
    then, and what came before is kept.
    """

    def __init__(self, dispatcher: Dispatcher, call: Call, recorded: Recorded, listener: Listener) -> None:
        self.listener = listener
        self._google, self._call, self._recorded = dispatcher.google, call, recorded
        self._receiver: Receiver | None = None
        self._fault: Reply | None = None
        self._left: int | None = None
        self._refusal: Reply | None = None
        try:
            dispatcher.identify(call, recorded)
            if (script := dispatcher.script(call, recorded)) is not None:
                self._fault = call.play(script)
                self._left = script.after if self._fault is not None else None
            if self._fault is None or self._left is not None:
                self._receiver = public_api.receiver(self._google, call)
        except Refused as refused:
            self._refusal = call.refusal(refused.body)

    def take(self, data: bytes) -> Reply | None:
        with self._google.changed:
            self._recorded.size += len(data)
            reply = self._refusal or self._taken(data)
            return self._answered(reply) if reply is not None else None

    def end(self) -> Reply:
        with self._google.changed:
            try:
                reply = self._receiver.end() if self._receiver is not None else Reply()
            except Refused as refused:
                reply = self._call.refusal(refused.body)
            return self._answered(self._fault or reply)

    def _taken(self, data: bytes) -> Reply | None:
        if self._receiver is None:
            return None
        try:
            self._receiver.take(data[: self._left])
        except Refused as refused:
            return self._call.refusal(refused.body)
        if self._left is None:
            return None
        self._left = max(self._left - len(data), 0)
        return None if self._left else self._fault

    def _answered(self, reply: Reply) -> Reply:
        self._recorded.status = reply.status
        return replace(reply, delay=reply.delay or self._call.style.delay)
