"""What the body of a request of the OpenAI layer decides, and how it goes to that layer."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects.system_instruction import makes_images
from proxy_app.wire.operations.rows.openai import CHAT

_STREAM_OPTIONS: Final = "stream_options"
_INCLUDE_USAGE: Final = "include_usage"
_MOST_CHOICES = 128

_decode_number = msgspec.json.Decoder(int).decode
_decode_options = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def choices_wanted(body: Body) -> int:
    """How many choices a request asks for: `n`, 1 where that is missing or invalid."""
    try:
        wanted = _decode_number(body["n"]) if "n" in body else 1
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 1
    return wanted if 1 <= wanted <= _MOST_CHOICES else 1


def tells_usage(body: Body) -> bool:
    """Whether the client wants a stream to tell what was used."""
    return _options(body).get(_INCLUDE_USAGE) is True


def upstream_body(call: Call, model: str, instruction: str) -> Body:
    """The body for the layer itself: with the model `model` if it is not the one that the client has named, with the
    operator's instruction, and so that a stream tells what was used.
    """
    body = call.body if model == call.model else {**call.body, "model": Raw(_encode(model))}
    if call.operation is not CHAT:
        return body
    if instruction and not makes_images(model):
        body = _with_instruction(body, instruction)
    if call.form is StreamForm.CHUNKS and not tells_usage(body):
        body = {**body, _STREAM_OPTIONS: Raw(_encode({**_options(body), _INCLUDE_USAGE: True}))}
    return body


def _options(body: Body) -> Mapping[str, Any]:
    """Options that cannot be read are none: a stream goes on without them."""
    try:
        return _decode_options(body[_STREAM_OPTIONS]) if _STREAM_OPTIONS in body else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _with_instruction(body: Body, instruction: str) -> Body:
    """`body` with the operator's instruction as its first message; upstream refuses messages that are no list."""
    messages = bytes(body.get("messages", Raw(b"[]"))).strip()
    if messages[:1] != b"[":
        return body
    first = _encode({"role": "system", "content": instruction})
    others = messages[1:].lstrip()
    separator = b"" if others[:1] == b"]" else b","
    return {**body, "messages": Raw(b"[" + first + separator + others)}
