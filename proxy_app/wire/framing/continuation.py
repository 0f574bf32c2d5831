"""Tokens by which an answer is continued in a later call, wherever they stand in an answer."""

import re

import msgspec

MARK = b"ontinuation"  # in every frame that has one; a search for it is all that other frames cost

_FIELD = re.compile(rb'"continuation(?:Token|_token)"\s*:\s*("(?:[^"\\]|\\.)*")')

_decode = msgspec.json.Decoder(str).decode


def tokens_in(frame: bytes) -> list[str]:
    """The tokens in one frame of an answer; a text that quotes the field has none."""
    if MARK not in frame:
        return []
    tokens: dict[str, None] = {}
    for written in _FIELD.findall(frame):
        try:
            tokens[_decode(written)] = None
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return [token for token in tokens if token]
