"""Lists of resources in upstream's answers, and as clients get them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from proxy_app.wire.operations.columns import Operation

_decode = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode

TOKEN = "nextPageToken"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Page:
    """The resources in one answer, by name, each in upstream's bytes; `token` leads to the next page, "" at the end."""

    items: dict[str, bytes] = field(default_factory=dict)
    token: str = ""


class _Named(msgspec.Struct):
    name: str = ""


_decode_name = msgspec.json.Decoder(_Named).decode


def page_in(operation: Operation, answer: bytes) -> Page:
    """The page in an answer to a list; an empty one where it cannot be read."""
    try:
        fields = _decode(answer)
        items = _decode_items(fields.get(operation.listed_as, Raw(b"[]")))
        named = {_decode_name(item).name: bytes(item) for item in items}
        return Page(named, _decode_text(fields.get(TOKEN, Raw(b'""'))))
    except _UNREADABLE:
        return Page()


def told(operation: Operation, items: Iterable[bytes], token: str = "") -> bytes:
    """The answer to a list. Neither an empty list nor an empty token is told: some clients would ask for ever."""
    shown = [Raw(item) for item in items]
    answer: dict[str, object] = {operation.listed_as: shown} if shown else {}
    return _encode({**answer, TOKEN: token} if token else answer)


def only(answer: bytes, kept: Iterable[str]) -> bytes:
    """A list without the resources whose names are not among `kept`; what cannot be read is an empty one."""
    names = set(kept)
    try:
        fields = dict(_decode(answer))
        for name, value in _lists(fields):
            left = [item for item in value if _decode_name(item).name in names]
            fields[name] = Raw(_encode(left))
            if not left:
                del fields[name]
        return _encode(fields)
    except _UNREADABLE:
        return b"{}"


def names_in(answer: bytes) -> list[str]:
    """The names of the resources in a list; none where it cannot be read."""
    try:
        return [_decode_name(item).name for _, value in _lists(_decode(answer)) for item in value]
    except _UNREADABLE:
        return []


def _lists(fields: dict[str, Raw]) -> list[tuple[str, list[Raw]]]:
    return [(name, _decode_items(value)) for name, value in fields.items() if bytes(memoryview(value)[:1]) == b"["]
