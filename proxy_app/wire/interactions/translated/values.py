"""Reading values of a request, and what is not translated: both name the field as the interactions API does."""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.large_bodies import VERY_LARGE_BYTES
from proxy_app.wire.malformed import Malformed

T = TypeVar("T")

_NEEDS = (
    "{what} needs an account of the public API (AI Studio key), and this gateway has none that may be used here. "
    "Its operator can add one in the admin under Accounts."
)
_TOO_LARGE = f"'{{field}}' is larger than {VERY_LARGE_BYTES >> 20} MB."
_NOT_JSON = "Invalid JSON payload received."

# msgspec's message: "Expected `str`, got `int` - at `$[0].type`"
_WRONG = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
_QUOTED = 64  # characters of a client's word in a message


class NeedsPublicApi(ValueError):
    """A request that only the public API can answer. `str()` is the sentence for the client."""

    def __init__(self, what: str) -> None:
        super().__init__(_NEEDS.format(what=what))


def required(field: str) -> Malformed:
    return Malformed(f"'{field}' is required.")


def wrong(field: str, what: str) -> Malformed:
    return Malformed(f"Invalid value at '{field}': {what}.")


def quoted(word: str) -> str:
    """A client's own word, as it may stand in a message."""
    return f"`{word[:_QUOTED]}`"


def read(decode: Any, value: Raw, field: str) -> Any:
    """What `decode`, a method of a decoder, makes of the value of `field`. Raises Malformed, which names the place."""
    if len(memoryview(value)) > VERY_LARGE_BYTES:  # reading it would block others
        raise Malformed(_TOO_LARGE.format(field=field))
    try:
        return decode(value)
    except msgspec.ValidationError as error:
        found = _WRONG.fullmatch(str(error))
        assert found is not None
        raise wrong(f"{field}{found['path'] or ''}", found["what"]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed(_NOT_JSON) from None


def string(value: Raw, field: str) -> Raw:
    """The value, which has to be a string. Raises Malformed."""
    match bytes(memoryview(value)[:1]):
        case b'"':
            return value
        case b"" | b"n":
            raise required(field)
    raise wrong(field, "Expected `str`")


def is_given(value: Raw) -> bool:
    """Whether a field is there and neither null nor an empty string."""
    return bytes(memoryview(value)[:5]) not in (b"", b"null", b'""')
