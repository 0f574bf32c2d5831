"""A stream as one JSON array, the way Google frames it without `alt=sse`.

The legacy Python SDK reads it strictly: nothing before `[`, and not one byte after `]`. Blanks are free in between.
"""

OPENING = b"["
SEPARATOR = b",\r\n"
CLOSING = b"]"


class ArrayWriter:
    """Frames payloads as the elements of one array: `event` for each, then `end` once, or nothing if it broke off."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open = False

    def __repr__(self) -> str:
        return f"<ArrayWriter {'open' if self._open else 'unopened'}>"

    def event(self, payload: bytes) -> bytes:
        """`payload` as the next element, with what has to stand before it."""
        if self._open:
            return SEPARATOR + payload
        self._open = True
        return OPENING + payload

    def end(self) -> bytes:
        """The last bytes of the body."""
        return CLOSING if self._open else OPENING + CLOSING
