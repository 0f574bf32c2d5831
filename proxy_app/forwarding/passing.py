"""A request's body on its way through the gateway: no byte of it is kept here."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from accounts_app.pool.content import Content
from proxy_app.wire.malformed import Malformed, TooLarge

Tee = Callable[[bytes], Awaitable[None]]


class Begun:
    """A `Content` of which `first` has been read already: gives that, and then what follows."""

    def __init__(self, first: bytes, content: Content) -> None:
        self.length = content.length
        self.replayable = True
        self._first = first
        self._pieces = aiter(content)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self.replayable:
            self.replayable = False
            return self._first
        return await anext(self._pieces)


class Passing:
    """A `Content` that reads another one once, piece by piece.

    The first `skip` bytes are read and dropped. More than `limit` bytes in all make it raise TooLarge, and `too_large`
    true. `tee` gets every piece before it goes on. `passed` counts what has gone on. `malformed` is what the client has
    done wrong where the other one raised Malformed.
    """

    def __init__(self, content: Content, *, limit: int, skip: int = 0, tee: Tee | None = None) -> None:
        self.limit = limit
        self.length = None if content.length is None else max(0, content.length - skip)
        self.passed = 0
        self.too_large = content.length is not None and content.length > limit
        self.malformed = ""
        self._content = content
        self._pieces = aiter(content)
        self._skip = skip
        self._came = 0
        self._tee = tee
        self._time: tuple[asyncio.Timeout, float] | None = None

    def __repr__(self) -> str:
        return f"<Passing {self.passed} of {'?' if self.length is None else self.length} bytes>"

    @property
    def replayable(self) -> bool:
        return self._content.replayable

    def renews(self, timeout: asyncio.Timeout, seconds: float) -> None:
        """With each piece `timeout` begins anew: a body may take as long as it comes."""
        self._time = timeout, seconds

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while True:
            try:
                piece = await anext(self._pieces)
            except Malformed as error:
                self.malformed = str(error)
                raise
            self._came += len(piece)
            if self._came > self.limit:
                self.too_large = True
                raise TooLarge(self.limit)
            self._renew()
            if self._skip:
                dropped = min(self._skip, len(piece))
                self._skip -= dropped
                piece = piece[dropped:]
            if piece:
                self.passed += len(piece)
                if self._tee is not None:
                    await self._tee(piece)
                return piece

    def _renew(self) -> None:
        if self._time is not None:
            timeout, seconds = self._time
            with suppress(RuntimeError):  # it is over
                timeout.reschedule(asyncio.get_running_loop().time() + seconds)
