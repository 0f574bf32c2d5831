"""What the body of a request decides."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.dialects.system_instruction import makes_images
from proxy_app.wire.interactions.translated.to_generate import request
from proxy_app.wire.interactions.translated.values import NeedsPublicApi
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.operations import Operation
from proxy_app.wire.operations.rows.interactions import (
    CREATE,
    CREATE_IN_BACKGROUND,
    CREATE_STATELESS,
    CREATE_UNSTORED,
    CREATES,
)

_INSTRUCTION = "system_instruction"
_TRUE: Final = Raw(b"true")
_FALSE: Final = Raw(b"false")

# Texts of a body that are no secrets; what is shorter is left as it is.
_PLAIN = frozenset({"id", "type", "name", "mode", "subscribed_events", "injection_location", "revocation_behavior"})
SHORTEST_SECRET = 6

_decode = msgspec.json.Decoder().decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def with_instruction(body: Body, instruction: str, model: str) -> Body:
    """`body` with the operator's instruction before its own, as `system_instruction.with_prefix` has it of models."""
    if not instruction or makes_images(model) or "cached_content" in body:
        return body
    own = body.get(_INSTRUCTION)
    try:
        text = instruction if own is None else f"{instruction}\n\n{_decode_text(own)}"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body  # upstream refuses what is no text
    return {**body, _INSTRUCTION: Raw(_encode(text))}


def secrets_in(operation: Operation, body: Body) -> tuple[str, ...]:
    """The texts of a body that nobody else may read; none of most operations."""
    if not operation.secret:
        return ()
    try:
        return tuple(text for name, value in body.items() for text in _texts(name, _decode(value)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def _texts(name: str, value: Any) -> Iterator[str]:
    if name in _PLAIN:
        return
    if isinstance(value, str):
        if len(value) >= SHORTEST_SECRET:
            yield value
    elif isinstance(value, dict):
        for field, inner in value.items():
            yield from _texts(field, inner)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(name, each)


def meant(operation: Operation, body: Body) -> Operation:
    """What a call of `operation` with `body` is: interactions may go on without their client, or be kept nowhere, and
    some of those that are not kept can be translated.
    """
    if operation is not CREATE:
        return operation
    if body.get("background") == _TRUE:
        return CREATE_IN_BACKGROUND
    if body.get("store") != _FALSE:
        return CREATE
    return CREATE_STATELESS if request.refusal(body) is None else CREATE_UNSTORED


def why_untranslated(operation: Operation, body: Body) -> Malformed | NeedsPublicApi | None:
    """Why only an account with the interactions API can answer; None for other calls than these."""
    return request.refusal(body) if operation in CREATES and operation is not CREATE_STATELESS else None
