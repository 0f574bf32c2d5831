"""The operator's system instruction, put before the client's own."""

import msgspec
from msgspec import Raw

from proxy_app.wire.calls import Body

_SPELLINGS = ("systemInstruction", "system_instruction")
_CACHES = ("cachedContent", "cached_content")

_encode = msgspec.json.Encoder().encode
_decode_content = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_parts = msgspec.json.Decoder(list[Raw]).decode


def with_prefix(body: Body, prefix: str, model: str) -> Body:
    """`body` with `prefix` as the first part of its system instruction; every other field is the same object.

    The client's may be a Content with parts, a single part, a list of parts or a string. Anything else is left for
    upstream to refuse. Image models refuse system instructions ("Developer instruction is not enabled for this model"),
    so they get no prefix, and neither does a request with a cache, which has to hold the system instruction itself.
    """
    if not prefix or makes_images(model) or any(name in body for name in _CACHES):
        return body
    first = Raw(_encode({"text": prefix}))
    name = next((spelling for spelling in _SPELLINGS if spelling in body), _SPELLINGS[0])
    if name not in body:
        return {**body, name: Raw(_encode({"role": "user", "parts": [first]}))}
    try:
        content = _content(bytes(body[name]), first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    return {**body, name: Raw(_encode(content))}


def makes_images(model: str) -> bool:
    """Whether `model` answers with images, judged by its name."""
    return "image" in model


def _content(text: bytes, first: Raw) -> dict[str, Raw]:
    if text[:1] != b"{":
        return {"role": Raw(b'"user"'), "parts": _list(first, text)}
    content = _decode_content(text)
    if "parts" in content:
        return {**content, "parts": _list(first, bytes(content["parts"]))}
    if "text" in content:  # a part where a Content belongs
        return {"role": Raw(b'"user"'), "parts": _list(first, text)}
    return {**content, "parts": _list(first, b"[]")}


def _list(first: Raw, parts: bytes) -> Raw:
    """`first` and then `parts`: a JSON list, a single part, or a string."""
    match parts[:1]:
        case b"[":
            others = [_part(item) for item in _decode_parts(parts)]
        case b"{" | b'"':
            others = [_part(Raw(parts))]
        case _:
            others = []
    return Raw(_encode([first, *others]))


def _part(item: Raw) -> Raw:
    """A string where a part belongs is the text of one."""
    return Raw(_encode({"text": item})) if bytes(item)[:1] == b'"' else item
