"""A client's JSON body, read as far as a gateway has to: its top-level fields, each value in the bytes it came in.

Everything inside a value passes through byte for byte: both spellings of every field, any base64, fields nobody here
has heard of. The one exception is the string `[undefined]`, which some JavaScript clients leave where a value was
missing.
"""

import codecs
import re
from typing import Final

import msgspec
from msgspec import Raw

from proxy_app.wire import large_bodies
from proxy_app.wire.large_bodies import LARGE_BYTES
from proxy_app.wire.mistakes import Malformed

Body = dict[str, Raw]

# The UTF-8 of a 100 MB body is checked in pieces, so that no second 100 MB (or 400 MB, as text) is needed.
_PIECE = 1 << 20

# `[undefined]` is looked for this many levels deep: six reach every field of the API, the rest is for functions'
# arguments and schemas. A bound because each level reads its part of the body once more.
_UNDEFINED_DEPTH = 32

# Brackets looked at one by one before a body is searched as a whole: one with more of them is not mainly an image.
_BRACKETS = 100

_NULL: Final = Raw(b"null")
_UNDEFINED: Final = b'"[undefined]"'

_decode_fields = msgspec.json.Decoder(Body).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode

_ROOT = 'Invalid JSON payload received. Unknown name "": Root element must be a message.'
_TOO_DEEP = "Invalid JSON payload received. Message too deep."
_NOT_UTF8 = "Invalid JSON payload received. Encountered non UTF-8 code points."

# msgspec's words for what is wrong, and Google's for the same.
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


def read_body(raw: bytes, *, counting: bool = False) -> Body:
    """The top-level fields of a request's body; an empty body has none. Raises Malformed.

    1. Fields that are null or `[undefined]` are left out: to Google they are absent.
    2. `model` is left out: the path names the model, and the field is the gateway's to fill.
    3. With `counting` (countTokens), the fields of `generateContentRequest` are lifted to the top: the two forms a
       client may send become one.
    """
    if not raw or raw.isspace():
        return {}
    undefined = _mentions_undefined(raw)
    # What is written anew must have been read whole.
    body = (None if undefined or len(raw) <= LARGE_BYTES else large_bodies.fields(raw)) or _fields(raw)
    if not raw.isascii():
        _check_utf8(raw)
    if counting:
        body = _flattened(body)
    if undefined:
        body = {name: _without_undefined(value, 0) for name, value in body.items() if bytes(value) != _UNDEFINED}
    return {name: value for name, value in body.items() if value != _NULL and name != "model"}


def pieces(fields: Body) -> list[bytes | Raw]:
    """The pieces of a JSON object, its values untouched."""
    written: list[bytes | Raw] = [b"{"]
    for name, value in fields.items():
        written += (_encode(name), b":", value, b",")
    if len(written) > 1:
        written.pop()
    written.append(b"}")
    return written


def _fields(raw: bytes | Raw) -> Body:
    try:
        return _decode_fields(raw)
    except msgspec.ValidationError:
        raise Malformed(_ROOT) from None
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise Malformed(_NOT_UTF8) from None
    except msgspec.DecodeError as error:
        raise Malformed(_in_googles_words(str(error))) from None


def _check_utf8(raw: bytes) -> None:
    """The JSON decoder leaves bytes inside strings alone; an upstream would refuse them with a message about us."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(raw)
    try:
        for start in range(0, len(raw), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Malformed(_NOT_UTF8) from None


def _flattened(body: Body) -> Body:
    for spelling in ("generateContentRequest", "generate_content_request"):
        inner = body.pop(spelling, _NULL)
        if inner != _NULL:
            body = body | _fields(inner)
    return body


def _mentions_undefined(raw: bytes) -> bool:
    """`_UNDEFINED in raw`, from one bracket to the next: base64 has none, so 100 MB of it cost 10 ms and not 70."""
    at = raw.find(b"[")
    for _ in range(_BRACKETS):
        if at < 0 or raw.startswith(_UNDEFINED, at - 1):
            return at >= 0
        at = raw.find(b"[", at + 1)
    return raw.find(_UNDEFINED, at - 1) >= 0


def _without_undefined(value: Raw, depth: int) -> Raw:
    """`value` without the members that are `[undefined]`; the very same bytes where there are none."""
    text = bytes(value)
    if depth == _UNDEFINED_DEPTH or _UNDEFINED not in text:
        return value
    match text[:1]:
        case b"{":
            members = _decode_fields(text)
            kept = {
                name: _without_undefined(member, depth + 1)
                for name, member in members.items()
                if bytes(member) != _UNDEFINED
            }
            return Raw(_encode(kept))
        case b"[":
            # Items stay even if undefined: their places may mean something, and upstream names the place it refuses.
            return Raw(_encode([_without_undefined(item, depth + 1) for item in _decode_items(text)]))
    return value


def _in_googles_words(error: str) -> str:
    words = next(words for sign, words in _IN_GOOGLES_WORDS if sign in error)
    position = _POSITION.search(error)
    where = f" (at byte {position[1]})" if position else ""
    return f"Invalid JSON payload received. {words}{where}"
