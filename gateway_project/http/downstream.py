"""The client's side of a call: a hang-up cancels it, heartbeats fill pauses, a failed answer never looks complete."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from gateway_project.messages.answer_headers import Header, answer_headers, on_the_wire
from gateway_project.messages.refusals import INTERNAL, Refusal
from gateway_project.server.abort import drop_connection
from gateway_project.server.inbox import Inbox

log = logging.getLogger(__name__)

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Downstream:
    """
    Wraps the work on the call that an ASGI `scope` describes: `async with Downstream(...) as downstream`.

    While inside, the current task is cancelled as soon as the client hangs up, and that cancellation ends here. An
    exception ends here too: before the answer has begun it becomes Google's 500, afterwards the connection is dropped
    without the end of the body. Exceptions with `expected = True` are not logged.
    """

    def __init__(self, inbox: Inbox, send: Send, scope: Mapping[str, Any], request_id: str) -> None:
        self._scope = scope
        self._inbox = inbox
        self._send = send
        self._request_id = request_id
        self._loop = asyncio.get_running_loop()
        self._started = False
        self._has_left = False
        self._sending = False
        self._sent_at = 0.0
        self._heartbeat: asyncio.TimerHandle | None = None
        self._beat: asyncio.Task | None = None

    async def __aenter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        if self._inbox.is_gone:
            self._cancel()
        else:
            self._inbox.on_hang_up = self._cancel
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._inbox.on_hang_up = None
        self._inbox.close()
        for timed in (self._heartbeat, self._beat):
            if timed is not None:
                timed.cancel()
        match error:
            case asyncio.CancelledError():
                # It ends here, unless the task was cancelled for another reason too (the server's shutdown).
                return self._has_left and self._task.uncancel() == 0
            case Exception():
                return await self._ended_by(error)
            case _:
                return False

    async def start(self, status: int, headers: list[Header]) -> None:
        self._started = True
        scope = self._scope
        common = answer_headers(status, scope["method"], scope["headers"], settings.GATEWAY_CORS_ORIGINS)
        headers = [*headers, (b"X-Request-Id", self._request_id.encode())]
        message = {"type": "http.response.start", "status": status, "headers": headers}
        if "request_id" in scope:  # our own server, which takes them as bytes
            message["common"] = on_the_wire(common)
        else:
            headers += common
        await self._send(message)

    async def write(self, body: bytes) -> None:
        """Returns when the client is ready for more."""
        self._sending = True
        self._sent_at = self._loop.time()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        self._sending = False

    async def end(self, body: bytes = b"") -> None:
        # The server reports a hang-up after a complete answer too, which must not cancel what still runs after it.
        self._inbox.on_hang_up = None
        await self._send({"type": "http.response.body", "body": body})

    async def refuse(self, refusal: Refusal) -> None:
        scope = self._scope
        refusal = refusal.asked_by(
            scope["path"], scope["query_string"], scope["headers"], settings.GATEWAY_STREAM_DEFAULT
        )
        await self.start(refusal.code, refusal.headers)
        await self.end(refusal.body)

    def keep_alive(self, beat: bytes, every: float) -> None:
        """From now on writes `beat` whenever nothing was written for `every` seconds, never during another write."""
        now = self._loop.time()
        due = self._sent_at + every
        if due <= now:
            due = now + every
            if not self._sending:
                self._beat = self._loop.create_task(self.write(beat))
        self._heartbeat = self._loop.call_at(due, self.keep_alive, beat, every)

    def _cancel(self) -> None:
        self._has_left = True
        self._task.cancel()

    async def _ended_by(self, error: Exception) -> bool:
        """End the answer as failed; False where only the server can do that, and has to get the exception for it."""
        if not getattr(error, "expected", False):
            log.error("Call %s failed.", self._request_id, exc_info=error)
        if not self._started:
            await self.refuse(INTERNAL)
            return True
        return drop_connection(self._send)
