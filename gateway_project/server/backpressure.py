"""Writing no faster than the client reads."""

import asyncio
from typing import Any

# A client that has not taken a single byte for this long counts as disconnected.
STALLED_SECONDS = 60.0
# Checks within that time. It begins after the last check at which the kernel's buffers had taken some bytes.
CHECKS = 6


class Backpressure:
    """A push producer, which twisted pauses when the connection's buffer is full and resumes when it is empty."""

    def __init__(self, transport: Any, stalled_after: float = STALLED_SECONDS) -> None:
        self._transport = transport
        self._stalled_after = stalled_after
        self.is_on = False  # writing has to wait
        self._room = asyncio.Event()

    async def room(self) -> None:
        """Waits until the client has read; drops the connection if it takes nothing for `stalled_after` seconds."""
        quiet = 0
        while self.is_on:
            unsent = self._unsent()
            try:
                async with asyncio.timeout(self._stalled_after / CHECKS):
                    await self._room.wait()
            except TimeoutError:
                quiet = quiet + 1 if self._unsent() == unsent else 0
                if quiet == CHECKS:
                    self._transport.abortConnection()
                    self.resumeProducing()

    def pauseProducing(self) -> None:
        self.is_on = True
        self._room.clear()

    def resumeProducing(self) -> None:
        self.is_on = False
        self._room.set()

    def stopProducing(self) -> None:
        self.resumeProducing()

    def _unsent(self) -> int:
        """Bytes the kernel has not taken yet."""
        return len(self._transport.dataBuffer) - self._transport.offset + self._transport._tempDataLen
