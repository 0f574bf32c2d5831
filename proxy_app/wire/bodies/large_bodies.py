"""The fields of a large JSON object, read by hopping from string to string.

What makes a body large is base64, and a hop over a string of it is as fast as memory: 100 MB take 10 ms, where a
decoder takes 70 in one go and blocks other calls. What stands inside the values is left for upstream to check.
"""

import re
from collections.abc import Generator

import msgspec
from msgspec import Raw

from proxy_app.wire.malformed import Malformed

# From the first on a decoder takes milliseconds, from the second on so many that other calls would be late.
LARGE_BYTES = 4 * 1024 * 1024
VERY_LARGE_BYTES = 24 * 1024 * 1024

# Hops after which a decoder is faster: a body in very many small parts is not base64. What is too large for a decoder
# may take a second of them, with turns for others.
_HOPS = 5000
_MOST_HOPS = 1_000_000
_A_TURN = 5000

# A string with escapes in it is read this many bytes at a time, each time counted as this many hops.
_WINDOW = 64 * 1024
_HOPS_A_WINDOW = 500

# Top-level fields; the API has a dozen.
MOST_FIELDS = 1024
TOO_MANY_FIELDS = f"Invalid JSON payload received. A request may have {MOST_FIELDS} fields at most."

# Between two marks stand numbers, words and white space. Anything else (a quote of another kind, a comment) is refused:
# a more lenient reader might see the end of a value elsewhere.
_OPENING = re.compile(rb"[ \t\r\n]*\{")
_MARK = re.compile(rb'[ \t\r\n0-9A-Za-z+.-]*+(["{}\[\],:])')
_UP_TO_QUOTE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_CLOSES = {b"}": b"{", b"]": b"["}
_SPACE = b" \t\r\n"
_MOST_SPACE = 1024  # around a value; deeper than any indentation
_LONGEST_RUN = 64 * 1024  # of what stands between two marks

_decode_name = msgspec.json.Decoder(str).decode
_decode = msgspec.json.Decoder().decode


def reading(raw: bytes) -> Generator[None, None, dict[str, Raw] | None]:
    """The top-level fields of `raw`, each value in the bytes it came in; None for what a decoder has to read instead.
    Yields where others may have a turn.

    Raises Malformed when there are too many.
    """
    try:
        return (yield from _Hopper(raw).fields())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _Unclear):
        return None


class _Unclear(Exception):
    """Not JSON, or not of the kind that hopping is for."""


class _Hopper:
    """The position in `raw`, and how many hops have been taken and are allowed."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._hops = 0
        self._most = _HOPS if len(raw) <= VERY_LARGE_BYTES else _MOST_HOPS
        self._turn = _A_TURN

    def fields(self) -> Generator[None, None, dict[str, Raw]]:
        found: dict[str, Raw] = {}
        name: str | None = None
        self._at = begin = _matched(_OPENING.match(self._raw, 0, _LONGEST_RUN)).end()
        open_brackets = [b"{"]
        while open_brackets:
            yield from self._hop()
            mark = _matched(_MARK.match(self._raw, self._at, self._at + _LONGEST_RUN))
            kind, self._at = mark[1], mark.end()
            if len(open_brackets) == 1 and kind in (b":", b",", b"}"):
                piece = _trimmed(self._raw, begin, self._at - 1)
                begin = self._at
                if name is None and kind == b":":
                    name = _decode_name(piece)
                elif name is not None and kind != b":":
                    found[name], name = _value(piece), None
                    if len(found) > MOST_FIELDS:
                        raise Malformed(TOO_MANY_FIELDS)
                else:
                    raise _Unclear
            match kind:
                case b'"':
                    yield from self._over_string()
                case b"{" | b"[":
                    open_brackets.append(kind)
                case b"}" | b"]":
                    if open_brackets.pop() != _CLOSES[kind]:
                        raise _Unclear
        if len(self._raw) - self._at > _MOST_SPACE or self._raw[self._at :].strip(_SPACE):
            raise _Unclear
        return found

    def _over_string(self) -> Generator[None, None, None]:
        """To the end of the string that begins at the position: in one hop unless a backslash stands before a quote."""
        while True:
            end = self._raw.find(b'"', self._at)
            if end < 0:
                raise _Unclear
            if self._raw[end - 1 : end] != b"\\" or end == self._at:
                break
            yield from self._hop(_HOPS_A_WINDOW)
            end = _matched(_UP_TO_QUOTE.match(self._raw, self._at, self._at + _WINDOW)).end()
            if self._raw[end : end + 1] == b'"':
                break
            self._at = end
        self._at = end + 1

    def _hop(self, hops: int = 1) -> Generator[None, None, None]:
        self._hops += hops
        if self._hops > self._most:
            raise _Unclear
        if self._hops >= self._turn:
            self._turn = self._hops + _A_TURN
            yield


def _matched(found: re.Match[bytes] | None) -> re.Match[bytes]:
    if found is None:
        raise _Unclear
    return found


def _trimmed(raw: bytes, begin: int, end: int) -> memoryview:
    """What stands between `begin` and `end`, without the white space around it."""
    first, last = raw[begin : min(begin + _MOST_SPACE, end)], raw[max(end - _MOST_SPACE, begin) : end]
    begin += len(first) - len(first.lstrip(_SPACE))
    end -= len(last) - len(last.rstrip(_SPACE))
    return memoryview(raw)[begin:end]


def _value(piece: memoryview) -> Raw:
    """A string, a list or an object as it is; anything else is small, and is checked."""
    if bytes(piece[:1]) not in (b'"', b"[", b"{"):
        if len(piece) > _MOST_SPACE:
            raise _Unclear
        _decode(piece)
    return Raw(piece)
