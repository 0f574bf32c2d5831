"""The page tokens of lists that the gateway makes: a position in the list, signed for whoever got it.

A token is the base64 of two numbers of 64 bits (microseconds since the epoch, row id) and half an HMAC-SHA256 over them
and `scope`: what is listed, and for whom. One of another scope cannot be told from one that is broken.
"""

import base64
import binascii
import hmac
from hashlib import sha256
from struct import Struct

Position = tuple[int, int]

_NUMBERS = Struct(">qq")
_SIGNATURE_BYTES = 16


def written(position: Position, scope: str, key: bytes) -> str:
    numbers = _NUMBERS.pack(*position)
    return base64.urlsafe_b64encode(numbers + _signature(numbers, scope, key)).decode().rstrip("=")


def read(token: str, scope: str, key: bytes) -> Position | None:
    """The position in a token; None for one that is none of this scope's."""
    try:
        raw = base64.urlsafe_b64decode(token + "==")
    except (ValueError, binascii.Error):
        return None
    numbers, signature = raw[: _NUMBERS.size], raw[_NUMBERS.size :]
    if not hmac.compare_digest(signature, _signature(numbers, scope, key)) or len(numbers) < _NUMBERS.size:
        return None
    created, row = _NUMBERS.unpack(numbers)
    return created, row


def _signature(numbers: bytes, scope: str, key: bytes) -> bytes:
    return hmac.digest(key, numbers + scope.encode(errors="replace"), sha256)[:_SIGNATURE_BYTES]
