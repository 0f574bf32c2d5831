"""Thought signatures: giving them out, and the checks Gemini 3 makes of a history of function calls."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from itertools import pairwise

from emulator.wire.errors import refuse
from emulator.wire.fields import decoded_bytes
from emulator.wire.replies import Json

# Accepted in place of a signature, for history that came from elsewhere (Google's thought-signatures FAQ).
SENTINELS = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")

# Not a secret: it tells the emulator's own signatures from foreign or damaged ones, also after a restart.
_KEY = b"emulator signature"
_MARK = b"\x12\xfb\xff\xbe"
_NONCE_BYTES = 12


def sign(what: str, binding: str | None = None) -> str:
    """A signature for `what`, the same each time; `binding` ties it to a project."""
    nonce = hashlib.sha256(what.encode()).digest()[:_NONCE_BYTES]
    return base64.b64encode(_MARK + nonce + _proof(nonce, binding or "")).decode()


def check_history(contents: Sequence[Json], *, demanded: bool, binding: str | None = None) -> None:
    """Refuses wrong signatures, calls with some of their answers and, if `demanded`, calls without a signature.

    1. Unless `binding` is None, every signature must be one of ours, or a sentinel; foreign ones are taken otherwise.
    2. A content with function calls is followed by as many function responses, or by none.
    3. In the current turn, since the last text of the user, the first call of every step must be signed.
    """
    for part in _parts(contents):
        signature = part.get("thoughtSignature")
        if signature and binding is not None and not _is_good(signature, binding):
            raise refuse(400, "Corrupted thought signature.")
    _check_pairs(contents)
    if demanded:
        _check_signed(contents)


def _check_pairs(contents: Sequence[Json]) -> None:
    for content, following in pairwise(contents):
        calls = sum("functionCall" in part for part in content.get("parts", ()))
        responses = sum("functionResponse" in part for part in following.get("parts", ()))
        if calls and responses not in {0, calls}:
            raise refuse(
                400,
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn.",
            )


def _check_signed(contents: Sequence[Json]) -> None:
    start = 0
    for index, content in enumerate(contents):
        if content.get("role", "user") == "user" and any("text" in part for part in content.get("parts", ())):
            start = index
    for position, content in enumerate(contents[start:], start + 1):
        call = next((part for part in content.get("parts", ()) if "functionCall" in part), None)
        if call is not None and not call.get("thoughtSignature"):
            name = call["functionCall"].get("name", "")
            raise refuse(
                400,
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to work"
                " correctly, and missing thought_signature may lead to degraded model performance. Additional data, "
                f"function call `default_api:{name}` , position {position}. Please refer to "
                "https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
            )


def _is_good(signature: str, binding: str) -> bool:
    if signature in SENTINELS:
        return True
    try:
        raw = decoded_bytes(signature)
    except (binascii.Error, ValueError):
        return False
    if raw in {sentinel.encode() for sentinel in SENTINELS}:
        return True
    body = raw.removeprefix(_MARK)
    nonce, proof = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    return raw.startswith(_MARK) and hmac.compare_digest(proof, _proof(nonce, binding))


def _proof(nonce: bytes, binding: str) -> bytes:
    return hmac.digest(_KEY + binding.encode(), nonce, "sha256")


def _parts(contents: Sequence[Json]) -> Iterator[Json]:
    for content in contents:
        yield from content.get("parts", ())
