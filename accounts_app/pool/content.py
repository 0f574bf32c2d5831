"""A body as a thing that is read piece by piece, whether it is in memory or still on its way."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeVar

from msgspec import Raw

Buffer = bytes | Raw

T = TypeVar("T")


class Content(Protocol):
    """Iterating over it gives its bytes, in pieces of any size."""

    @property
    def length(self) -> int | None:
        """In bytes; None where only the end tells."""
        ...

    @property
    def replayable(self) -> bool:
        """Whether it can still be read from its first byte."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Pieces:
    """A body in memory: always replayable. Iterating gives the pieces as they are, without a copy of any."""

    __slots__ = ("length", "pieces")

    replayable = True

    def __init__(self, *pieces: Buffer) -> None:
        self.pieces: Sequence[Buffer] = pieces
        self.length: int | None = sum(map(len, pieces))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield bytes(piece)
