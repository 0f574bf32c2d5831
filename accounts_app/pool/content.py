"""A body as something that is read piece by piece, whether it is in memory or still on its way."""

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, Self

from msgspec import Raw

Buffer = bytes | Raw

# A large body in memory is handed on in slices, so that it is never there twice. Smaller ones go in one piece.
SLICE_BYTES = 256 * 1024


class Content(Protocol):
    """Iterating over it gives its bytes, in pieces of any size."""

    @property
    def length(self) -> int | None:
        """In bytes; None where only the end tells."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether it can be read from its first byte: always where it is in memory, until the first byte was read where
        it passes through.
        """
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Pieces:
    """A body in memory, in as many pieces as one likes; iterating gives it in slices."""

    __slots__ = ("length", "pieces")

    replayable = True

    def __init__(self, *pieces: Buffer) -> None:
        self.pieces = pieces
        self.length = sum(map(len, pieces))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Slices(self.slices())

    def slices(self) -> Iterator[bytes]:
        """Small pieces together, large ones cut."""
        gathered = bytearray()
        for piece in self.pieces:
            view = memoryview(piece)
            for start in range(0, len(view), SLICE_BYTES):
                part = view[start : start + SLICE_BYTES]
                if len(gathered) + len(part) > SLICE_BYTES:
                    yield bytes(gathered)
                    gathered.clear()
                gathered += part
        if gathered:
            yield bytes(gathered)


class _Slices:
    """What an asynchronous generator would be, without one that nobody closes when its reader stops half-way."""

    def __init__(self, slices: Iterator[bytes]) -> None:
        self._slices = slices

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._slices:
            return piece
        raise StopAsyncIteration
