"""What arrives on one request: the pieces of its body, and the hang-up of its client.

A server puts pieces in, and one reader takes them out: the whole body at once, piece by piece, or as the messages of
ASGI's `receive`. `Buffers` is the memory that the bodies of all requests may take together.
"""

import asyncio
import io
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

from proxy_app.wire.malformed import TooLarge

# With so many unread bytes the source should pause; with half as many it may go on.
FULL_BYTES = 128 * 1024

_DISCONNECT = {"type": "http.disconnect"}


class ClientLeft(Exception):
    """The rest of a body will not come."""

    expected = True  # not logged


class Buffers:
    """Bytes of memory, of which at most `most` are taken at a time."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self, size: int) -> bool:
        """Takes `size` bytes; False if that would be too many, and then takes none."""
        if self.taken + size > self.most:
            return False
        self.taken += size
        return True

    def give_back(self, size: int) -> None:
        self.taken -= size


class Source(Protocol):
    """Where the pieces come from."""

    def wanted(self) -> None:
        """A reader waits for bytes that have not arrived."""

    def taken(self, size: int) -> None:
        """A reader took `size` bytes, which the inbox no longer holds."""

    def close(self) -> None:
        """The reader has ended."""


class Inbox:
    """
    A request's body, a `Content`: iterating gives its pieces and raises ClientLeft when the rest will not come.

    `length` in bytes, None where the body is chunked. `on_hang_up` is called once, when the client is gone; a server
    says so after a complete answer too.
    """

    __slots__ = (
        "_end_is_read",
        "_gathered",
        "_limit",
        "_pieces",
        "_reader",
        "held",
        "is_answered",
        "is_gone",
        "is_whole",
        "length",
        "on_hang_up",
        "replayable",
        "source",
    )

    def __init__(self, length: int | None = None, source: Source | None = None) -> None:
        self.length = length
        self.source = source
        self.held = 0  # bytes that the reader has not taken
        self.is_whole = False  # the end of the body is here
        self.is_gone = False
        self.is_answered = False  # the server answered in place of the application
        self.replayable = True
        self.on_hang_up: Callable[[], None] | None = None
        self._pieces: deque[bytes] = deque()
        self._gathered: io.BytesIO | None = None  # while `whole` waits for the end
        self._limit = 0
        self._reader: asyncio.Future[None] | None = None
        self._end_is_read = False

    # The server's side.

    def put(self, piece: bytes) -> None:
        gathered = self._gathered
        if gathered is None:
            self._pieces.append(piece)
            self.held += len(piece)
            self._wake()
        elif gathered.tell() + len(piece) <= self._limit:
            gathered.write(piece)
        else:
            self._limit = -1
            self._wake()

    def end(self) -> None:
        """The body is complete."""
        self.is_whole = True
        self._wake()

    def hang_up(self) -> None:
        """The client is gone, or has its answer."""
        self.is_gone = True
        on_hang_up, self.on_hang_up = self.on_hang_up, None
        if on_hang_up is not None:
            on_hang_up()
        self._wake()

    @property
    def is_full(self) -> bool:
        return self.held >= FULL_BYTES

    # The reader's side.

    async def whole(self, limit: int) -> bytes:
        """The body in one piece. Raises TooLarge for more than `limit` bytes, and ClientLeft."""
        if (self.held if self.length is None else self.length) > limit:
            raise TooLarge(limit)
        self.replayable = False
        if not self.is_whole:
            return await self._gather(limit)
        pieces, self.held = self._pieces, 0
        return pieces.popleft() if len(pieces) == 1 else b"".join(pieces)

    async def _gather(self, limit: int) -> bytes:
        """Waits for the end. A BytesIO grows in place and returns its buffer uncopied: no byte is in memory twice."""
        gathered, self._limit = io.BytesIO(), limit
        gathered.writelines(self._pieces)
        self._pieces.clear()
        self.held, self._gathered = 0, gathered
        try:
            while not self.is_whole:
                await self._news()
                if self._limit < 0:
                    raise TooLarge(limit)
        finally:
            self._gathered = None
        return gathered.getvalue()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        self.replayable = False
        while not self._pieces:
            if self.is_whole:
                raise StopAsyncIteration
            await self._news()
        piece = self._pieces.popleft()
        self._has_taken(len(piece))
        return piece

    async def receive(self) -> Mapping[str, Any]:
        """ASGI's `receive`: what of the body has arrived, later the remainder, then the hang-up."""
        while not self._end_is_read:
            if self.is_gone:
                return _DISCONNECT
            if self._pieces or self.is_whole:
                self._end_is_read = self.is_whole
                body = b"".join(self._pieces)
                self._pieces.clear()
                self._has_taken(len(body))
                return {"type": "http.request", "body": body, "more_body": not self.is_whole}
            await self._news()
        while not self.is_gone:
            await self._wait()
        return _DISCONNECT

    def close(self) -> None:
        """The reader has ended."""
        if self.source is not None:
            self.source.close()

    def _has_taken(self, size: int) -> None:
        self.held -= size
        if self.source is not None:
            self.source.taken(size)

    async def _news(self) -> None:
        """Waits for more of the body. Raises ClientLeft."""
        if self.is_gone:
            # A task that was cancelled for the hang-up ends here by its cancellation and not by ClientLeft.
            await asyncio.sleep(0)
            raise ClientLeft
        if self.source is not None:
            self.source.wanted()
        await self._wait()

    async def _wait(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
