"""Server-sent events as blocks of bytes: each ends with its blank line, and all of them together are what came.

Lines end in LF, CRLF or CR. `framing.sse` reads events to write them anew; here nothing is written.
"""

import re

from proxy_app.wire.framing.sse import EVENT_LIMIT
from proxy_app.wire.malformed import NotAnAnswer

_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")
_LONGEST_END = 4

_LINE_ENDS = re.compile(rb"\r\n|\n|\r")


class Cutter:
    """Cuts the chunks of one body: `feed` each, then `end` once. Linear in the bytes fed."""

    __slots__ = ("_held", "_limit")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._held = bytearray()
        self._limit = limit

    def __repr__(self) -> str:
        return f"<Cutter {len(self._held)} bytes into a block>"

    def feed(self, chunk: bytes) -> list[bytes]:
        """The blocks that `chunk` completes. Raises NotAnAnswer when one grows past the limit."""
        held, blocks, begin = self._held, [], 0
        searched = max(0, len(held) - _LONGEST_END)
        held += chunk
        while found := _END.search(held, searched):
            blocks.append(bytes(held[begin : found.end()]))
            begin = searched = found.end()
        del held[:begin]
        if len(held) > self._limit:
            raise NotAnAnswer(f"an event of more than {self._limit} bytes")
        return blocks

    def end(self) -> list[bytes]:
        """What is left without a blank line."""
        left = bytes(self._held)
        self._held.clear()
        return [left] if left else []


def data_in(block: bytes) -> bytes:
    """The data of an event, or a JSON object that stands there without being one; empty for comments."""
    lines = _LINE_ENDS.split(block)
    data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(data) if data else block.strip() if block.lstrip()[:1] == b"{" else b""
