"""JSON as Google's own reader takes it, written anew as strict JSON.

Google's front end reads with protobuf's `json_stream_parser`, which is more lenient than the standard, and Google's
published samples rely on that:

    {contents: [{'parts': [{"text": 'two
    lines',}],},],}

Taken: a comma after the last member; strings in single quotes, with any character in them but their quote and `\\`;
`\\` before any character, which then stands for itself (`\\v` apart); bare keys of ASCII letters, digits, `_` and `$`;
`1.`, `-.5` and `01.5`; vertical tabs and form feeds as white space. Not taken: comments, NaN and Infinity, `+1`, `.5`,
`0x1`, `01`, a comma without a value before it, bare strings, half a surrogate pair.

What is valid already is copied and not decoded: duplicate members, long numbers and the order of members are kept.
"""

import re
from collections.abc import Generator
from enum import Enum
from itertools import count

from proxy_app.wire.bodies.large_bodies import MOST_FIELDS, TOO_MANY_FIELDS
from proxy_app.wire.malformed import Malformed

# Google's own bound, which there counts objects only.
MOST_LEVELS = 100

# Work between two turns of others, a millisecond or two: tokens or characters that are written anew, and bytes that are
# copied at once.
_A_TURN = 2000
_RUN_BYTES = 128 * 1024

# A number that has to be written anew is read as a double first.
_LONGEST_NUMBER = 1024

_SPACE = re.compile(rb"[ \t\r\n\v\f]*+")
_BARE_KEY = re.compile(rb"[A-Za-z_$][A-Za-z0-9_$]*+")
_WORD = re.compile(rb"true|false|null")
_NUMBER_LIKE = re.compile(rb"[0-9.eE+x-]++")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_OCTAL_OR_HEX = re.compile(rb"-*+0[^.eE]*+")
_TOKEN = re.compile(rb"""["'{}\[\]:,0-9A-Za-z_$-]""")

_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LOW_HALF = re.compile(_LOW)
_UNICODE = re.compile(rb"\\u[0-9a-fA-F]{4}")
_ESCAPE = rb'\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|' + _HIGH + _LOW
# What is copied as it is, by the quote that the string stands in.
_RUN = {
    b'"': re.compile(rb'(?:[^"\\\x00-\x1f]++|' + _ESCAPE + rb")*+"),
    b"'": re.compile(rb"(?:[^\"'\\\x00-\x1f]++|" + _ESCAPE + rb")*+"),
}

_CLOSES = {b"{": b"}", b"[": b"]"}


class _Next(Enum):
    """What may come next; the value is Google's message where something else comes."""

    VALUE = "Expected a value."
    ITEM = "Expected a value or ] within an array."
    KEY = "Expected an object key or }."
    COLON = "Expected : between key:value pair."
    MEMBER = "Expected , or } after key:value pair."
    ELEMENT = "Expected , or ] after array value."
    END = "Parsing terminated before end of input."


def rewriting(raw: bytes) -> Generator[None, None, bytes]:
    """Strict JSON that says what Google's reader would read in `raw`, which is valid UTF-8; yields where others may
    have a turn. Raises Malformed, with a position in `raw`.
    """
    writer = _Writer(raw)
    coming = _Next.VALUE
    for token in count(1):
        if coming is _Next.END:
            break
        if token % _A_TURN == 0:
            yield
        writer.skip_space()
        if writer.ended():
            raise writer.failed(f"Unexpected end of string. {coming.value}")
        match coming:
            case _Next.VALUE | _Next.ITEM:
                coming = yield from writer.value(coming)
            case _Next.KEY:
                coming = yield from writer.key()
            case _Next.COLON:
                coming = writer.colon()
            case _:
                coming = writer.more(coming)
    writer.skip_space()
    if not writer.ended():
        raise writer.failed(coming.value)
    return bytes(writer.written)


class _Writer:
    """The position in `raw`, what has been written, and which brackets are open.

    Each method reads one token and returns what may come next.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0
        self.written = bytearray()
        self.open: list[bytes] = []
        self._fields = 0  # of the object as a whole
        self._comma = False  # one was read and is written once something follows

    def skip_space(self) -> None:
        self.at = _end(_SPACE, self.raw, self.at)

    def ended(self) -> bool:
        return self.at == len(self.raw)

    def failed(self, words: str) -> Malformed:
        return Malformed(f"Invalid JSON payload received. {words} (at byte {self.at})")

    def value(self, coming: _Next) -> Generator[None, None, _Next]:
        char = self.raw[self.at : self.at + 1]
        if char == b"]" and coming is _Next.ITEM:
            return self._close()
        self._write_comma()
        if char in _RUN:
            yield from self._string(char)
        elif char in _CLOSES:
            return self._open(char)
        elif char == b"-" or char.isdigit():
            self._number()
        elif word := _WORD.match(self.raw, self.at):
            self._take(word[0])
        else:
            raise self.failed("Unexpected token." if _TOKEN.match(char) else coming.value)
        return self._after_value()

    def key(self) -> Generator[None, None, _Next]:
        char = self.raw[self.at : self.at + 1]
        if char == b"}":
            return self._close()
        self._write_comma()
        if len(self.open) == 1:
            self._fields += 1
            if self._fields > MOST_FIELDS:
                raise Malformed(TOO_MANY_FIELDS)
        if char in _RUN:
            yield from self._string(char)
        elif (bare := _BARE_KEY.match(self.raw, self.at)) and not _WORD.fullmatch(bare[0]):
            self.written += b'"%b"' % bare[0]
            self.at = bare.end()
        else:
            raise self.failed(_Next.KEY.value)
        return _Next.COLON

    def colon(self) -> _Next:
        if self.raw[self.at : self.at + 1] != b":":
            raise self.failed(_Next.COLON.value)
        self._take(b":")
        return _Next.VALUE

    def more(self, coming: _Next) -> _Next:
        char = self.raw[self.at : self.at + 1]
        if char == b",":
            self.at += 1
            self._comma = True
            return _Next.KEY if coming is _Next.MEMBER else _Next.ITEM
        if char == _CLOSES[self.open[-1]]:
            return self._close()
        raise self.failed(coming.value)

    def _open(self, bracket: bytes) -> _Next:
        self.open.append(bracket)
        if len(self.open) > MOST_LEVELS:
            raise Malformed("Invalid JSON payload received. Message too deep.")
        self._take(bracket)
        return _Next.KEY if bracket == b"{" else _Next.ITEM

    def _close(self) -> _Next:
        self._comma = False
        self._take(_CLOSES[self.open.pop()])
        return self._after_value()

    def _after_value(self) -> _Next:
        if not self.open:
            return _Next.END
        return _Next.MEMBER if self.open[-1] == b"{" else _Next.ELEMENT

    def _take(self, token: bytes) -> None:
        self.written += token
        self.at += len(token)

    def _write_comma(self) -> None:
        if self._comma:
            self.written += b","
            self._comma = False

    def _number(self) -> None:
        end = _end(_NUMBER_LIKE, self.raw, self.at)
        if _NUMBER.fullmatch(self.raw, self.at, end):
            self.written += self.raw[self.at : end]
        else:
            self.written += self._double(self.raw[self.at : min(end, self.at + _LONGEST_NUMBER)])
        self.at = end

    def _double(self, digits: bytes) -> bytes:
        if _OCTAL_OR_HEX.fullmatch(digits):
            raise self.failed("Octal/hex numbers are not valid JSON values.")
        try:
            number = float(digits)
        except ValueError:
            raise self.failed("Unable to parse number.") from None
        if number in (float("inf"), float("-inf")):
            raise self.failed("Number exceeds the range of double.")
        return repr(number).encode()

    def _string(self, quote: bytes) -> Generator[None, None, None]:
        self.written += b'"'
        self.at += 1
        done = 0
        while self.raw[self.at : self.at + 1] != quote:
            if done >= _A_TURN:
                done = 0
                yield
            # Bounded, which may cut an escape in two: the next pass reads it whole.
            run = _end(_RUN[quote], self.raw, self.at, self.at + _RUN_BYTES)
            if run > self.at:
                self.written += self.raw[self.at : run]
                done += 1 + _A_TURN * (run - self.at) // _RUN_BYTES
                self.at = run
            elif self.ended():
                raise self.failed("Closing quote expected in string.")
            else:
                self._character()
                done += 1
        self.written += b'"'
        self.at += 1

    def _character(self) -> None:
        """Read a character that strict JSON escapes, or an escape that it does not have."""
        char = self.raw[self.at : self.at + 1]
        if char != b"\\":
            self.written += _escaped(char)
            self.at += 1
            return
        after = self.raw[self.at + 1 : self.at + 2]
        if after == b"u":
            raise self._bad_unicode()
        if not after:
            raise self.failed("Closing quote expected in string.")
        self.written += b"\\u000b" if after == b"v" else _escaped(after)
        self.at += 2

    def _bad_unicode(self) -> Malformed:
        """What is wrong with the `\\u` escape at the position: it has not four digits, or is half a pair."""
        code = _UNICODE.match(self.raw, self.at)
        if code is None:
            short = len(self.raw) - self.at < len(rb"\u0000")
            return self.failed("Illegal hex string." if short else "Invalid escape sequence.")
        if _LOW_HALF.match(self.raw, self.at):
            return self.failed("Invalid unicode code point.")
        followed = self.raw[code.end() : code.end() + 2] == b"\\u"
        return self.failed("Invalid low surrogate." if followed else "Missing low surrogate.")


def _escaped(char: bytes) -> bytes:
    """A character as it stands inside a strict string."""
    if char == b'"':
        return b'\\"'
    return b"\\u%04x" % char[0] if char < b" " else char


def _end(pattern: re.Pattern[bytes], raw: bytes, at: int, limit: int | None = None) -> int:
    found = pattern.match(raw, at) if limit is None else pattern.match(raw, at, limit)
    return at if found is None else found.end()
