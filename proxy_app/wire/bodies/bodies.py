"""A client's JSON body, read as far as a gateway has to: its top-level fields, each value in the bytes it came in.

Everything inside a value passes through byte for byte: both spellings of every field, any base64, unknown fields. There
are two exceptions: what only Google's own reader takes for JSON is written anew, and members that are the string
`[undefined]` are left out.
"""

import codecs
import re
from collections.abc import Generator, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies import large_bodies, lenient_json, undefined
from proxy_app.wire.bodies.large_bodies import LARGE_BYTES, MOST_FIELDS, TOO_MANY_FIELDS, VERY_LARGE_BYTES
from proxy_app.wire.malformed import Malformed

Body = dict[str, Raw]

# The UTF-8 of a 100 MB body is checked in pieces, so that no second 100 MB (or 400 MB, as text) is needed, and other
# calls have turns in between.
_PIECE = 1 << 20
_PIECES_A_TURN = 4

# Up to this size a body has some thousands of fields at most, which are counted once decoded; above, while decoding.
_COUNTED_BYTES = 64 * 1024

# Fields that the gateway reads itself: one of more than VERY_LARGE_BYTES is refused, as reading it would block others.
_READ_HERE = (
    *("systemInstruction", "system_instruction", "generationConfig", "generation_config"),
    *("tools", "cachedContent", "cached_content"),
)

_NULL: Final = Raw(b"null")

_decode_fields = msgspec.json.Decoder(Body).decode
_encode = msgspec.json.Encoder().encode

_ROOT = 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
_TOO_DEEP = "Invalid JSON payload received. Message too deep."
_TOO_DENSE = (
    f"Invalid JSON payload received. Beyond {VERY_LARGE_BYTES >> 20} MB a request has to be JSON that is mainly inline "
    "data: long strings, no long white space."
)
_NOT_UTF8 = "Invalid JSON payload received. Encountered non UTF-8 code points."

# Part of msgspec's message, and Google's message for the same error.
_IN_GOOGLES_WORDS = (
    ("truncated", "Unexpected end of string."),
    ("trailing characters", "Parsing terminated before end of input."),
    ("keys must be strings", "Expected an object key or }."),
    ("expected ':'", "Expected : between key:value pair."),
    ("expected ',' or '}'", "Expected , or } after key:value pair."),
    ("expected ',' or ']'", "Expected , or ] after array value."),
    ("trailing comma in object", "Expected an object key or }."),
    ("trailing comma in array", "Expected a value or ] within an array."),
    ("escape", "Illegal escape sequence."),
    ("", "Unexpected token."),
)
_POSITION = re.compile(r"\(byte (\d+)\)")


def read_body(raw: bytes, wrappers: Sequence[str] = (), *, keeps_model: bool = False) -> Body:
    """`reading` without turns for others."""
    steps = reading(raw, wrappers, keeps_model=keeps_model)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            body: Body = end.value
            return body


def reading(raw: bytes, wrappers: Sequence[str] = (), *, keeps_model: bool = False) -> Generator[None, None, Body]:
    """The top-level fields of a request's body; an empty body has none. Yields where others may have a turn, which is
    nowhere in a body of ordinary size and form. Raises Malformed.

    1. What is not strict JSON is read once more as Google reads it, unless it is large.
    2. Members that are `[undefined]` are left out; so are fields that are null: to Google they are absent.
    3. `model` is left out unless `keeps_model`, which is for what has no model in its path: where the path names the
       model, dialects fill the field if upstream needs it.
    4. Where the request may stand in one of the fields `wrappers` (countTokens), its fields are lifted to the top: the
       two forms a client may send become one.
    """
    if not raw or (len(raw) <= LARGE_BYTES and raw.isspace()):
        return {}
    raw, body = yield from _strict(raw)
    large = len(raw) > LARGE_BYTES
    if undefined.mentioned(raw):
        raw, body = yield from _strict((yield from undefined.removing(raw)))
    if not raw.isascii():
        yield from _checking_utf8(raw)
    if large:
        yield
    if wrappers:
        body = yield from _flattened(body, wrappers)
    for name in _READ_HERE:
        if name in body and len(memoryview(body[name])) > VERY_LARGE_BYTES:
            raise Malformed(f"* GenerateContentRequest.{name}: it is larger than {VERY_LARGE_BYTES >> 20} MB.")
    left_out = None if keeps_model else "model"
    return {name: value for name, value in body.items() if value != _NULL and name != left_out}


def pieces(fields: Body) -> list[bytes | Raw]:
    """The pieces of a JSON object, its values untouched."""
    written: list[bytes | Raw] = [b"{"]
    for name, value in fields.items():
        written += (_encode(name), b":", value, b",")
    if len(written) > 1:
        written.pop()
    written.append(b"}")
    return written


def _strict(raw: bytes) -> Generator[None, None, tuple[bytes, Body]]:
    """`raw` as strict JSON, and its fields: itself, or written anew."""
    try:
        return raw, (yield from _fields(raw))
    except msgspec.ValidationError:
        raise Malformed(_ROOT) from None
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise Malformed(_NOT_UTF8) from None
    except msgspec.DecodeError as error:
        if len(raw) > LARGE_BYTES:
            raise Malformed(_in_googles_words(str(error))) from None
    yield from _checking_utf8(raw)
    return (yield from _strict((yield from lenient_json.rewriting(raw))))


def _fields(raw: bytes) -> Generator[None, None, Body]:
    """Raises Malformed, msgspec.DecodeError, UnicodeDecodeError, RecursionError."""
    if len(raw) <= _COUNTED_BYTES:
        fields = _decode_fields(raw)
        if len(fields) > MOST_FIELDS:
            raise Malformed(TOO_MANY_FIELDS)
        return fields
    if len(raw) > LARGE_BYTES:
        yield
        found = yield from large_bodies.reading(raw)
        if found is not None:
            yield
            return found
    if len(raw) > VERY_LARGE_BYTES:
        raise Malformed(_TOO_DENSE)
    names = _Names()
    try:
        counted = msgspec.json.Decoder(dict[_Name, Raw], dec_hook=names.taken).decode(raw)
    except msgspec.ValidationError:
        if names.count > MOST_FIELDS:
            raise Malformed(TOO_MANY_FIELDS) from None
        raise
    return {str(name): value for name, value in counted.items()}


class _Name(str):
    """A field's name, of a type for which the decoder calls a hook: that is the only way to stop it half-way."""

    __slots__ = ()


class _Names:
    """Counts the fields of one body while they are read."""

    def __init__(self) -> None:
        self.count = 0

    def taken(self, kind: type[Any], name: Any) -> Any:
        self.count += 1
        if self.count > MOST_FIELDS:
            raise ValueError("too many fields")
        return kind(name)


def _checking_utf8(raw: bytes) -> Generator[None, None, None]:
    """Raises Malformed for what is not UTF-8, which the JSON decoder does not check inside strings."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(raw)
    try:
        for number, start in enumerate(range(0, len(raw), _PIECE), 1):
            decoder.decode(view[start : start + _PIECE])
            if number % _PIECES_A_TURN == 0:
                yield
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Malformed(_NOT_UTF8) from None


def _flattened(body: Body, wrappers: Sequence[str]) -> Generator[None, None, Body]:
    for spelling in wrappers:
        inner = body.pop(spelling, _NULL)
        if inner != _NULL:
            _, fields = yield from _strict(bytes(inner))
            body = body | fields
    return body


def _in_googles_words(error: str) -> str:
    words = next(words for sign, words in _IN_GOOGLES_WORDS if sign in error)
    position = _POSITION.search(error)
    where = f" (at byte {position[1]})" if position else ""
    return f"Invalid JSON payload received. {words}{where}"
