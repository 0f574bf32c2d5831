"""What a request of the OpenAI layer wants of its answer: how many choices, and whether a stream tells its counts."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from proxy_app.wire.bodies.bodies import Body

STREAM_OPTIONS: Final = "stream_options"
INCLUDE_USAGE: Final = "include_usage"
_MOST_CHOICES = 128

_decode_number = msgspec.json.Decoder(int).decode
_decode_options = msgspec.json.Decoder(dict[str, Any]).decode


def choices_wanted(body: Body) -> int:
    """How many choices a request asks for: `n`, 1 where that is missing or invalid."""
    try:
        wanted = _decode_number(body["n"]) if "n" in body else 1
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 1
    return max(1, wanted) if wanted <= _MOST_CHOICES else 1


def tells_usage(body: Body) -> bool:
    """Whether the client wants a stream to tell what was used."""
    return options_in(body).get(INCLUDE_USAGE) is True


def options_in(body: Body) -> Mapping[str, Any]:
    """Options of the stream; those that cannot be read are none: a stream goes on without them."""
    try:
        return _decode_options(body[STREAM_OPTIONS]) if STREAM_OPTIONS in body else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
