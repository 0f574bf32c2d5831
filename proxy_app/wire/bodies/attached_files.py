"""The files that a request names by their addresses: written with other addresses, or with their bytes in place of one.

    {"fileData": {"mimeType": "text/plain", "fileUri": "https://…/files/x"}}  ->
    {"inlineData": {"mimeType": "text/plain", "data": "aGVsbG8="}}

    {"type": "image", "mime_type": "image/png", "uri": "https://…/files/x"}  ->
    {"type": "image", "mime_type": "image/png", "data": "iVBORw0…"}

Values are first searched for the fields as bytes, and only the way to a field is written anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body, pieces
from proxy_app.wire.bodies.field_search import FREE, FieldSearch, camel

_SEARCH = FieldSearch({"fileUri": True, "uri": True, "fileName": True})
_MIME_TYPES = ("mimeType", "mime_type")

_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Inline:
    """A file's bytes in base64. `mime_type` counts where the client has given none."""

    mime_type: str
    data: bytes = field(repr=False)


By = Mapping[str, str | Inline]


def with_files(body: Body, by: By) -> Body:
    """`body` with each text of `by` that stands where a file is named replaced; itself where there is none.

    A text that is to become bytes does so in `fileData`, and in a content of an interaction. For bodies in which names
    were found before: they are JSON as deep as their fields.
    """
    if not by:
        return body
    return dict(_field(name, value, by) for name, value in body.items())


def size_of(body: Body) -> int:
    """Bytes that the body's values take."""
    return sum(len(memoryview(value)) for value in body.values())


def _field(name: str, value: Raw, by: By) -> tuple[str, Raw]:
    meaning = camel(name)
    if _SEARCH.meaning(name):
        text: Any = _decode(value)
        new = by.get(text) if isinstance(text, str) else None
        return name, Raw(_encode(new)) if isinstance(new, str) else value
    if meaning in FREE or not _SEARCH.finds_in(value):
        return name, value
    if meaning == "fileData" and (inline := _inlined(value, by)) is not None:
        return "inlineData", inline
    return name, _written(value, by)


def _written(value: Raw, by: By) -> Raw:
    """The value, with what it holds replaced."""
    opening = bytes(memoryview(value)[:1])
    if opening == b"[":
        items = [_written(each, by) if _SEARCH.finds_in(each) else each for each in _decode_items(value)]
        return Raw(b"[" + b",".join(items) + b"]")
    if opening == b"{":
        fields = _decode_fields(value)
        written = _with_bytes(fields, by) or dict(_field(name, each, by) for name, each in fields.items())
        return Raw(b"".join(pieces(written)))
    return value


def _with_bytes(fields: Body, by: By) -> Body | None:
    """A content of an interaction with its bytes; None for what is none, and where the address stays one."""
    if "type" not in fields or "uri" not in fields:
        return None
    uri: Any = _decode(fields["uri"])
    inline = by.get(uri) if isinstance(uri, str) else None
    if not isinstance(inline, Inline):
        return None
    others = {name: value for name, value in fields.items() if name != "uri"}
    return {"mime_type": Raw(_encode(inline.mime_type)), **others, "data": Raw(b'"%b"' % inline.data)}


def _inlined(value: Raw, by: By) -> Raw | None:
    """What `inlineData` holds in place of this `fileData`; None where the address stays one."""
    data: Any = _decode(value)
    if not isinstance(data, dict):
        return None
    uri = next((data[name] for name in data if camel(name) == "fileUri"), None)
    inline = by.get(uri) if isinstance(uri, str) else None
    if not isinstance(inline, Inline):
        return None
    given = next((data[name] for name in _MIME_TYPES if data.get(name)), None)
    return Raw(b'{"mimeType":%b,"data":"%b"}' % (_encode(given or inline.mime_type), inline.data))
