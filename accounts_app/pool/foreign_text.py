"""Text that others wrote (upstream, a client, a file), made fit for columns, logs and pages, once, where it comes in.

PostgreSQL takes no NUL in a text, no encoding takes half a surrogate pair, and a terminal obeys control characters.
"""

import re
from typing import Any

import msgspec

# Line ends and tabs are text; of C0, DEL and C1 nothing else is.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_ODD = "\N{REPLACEMENT CHARACTER}"

# What is nested deeper is nobody's answer: Google's go down to a dozen levels.
MOST_LEVELS = 64


class NotJson(ValueError):
    """Bytes that are no JSON value. Never quotes them."""


def decoded(raw: bytes) -> Any:
    """The JSON value in `raw` with its texts as they are. Raises NotJson for whatever else it may be."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotJson("no JSON that can be read") from None


def cleaned(text: str, longest: int | None = None) -> str:
    """`text` without control characters, with U+FFFD for halves of surrogate pairs, at most `longest` characters."""
    if longest is not None and len(text) > longest:
        # What is left out shortens it further; a text is cut where it is far too long, not to fit to the letter.
        text = text[:longest]
    if text.isprintable():
        return text
    return _HALF_A_PAIR.sub(_ODD, _CONTROL.sub("", text))


def cleaned_json(value: Any, levels: int = MOST_LEVELS) -> Any:
    """The same for every text in a decoded JSON value, names included; what is no text stays as it is.

    None stands for what is nested deeper than `levels`.
    """
    match value:
        case str():
            return cleaned(value)
        case list() | dict() if not levels:
            return None
        case list():
            return [cleaned_json(each, levels - 1) for each in value]
        case dict():
            return {cleaned(name): cleaned_json(each, levels - 1) for name, each in value.items()}
    return value
