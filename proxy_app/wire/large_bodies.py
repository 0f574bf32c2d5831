"""The fields of a very large JSON object, found by hopping from string to string.

What makes a body large is base64, and a string of it is passed over at the speed of memory: 100 MB take 10 ms, where a
decoder takes 70 in one go and keeps everybody waiting. What stands inside the values is left for upstream to check.
"""

import re

import msgspec
from msgspec import Raw

# From here on a decoder takes milliseconds.
LARGE_BYTES = 4 * 1024 * 1024

# Hops until a decoder is the quicker way after all: a body in very many small parts is not base64.
_HOPS = 5000

_OPENING = re.compile(rb"[ \t\r\n]*\{")
_MARK = re.compile(rb'["{}\[\],:]')
_SPACE = b" \t\r\n"
_MOST_SPACE = 1024  # around a value; nobody indents deeper

_decode_name = msgspec.json.Decoder(str).decode
_decode = msgspec.json.Decoder().decode


def fields(raw: bytes) -> dict[str, Raw] | None:
    """The top-level fields of `raw`, each value in the bytes it came in; None for whatever a decoder had better see."""
    try:
        return _fields(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _Unclear):
        return None


class _Unclear(Exception):
    """Not JSON, or not of the kind that hopping is for."""


def _fields(raw: bytes) -> dict[str, Raw]:
    found: dict[str, Raw] = {}
    name: str | None = None
    at = begin = _matched(_OPENING.match(raw)).end()
    depth = 1
    for _ in range(_HOPS):
        mark = _matched(_MARK.search(raw, at))
        kind, at = mark[0], mark.end()
        if kind == b'"':
            at = _after_string(raw, at)
        elif kind in b"{[":
            depth += 1
        elif depth > 1:
            depth -= kind in b"}]"
        else:
            piece = _trimmed(raw, begin, mark.start())
            begin = at
            if name is None and kind == b":":
                name = _decode_name(piece)
            elif name is not None and kind in b",}":
                found[name], name = _value(piece), None
            else:
                raise _Unclear
            if kind == b"}":
                break
    if kind != b"}" or depth != 1 or len(raw) - at > _MOST_SPACE or raw[at:].strip(_SPACE):
        raise _Unclear
    return found


def _matched(found: re.Match[bytes] | None) -> re.Match[bytes]:
    if found is None:
        raise _Unclear
    return found


def _after_string(raw: bytes, at: int) -> int:
    """Where the string ends whose first byte is at `at`."""
    for _ in range(_HOPS):
        end = raw.find(b'"', at)
        if end < 0:
            break
        before = raw[max(at, end - _MOST_SPACE) : end]
        slashes = len(before) - len(before.rstrip(b"\\"))
        if slashes == _MOST_SPACE:
            break
        at = end + 1
        if slashes % 2 == 0:
            return at
    raise _Unclear


def _trimmed(raw: bytes, begin: int, end: int) -> memoryview:
    """What stands between `begin` and `end`, without the white space around it."""
    first, last = raw[begin : min(begin + _MOST_SPACE, end)], raw[max(end - _MOST_SPACE, begin) : end]
    begin += len(first) - len(first.lstrip(_SPACE))
    end -= len(last) - len(last.rstrip(_SPACE))
    return memoryview(raw)[begin:end]


def _value(piece: memoryview) -> Raw:
    """A string, a list or an object as it is; anything else is small enough to be looked at."""
    if bytes(piece[:1]) not in (b'"', b"[", b"{"):
        if len(piece) > _MOST_SPACE:
            raise _Unclear
        _decode(piece)
    return Raw(piece)
