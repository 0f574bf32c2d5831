"""A file's bytes on disk, encrypted piece by piece. Blocks: not for the event loop.

header of the seal, then for each piece: its length in four bytes, the encrypted piece
"""

import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from accounts_app.models.encryption import Seal, Undecryptable

CONTEXT = "the spool"
MOST_PIECE_BYTES = 1024 * 1024  # beyond any piece that is written

_LENGTH = Struct(">I")
_TAG_BYTES = 16  # by which an encrypted piece is longer


class SealedFile:
    """`size` is how many bytes of the plain file it has, in so many `pieces`."""

    def __init__(self, path: Path) -> None:
        """One that is there, or a new one. Raises OSError, Undecryptable."""
        self.path = path
        self.size = self.pieces = 0
        try:
            with path.open("r+b") as file:
                self._seal = _seal_of(file)
                whole = file.tell()
                for sealed in _sealed(file):
                    self.size += len(sealed) - _TAG_BYTES
                    self.pieces += 1
                    whole = file.tell()
                file.truncate(whole)  # a piece that was being written when the process died
        except FileNotFoundError:
            self._seal = Seal.new(CONTEXT)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(self._seal.header)

    def __repr__(self) -> str:
        return f"<SealedFile of {self.size} bytes>"

    def append(self, piece: bytes) -> None:
        """Raises OSError, also when somebody has deleted the file."""
        sealed = self._seal.closed(self.pieces, piece)
        with self.path.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(_LENGTH.pack(len(sealed)) + sealed)
        self.pieces += 1
        self.size += len(piece)


def is_readable(path: Path) -> bool:
    """Whether there is a file that was encrypted with a key that is still configured."""
    try:
        with path.open("rb") as file:
            _seal_of(file)
    except (OSError, Undecryptable):
        return False
    return True


def resealed(path: Path, new: Path) -> bool:
    """Write a file anew as `new`, under the first of the configured keys; False for one that is under it already.

    Raises OSError, Undecryptable.
    """
    with path.open("rb") as file:
        if _seal_of(file).uses_first_key:
            return False
    written = SealedFile(new)
    for piece in pieces(path):
        written.append(piece)
    return True


def pieces(path: Path) -> Iterator[bytes]:
    """The plain file. Raises OSError, Undecryptable."""
    with path.open("rb") as file:
        seal = _seal_of(file)
        for number, sealed in enumerate(_sealed(file)):
            yield seal.opened(number, sealed)


def _seal_of(file: BinaryIO) -> Seal:
    return Seal(file.read(Seal.HEADER_BYTES), CONTEXT)


def _sealed(file: BinaryIO) -> Iterator[bytes]:
    """The encrypted pieces up to the last whole one."""
    while len(length := file.read(_LENGTH.size)) == _LENGTH.size:
        (size,) = _LENGTH.unpack(length)
        if size > MOST_PIECE_BYTES + _TAG_BYTES or len(sealed := file.read(size)) < size:
            return
        yield sealed
