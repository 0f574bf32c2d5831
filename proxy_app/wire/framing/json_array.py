"""A stream as one JSON array, byte for byte the way Google frames it without `alt=sse`: `[{…}\n,\r\n{…}\n]`.

The legacy Python SDK reads it strictly: nothing before `[`, and not one byte after `]`. Blanks are free in between.
"""

from collections.abc import Iterable

OPENING = b"["
SEPARATOR = b",\r\n"
CLOSING = b"]"

_END = b"\n"


def join(payloads: Iterable[bytes]) -> bytes:
    """Several payloads as consecutive elements of the array, with the line end of the last one."""
    return (_END + SEPARATOR).join(payloads) + _END
