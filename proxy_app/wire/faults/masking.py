"""Masks secrets in what upstream writes: API keys and tokens must not reach clients, logs or the console."""

from accounts_app.pool.secret_shapes import SIGNS
from accounts_app.pool.secret_shapes import masked as _masked

_SIGNS = [sign.encode() for sign in SIGNS]


def masked(text: str, *secrets: str) -> str:
    """`text` with *** for all that looks like a secret, and for `secrets` whatever they look like."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return _masked(text)


def masked_bytes(text: bytes, *secrets: str) -> bytes:
    """The same for UTF-8 of any size; the very bytes where there is nothing to mask."""
    lower = text.lower()
    if not any(sign in lower for sign in _SIGNS) and not any(secret and secret.encode() in text for secret in secrets):
        return text
    return masked(text.decode(errors="surrogateescape"), *secrets).encode(errors="surrogateescape")
