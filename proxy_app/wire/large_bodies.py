"""The fields of a very large JSON object, found by hopping from string to string.

What makes a body large is base64, and a string of it is passed over at the speed of memory: 100 MB take 10 ms, where a
decoder takes 70 in one go and keeps everybody waiting. What stands inside the values is left for upstream to check.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Raw

# From here on a decoder takes milliseconds.
LARGE_BYTES = 4 * 1024 * 1024

# Hops until a decoder is the quicker way after all: a body in very many small parts is not base64.
_HOPS = 5000

# Between two marks stand numbers, words and white space. Anything else (a quote of another kind, a comment) might mean
# something to a more lenient reader than ours, and let a value reach beyond its end.
_OPENING = re.compile(rb"[ \t\r\n]*\{")
_MARK = re.compile(rb'[ \t\r\n0-9A-Za-z+.-]*+(["{}\[\],:])')
_CLOSES = {b"}": b"{", b"]": b"["}
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
    open_brackets = [b"{"]
    hops = iter(range(_HOPS))
    for _ in hops:
        mark = _matched(_MARK.match(raw, at))
        kind, at = mark[1], mark.end()
        if len(open_brackets) == 1 and kind in (b":", b",", b"}"):
            piece = _trimmed(raw, begin, at - 1)
            begin = at
            if name is None and kind == b":":
                name = _decode_name(piece)
            elif name is not None and name not in found and kind != b":":
                found[name], name = _value(piece), None
            else:
                raise _Unclear
        match kind:
            case b'"':
                at = _after_string(raw, at, hops)
            case b"{" | b"[":
                open_brackets.append(kind)
            case b"}" | b"]":
                if open_brackets.pop() != _CLOSES[kind]:
                    raise _Unclear
        if not open_brackets:
            break
    if open_brackets or len(raw) - at > _MOST_SPACE or raw[at:].strip(_SPACE):
        raise _Unclear
    return found


def _matched(found: re.Match[bytes] | None) -> re.Match[bytes]:
    if found is None:
        raise _Unclear
    return found


def _after_string(raw: bytes, at: int, hops: Iterator[int]) -> int:
    """Where the string ends whose first byte is at `at`."""
    for _ in hops:
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
