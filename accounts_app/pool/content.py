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
        """In bytes; None while it is unknown."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether it can be read from its first byte: always if in memory; if streamed, until reading begins."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Pieces:
    """A body in memory, made of any number of pieces; iterating gives it in slices."""

    __slots__ = ("length", "pieces")

    replayable = True

    def __init__(self, *pieces: Buffer) -> None:
        self.pieces = pieces
        self.length = sum(map(len, pieces))

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Slices(self.slices())

    def slices(self) -> Iterator[bytes]:
        """The body in slices of at most `SLICE_BYTES`: small pieces are joined, large ones cut."""
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
    """An asynchronous iterator that needs no closing, as a generator would when its reader stops half-way."""

    def __init__(self, slices: Iterator[bytes]) -> None:
        self._slices = slices

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._slices:
            return piece
        raise StopAsyncIteration
