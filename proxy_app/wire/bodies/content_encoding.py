"""Undoes the compression of a request's body (`Content-Encoding`, RFC 9110 8.4)."""

import zlib
from collections.abc import Generator

from proxy_app.wire.malformed import Malformed, TooLarge, UnknownEncoding

KNOWN = "gzip, deflate, identity"

# Each is undone by itself, so that this many times the limit is inflated at most. Clients apply one.
_MOST_ENCODINGS = 2

# A gzip file may be several, one behind the other (RFC 1952 2.2): block gzip has one in 64 kB.
_MOST_MEMBERS = 4096

_PIECE = 64 * 1024
_PIECES_A_TURN = 16


# A byte of deflate inflates to 1,032 bytes at most.
_RATIO = 1032


def most(size: int, header: str) -> int:
    """The most bytes that `size` bytes under these encodings may inflate to."""
    for _ in _encodings(header)[:_MOST_ENCODINGS]:
        size *= _RATIO
    return size


def decoding(body: bytes, header: str, limit: int) -> Generator[None, None, bytes]:
    """`body` without the encodings that `header` names, the last one first; yields where others may have a turn.

    Raises UnknownEncoding, TooLarge (as soon as there are more than `limit` bytes of it) and Malformed.
    """
    encodings = _encodings(header)
    for name in encodings:
        if name.removeprefix("x-") not in ("gzip", "deflate"):
            raise UnknownEncoding(f"Content-Encoding {name[:64]!r} is not supported. Supported are: {KNOWN}.")
    if len(encodings) > _MOST_ENCODINGS:
        raise UnknownEncoding(f"A body may be compressed {_MOST_ENCODINGS} times at most.")
    if not body:
        return body
    for name in reversed(encodings):
        try:
            body = yield from _inflating(body, name.removeprefix("x-"), limit)
        except zlib.error:
            raise Malformed(f"The request body is not {name}, although its Content-Encoding says so.") from None
    return body


def _encodings(header: str) -> list[str]:
    return [name for entry in header.split(",") if (name := entry.strip().lower()) not in ("", "identity")]


def _inflating(body: bytes, name: str, limit: int) -> Generator[None, None, bytes]:
    """Raises TooLarge, Malformed, zlib.error."""
    plain = bytearray()
    view = memoryview(body)
    pieces = 0
    for _ in range(_MOST_MEMBERS):
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16 if name == "gzip" else _window_of(body))
        while not inflate.eof:
            given, view = (inflate.unconsumed_tail, view) if inflate.unconsumed_tail else (view[:_PIECE], view[_PIECE:])
            piece = inflate.decompress(given, _PIECE)
            if not given and not piece:
                raise Malformed(f"The request body ends before its {name} does.")
            plain += piece
            if len(plain) > limit:
                raise TooLarge(limit)
            pieces += 1
            if pieces % _PIECES_A_TURN == 0:
                yield
        view = memoryview(body)[len(body) - len(view) - len(inflate.unused_data) :]
        if not view:
            return bytes(plain)
        if name == "deflate":
            break
    raise Malformed(f"The request body goes on after the end of its {name}.")


def _window_of(body: bytes) -> int:
    """`deflate` means zlib's format; some clients send it without zlib's two bytes before and four behind."""
    has_header = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
