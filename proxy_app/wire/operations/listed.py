"""Lists of resources in upstream's answers, and as clients get them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from proxy_app.wire.operations.columns import Family, Operation

_decode = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Form:
    """How a family writes lists: the parameters of a page's size and token, and the field for the next one's."""

    size: str
    token: str
    following: str


_FORMS = {Family.INTERACTIONS: Form("page_size", "page_token", "next_page_token")}
_FORM = Form("pageSize", "pageToken", "nextPageToken")


@dataclass(frozen=True, slots=True)
class Page:
    """The resources in one answer, by name, each in upstream's bytes; `token` leads to the next page, "" at the end."""

    items: dict[str, bytes] = field(default_factory=dict)
    token: str = ""


class _Named(msgspec.Struct):
    name: str = ""


class _WithId(msgspec.Struct):
    id: str = ""


_decode_name = msgspec.json.Decoder(_Named).decode
_decode_id = msgspec.json.Decoder(_WithId).decode


def form(operation: Operation) -> Form:
    return _FORMS.get(operation.family, _FORM)


def bare(operation: Operation, name: str) -> bytes:
    """The resource `name` as a list shows it, as long as nothing else is known of it."""
    return _encode({"id": name.partition("/")[2]} if operation.family is Family.INTERACTIONS else {"name": name})


def page_in(operation: Operation, answer: bytes) -> Page:
    """The page in an answer to a list; an empty one where it cannot be read."""
    try:
        fields = _decode(answer)
        items = _decode_items(fields.get(operation.listed_as, Raw(b"[]")))
        named = {_name(operation, item): bytes(item) for item in items}
        return Page(named, _decode_text(fields.get(form(operation).following, Raw(b'""'))))
    except _UNREADABLE:
        return Page()


def told(operation: Operation, items: Iterable[bytes], token: str = "") -> bytes:
    """The answer to a list. Neither an empty list nor an empty token is told: some clients would ask for ever."""
    shown = [Raw(item) for item in items]
    answer: dict[str, object] = {operation.listed_as: shown} if shown else {}
    return _encode({**answer, form(operation).following: token} if token else answer)


def only(operation: Operation, answer: bytes, kept: Iterable[str]) -> bytes:
    """A list without the resources whose names are not among `kept`; what cannot be read is an empty one."""
    names = set(kept)
    try:
        fields = dict(_decode(answer))
        for name, value in _lists(fields):
            left = [item for item in value if _name(operation, item) in names]
            fields[name] = Raw(_encode(left))
            if not left:
                del fields[name]
        return _encode(fields)
    except _UNREADABLE:
        return b"{}"


def names_in(operation: Operation, answer: bytes) -> list[str]:
    """The names of the resources in a list; none where it cannot be read."""
    try:
        return [_name(operation, item) for _, value in _lists(_decode(answer)) for item in value]
    except _UNREADABLE:
        return []


def _name(operation: Operation, item: Raw) -> str:
    if operation.family is Family.INTERACTIONS:
        return f"{operation.lists}/{_decode_id(item).id}"
    return _decode_name(item).name


def _lists(fields: dict[str, Raw]) -> list[tuple[str, list[Raw]]]:
    return [(name, _decode_items(value)) for name, value in fields.items() if bytes(memoryview(value)[:1]) == b"["]
