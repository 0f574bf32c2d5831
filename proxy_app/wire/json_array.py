"""A stream as one JSON array, the way Google frames it without `alt=sse`.

A body is OPENING, the events joined by SEPARATOR, CLOSING. The legacy Python SDK reads it strictly: nothing before `[`,
and not one byte after `]`. Blanks are free in between.
"""

from collections.abc import Iterable

OPENING = b"["
SEPARATOR = b",\r\n"
CLOSING = b"]"


def join(payloads: Iterable[bytes]) -> bytes:
    """Several payloads as consecutive elements of the array."""
    return SEPARATOR.join(payloads)
