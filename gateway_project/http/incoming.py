"""Reads a request's `receive` on any ASGI server: the body, no faster than it is needed, and the client's hang-up."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from gateway_project.server.inbox import Inbox

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


def incoming(receive: Receive, headers: Iterable[tuple[bytes, bytes]]) -> Inbox:
    """The inbox of a request: our own server's, and on any other server one that a task fills. The caller closes it."""
    inbox = getattr(receive, "__self__", None)
    return inbox if isinstance(inbox, Inbox) else _Pump(receive, headers).inbox


class _Pump:
    """Fills an inbox from another server, no faster than it is read."""

    def __init__(self, receive: Receive, headers: Iterable[tuple[bytes, bytes]]) -> None:
        length = dict(headers).get(b"content-length", b"")
        self.inbox = Inbox(int(length) if length.isdigit() else None, self)
        self._receive = receive
        self._room = asyncio.Event()
        self._task: asyncio.Task[None] | None = asyncio.get_running_loop().create_task(self._run())

    def wanted(self) -> None:
        self._room.set()

    def taken(self, size: int) -> None:
        if not self.inbox.is_full:
            self._room.set()

    def close(self) -> None:
        task, self._task = self._task, None  # no cycle: the task refers to this object
        if task is not None:
            task.cancel()
        self.inbox.source = None

    async def _run(self) -> None:
        while (goes_on := self._put(await self._receive())) is not None:
            if goes_on and self.inbox.is_full:
                self._room.clear()
                await self._room.wait()
        self.inbox.hang_up()

    def _put(self, message: Mapping[str, Any]) -> bool | None:
        """Whether more of the body follows; None for a hang-up. Nothing of the message is kept."""
        if message["type"] == "http.disconnect":
            return None
        if piece := message.get("body"):
            self.inbox.put(piece)
        goes_on = bool(message.get("more_body", False))
        if not goes_on:
            self.inbox.end()
        return goes_on
