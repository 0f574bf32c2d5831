"""The models that a body names beside the path, and the texts that an embedding's body holds."""

from collections.abc import Callable, Iterable, Mapping

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body, pieces
from proxy_app.wire.bodies.field_search import camel
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import BadName

# Where a model is named: by fields in camelCase, `[]` being every element of a list, None the name itself.
_Tree = Mapping[str, "_Tree | None"]
_NAMED: _Tree = {"model": None}
_TREE: _Tree = {
    "model": None,
    "requests": {"[]": _NAMED},
    "generateContentRequest": _NAMED,
    "setup": _NAMED,
    "bidiGenerateContentSetup": _NAMED,
    "batch": {"model": None, "inputConfig": {"requests": {"requests": {"[]": {"request": _NAMED}}}}},
}

# What holds the texts of a request for embeddings: Google's, its older API's, OpenAI's.
_TEXTS = ("requests", "texts", "input")

# Where a batch's requests stand: in the field of this name, itself or in a batch.
_OPENAIS_INPUT = "inputFileId"
_INPUT, _BATCHES = "inputConfig", ("batch", "generateContentBatch", "embedContentBatch")

_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode


def with_model(body: Body, asked: str, routed: str) -> Body:
    """`body` with the model `routed` wherever it names `asked`: Google wants it to be the path's.

    Both are models as allow-lists know them. Other models that are named stay, for upstream to refuse.
    """

    def renamed(text: str) -> str:
        try:
            same = resource_names.model(text).model == asked
        except BadName:
            return text
        if not same:
            return text
        return str(resource_names.model(routed)) if "/" in text else routed

    return {name: _renamed(value, _TREE.get(camel(name), {}), renamed) for name, value in body.items()}


def texts_in(body: Body) -> int:
    """How many texts are embedded, at least one: quotas and limits count each of them. Raises Malformed."""
    try:
        for name in _TEXTS:
            if name in body and bytes(memoryview(body[name])[:1]) == b"[":
                return max(1, len(_decode_items(body[name])))
    except (msgspec.DecodeError, UnicodeDecodeError):  # of a large body not all has been read
        raise Malformed("Invalid JSON payload received.") from None
    return 1


def has_requests_in_a_file(body: Body) -> bool:
    """Whether a batch's requests, and with them their models, stand in a file. Raises Malformed."""
    try:
        inputs = [value for name, value in body.items() if camel(name) == _INPUT]
        for name, value in body.items():
            if camel(name) in _BATCHES:
                inputs += [inner for field, inner in _fields_of(value) if camel(field) == _INPUT]
        if any(camel(name) == _OPENAIS_INPUT for name in body):
            return True
        return any(camel(name) == "fileName" for each in inputs for name, _ in _fields_of(each))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("Invalid JSON payload received.") from None


def _fields_of(value: Raw) -> Iterable[tuple[str, Raw]]:
    """The fields of an object, none of anything else. Raises msgspec.DecodeError."""
    return _decode_fields(value).items() if bytes(memoryview(value)[:1]) == b"{" else ()


def _renamed(value: Raw, tree: _Tree | None, rename: Callable[[str], str]) -> Raw:
    """`value` with the models in it renamed; itself where there is none."""
    if tree is None:
        name = _decode(value)
        return Raw(_encode(rename(name))) if isinstance(name, str) else value
    opening = bytes(memoryview(value)[:1])
    if opening == b"[" and "[]" in tree:
        items = _decode_items(value)
        new = [_renamed(each, tree["[]"], rename) for each in items]
        return value if new == items else Raw(b"[" + b",".join(map(bytes, new)) + b"]")
    if opening != b"{" or not tree:
        return value
    fields = _decode_fields(value)
    changed = {name: _renamed(inner, tree.get(camel(name), {}), rename) for name, inner in fields.items()}
    return value if changed == fields else Raw(b"".join(map(bytes, pieces(changed))))
