"""Text from outside (upstream, a client, a file), made fit for columns, logs and pages, once, where it comes in.

PostgreSQL takes no NUL in a text, UTF-8 has no half surrogate pairs, and a terminal obeys control characters.
"""

import re
from typing import Any

import msgspec

# All of C0, DEL and C1 but line ends and tabs.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")
_ODD = "\N{REPLACEMENT CHARACTER}"

# Levels of nesting that are kept; Google's answers have a dozen.
MOST_LEVELS = 64


class NotJson(ValueError):
    """Bytes that are no JSON value. Its message never quotes them."""


def decoded(raw: bytes) -> Any:
    """The JSON value in `raw`, its texts not yet cleaned. Raises NotJson."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotJson("no JSON that can be read") from None


def cleaned(text: str, longest: int | None = None) -> str:
    """`text` without control characters, with U+FFFD for halves of surrogate pairs, at most `longest` characters."""
    if longest is not None and len(text) > longest:
        # Cut first: cleaning a very long text would be slow. It may become shorter than `longest` by that.
        text = text[:longest]
    if text.isprintable():
        return text
    return _HALF_A_PAIR.sub(_ODD, _CONTROL.sub("", text))


def cleaned_json(value: Any, levels: int = MOST_LEVELS) -> Any:
    """A decoded JSON value with every text cleaned, names included; None for what is nested deeper than `levels`."""
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
