"""Small PNGs drawn from a prompt, and the size of those that come in."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib

_SIDE = 64

_FIRST_WORDS = 120


def draw(prompt: str) -> str:
    """A 64 x 64 PNG in base64: a gradient whose colours and frame follow from the prompt."""
    seed = hashlib.sha256(prompt.encode()).digest()
    start, end, frame = seed[0:3], seed[3:6], seed[6:9]
    rows = bytearray()
    for y in range(_SIDE):
        rows.append(0)  # no filter
        for x in range(_SIDE):
            edge = x in {4, _SIDE - 5} or y in {4, _SIDE - 5}
            share = (x + y) / (2 * _SIDE - 2)
            rows += frame if edge else bytes(int(a + (b - a) * share) for a, b in zip(start, end, strict=True))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(bytes(rows))) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def describe(mime_type: str, content: bytes) -> str:
    """`an image/png of 1,234 bytes, 64 x 64 pixels`; the pixels only where they are easy to read."""
    article = "an" if mime_type[:1] in "aeiou" else "a"
    text = f"{article} {mime_type or 'unnamed file'} of {len(content):,} bytes"
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return f"{text}, {width} x {height} pixels"
    words = first_words(mime_type, content)
    return f"{text}, which begins “{words}”" if words else text


def first_words(mime_type: str, content: bytes) -> str:
    """Those of a text, on one line; "" for anything else."""
    if not mime_type.startswith("text/") and "json" not in mime_type:
        return ""
    return " ".join(content[: _FIRST_WORDS * 4].decode("utf-8", "replace").split())[:_FIRST_WORDS]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
