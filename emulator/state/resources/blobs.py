"""Bytes that were uploaded or made: counted and hashed as they come, kept on disk only if somebody may read them."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

# So much stays in memory whether it is kept or not: the first words of a file, and small files whole.
_IN_MEMORY = 64 * 1024
_PIECE = 256 * 1024


class _Hash(Protocol):
    def copy(self) -> _Hash: ...

    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


class Blob:
    """Bytes in the order they were written. `keep` has more than the first 64 kB written to a nameless file."""

    def __init__(self, *, keep: bool) -> None:
        self.keep = keep
        self.size = 0
        self._hash: _Hash = hashlib.sha256()
        self._start = bytearray()
        self._file: int | None = None
        self._before: tuple[int, _Hash] = (0, self._hash.copy())

    @classmethod
    def of(cls, content: bytes) -> Self:
        """A kept blob of bytes at hand."""
        blob = cls(keep=True)
        blob.write(content)
        return blob

    @property
    def sha256(self) -> str:
        """The digest in hexadecimal."""
        return self._hash.hexdigest()

    @property
    def start(self) -> bytes:
        return bytes(self._start)

    @property
    def readable(self) -> bool:
        """Whether every byte can be read again."""
        return self.keep or self.size <= _IN_MEMORY

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        room = _IN_MEMORY - len(self._start)
        self._start += data[:room]
        if self.keep and len(data) > room:
            self._append(data[room:])

    def mark(self) -> None:
        """Remembers what is there, for `roll_back`."""
        self._before = self.size, self._hash.copy()

    def roll_back(self) -> None:
        """Forgets what was written since the mark."""
        self.size, self._hash = self._before[0], self._before[1].copy()
        del self._start[self.size :]
        if self._file is not None:
            os.ftruncate(self._file, max(self.size - _IN_MEMORY, 0))

    def pieces(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to before `end`, a piece at a time; ValueError when they were not kept."""
        if not self.readable:
            raise ValueError("these bytes were not kept")
        end = self.size if end is None else min(end, self.size)
        while first < end:
            piece = self._read(first, min(_PIECE, end - first))
            yield piece
            first += len(piece)

    def kept(self) -> bytes:
        """All of it, or the beginning where it was not kept."""
        return b"".join(self.pieces()) if self.readable else self.start

    def text(self) -> str:
        """All of it as UTF-8, as far as it is; ValueError when it was not kept."""
        return b"".join(self.pieces()).decode("utf-8", "replace")

    def _append(self, data: bytes) -> None:
        if self._file is None:
            self._file, path = tempfile.mkstemp(prefix="emulator-")
            Path(path).unlink()
            weakref.finalize(self, os.close, self._file)
        os.pwrite(self._file, data, os.fstat(self._file).st_size)

    def _read(self, first: int, length: int) -> bytes:
        if first < len(self._start):
            return bytes(self._start[first : first + length])
        assert self._file is not None
        return os.pread(self._file, length, first - _IN_MEMORY)
