"""A `multipart/related` upload read as it comes: a small part of JSON, then the bytes of the file."""

from __future__ import annotations

import re
from collections.abc import Callable

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_CONTENT_TYPE = re.compile(rb"^content-type:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_LONGEST_FRONT = 1024 * 1024


class Malformed(Exception):
    """The body is not what its content type says."""


class MultipartReader:
    """Feeds the second part to `write`; `metadata` and `mime_type` are known once it begins. Raises Malformed."""

    def __init__(self, content_type: str, begin: Callable[[bytes, str], Callable[[bytes], None]]) -> None:
        """`begin` gets the first part and the second's content type, and gives what takes the second's bytes."""
        match = _BOUNDARY.search(content_type)
        if match is None:
            raise Malformed("no boundary")
        self._boundary = b"--" + match[1].encode("latin-1")
        self._begin = begin
        self._write: Callable[[bytes], None] | None = None
        self._newline = b"\r\n"
        self._held = b""
        self._ended = False

    def feed(self, data: bytes) -> None:
        if self._ended:
            return
        self._held += data
        if self._write is None and not self._read_front():
            return
        assert self._write is not None
        closing = self._newline + self._boundary
        if (at := self._held.find(closing)) >= 0:
            self._write(self._held[:at])
            self._held, self._ended = b"", True
        elif (sure := len(self._held) - len(closing)) > 0:
            self._write(self._held[:sure])
            self._held = self._held[sure:]

    def end(self) -> None:
        if not self._ended:
            raise Malformed("no end")

    def _read_front(self) -> bool:
        """Whether the first part and the second's headers are here; lines end with CRLF or, from Python, with LF."""
        first_line, line_feed, _ = self._held.partition(b"\n")
        if line_feed and not first_line.endswith(b"\r"):
            self._newline = b"\n"
        pieces = self._held.split(self._newline * 2, 2)
        if len(pieces) < 3:
            if len(self._held) > _LONGEST_FRONT:
                raise Malformed("the first part is too long")
            return False
        opening, first, self._held = pieces
        content, boundary, head = first.partition(self._newline + self._boundary)
        if not opening.lstrip().startswith(self._boundary) or not boundary:
            raise Malformed("not two parts")
        named = _CONTENT_TYPE.search(head.replace(b"\r", b""))
        self._write = self._begin(content, named[1].decode("latin-1") if named else "")
        # Of an empty file the boundary follows at once.
        self._held = self._newline + self._held if self._held.startswith(self._boundary) else self._held
        return True
