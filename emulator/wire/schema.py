"""Valid instances of a schema: OpenAPI's as Gemini has it (`STRING`) and JSON Schema's (`string`, `$ref`)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

# A schema may contain itself; below this depth only what is required is filled in, and lists stay as short as they may.
_DEEP = 6
_DEEPEST = 40

_FORMATS = {
    "date-time": "2026-01-01T12:00:00Z",
    "date": "2026-01-01",
    "time": "12:00:00Z",
    "email": "alice@example.com",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uuid": "3f2b8c1e-5d4a-4b6f-9e7d-1a2b3c4d5e6f",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
    "duration": "PT1H",
}


# What a keyword's value must be to count; JSON Schemas are passed on unread, so anything may stand there.
_NUMBER, _LIST = (int, float), (list,)
_KEYWORDS: Mapping[str, tuple[type, ...]] = {
    "type": (str, list),
    "format": (str,),
    "enum": _LIST,
    "required": _LIST,
    "propertyOrdering": _LIST,
    "property_ordering": _LIST,
    "properties": (dict,),
    "items": (dict,),
    **dict.fromkeys(("anyOf", "any_of", "oneOf", "allOf", "prefixItems"), _LIST),
    **dict.fromkeys(("minItems", "min_items", "maxItems", "max_items"), (int, str)),
    **dict.fromkeys(("minLength", "min_length", "maxLength", "max_length"), (int, str)),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _NUMBER),
}
_MOST_ITEMS, _MOST_CHARACTERS = 1_000, 10_000


def readable(schema: Any) -> dict[str, Any]:
    """The schema without keywords whose values make no sense; {} for what is no schema."""
    if not isinstance(schema, dict):
        return {}
    return {key: value for key, value in schema.items() if _makes_sense(key, value)}


def _makes_sense(key: str, value: Any) -> bool:
    if (kinds := _KEYWORDS.get(key)) is None:
        return True
    if isinstance(value, bool) or not isinstance(value, kinds):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if isinstance(value, str) and int in kinds:
        return value.isdecimal() and len(value) < 10
    return key != "multipleOf" or (isinstance(value, int | float) and value > 0)


class InstanceWriter:
    """Writes instances of one schema document; `words` flavour its strings, the same words giving the same instance."""

    def __init__(self, schema: Any, words: Sequence[str]) -> None:
        self._root = schema if isinstance(schema, dict) else {}
        self._words = [word for word in words if word] or ["sample"]
        self._seed = hashlib.sha256(" ".join(self._words).encode()).digest()

    def write(self) -> Any:
        return self._value(self._root, "value", 0)

    def _value(self, schema: Any, name: str, depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._pick(schema["enum"], name)
        for union in ("anyOf", "any_of", "oneOf"):
            if options := schema.get(union):
                return self._value(self._plainest(options), name, depth)
        if schema.get("allOf"):
            return self._value(_merged([self._resolved(part) for part in schema["allOf"]]), name, depth)
        match _type_of(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return int(self._number(schema, whole=True))
            case "number":
                return self._number(schema, whole=False)
            case "boolean":
                return self._byte(name) % 2 == 0
            case "null":
                return None
            case _:
                return self._string(schema, name)

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties: Mapping[str, Any] = schema.get("properties") or {}
        required = schema.get("required") or []
        order = schema.get("propertyOrdering") or schema.get("property_ordering") or list(properties)
        listed = [name for name in order if name in properties]
        names = [*listed, *(name for name in properties if name not in listed)]
        if depth >= _DEEP:
            names = [name for name in names if name in required]
        if depth > _DEEPEST:
            return {}
        return {name: self._value(properties[name], name, depth + 1) for name in names}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        least = int(schema.get("minItems") or schema.get("min_items") or 0)
        most = int(schema.get("maxItems") or schema.get("max_items") or _MOST_ITEMS)
        length = min(max(least, min(most, 0 if depth >= _DEEP else 2)), _MOST_ITEMS if depth < 2 else 2)
        if prefix := schema.get("prefixItems"):
            return [self._value(item, f"{name}{index}", depth + 1) for index, item in enumerate(prefix)]
        return [self._value(schema.get("items") or {}, f"{name}{index}", depth + 1) for index in range(length)]

    def _number(self, schema: Mapping[str, Any], *, whole: bool) -> float:
        step = 1 if whole else 0.5
        low = schema.get("minimum")
        if low is None and (above := schema.get("exclusiveMinimum")) is not None:
            low = above + step
        high = schema.get("maximum")
        if high is None and (below := schema.get("exclusiveMaximum")) is not None:
            high = below - step
        value = float(self._byte(str(sorted(schema))) % 10 + 1)
        if low is not None:
            value = max(value, float(low))
        if high is not None:
            value = min(value, float(high))
        if multiple := schema.get("multipleOf"):
            value = multiple * max(math.ceil(value / multiple), 1) if value < multiple * 1e9 else value
        return value

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        if (form := str(schema.get("format", ""))) in _FORMATS:
            return _FORMATS[form]
        text = self._pick(self._words, name)
        least = min(int(schema.get("minLength") or schema.get("min_length") or 0), _MOST_CHARACTERS)
        most = schema.get("maxLength") or schema.get("max_length")
        while len(text) < least:
            text += " " + self._pick(self._words, text)
        return text[: int(most)] if most is not None else text

    def _plainest(self, options: Sequence[Any]) -> Any:
        """The first alternative that is something: not null, and not the schema itself again if that can be helped."""
        resolved = [self._resolved(option) for option in options]
        telling = [option for option in resolved if _type_of(option) != "null"]
        scalars = [option for option in telling if _type_of(option) not in {"object", "array"}]
        return (scalars or telling or resolved)[0]

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        for _ in range(_DEEPEST):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                return readable(schema)
            schema = self._root
            for step in reference.lstrip("#/").split("/"):
                schema = schema.get(step, {}) if step and isinstance(schema, dict) else schema
        return {}

    def _pick(self, choices: Sequence[Any], name: str) -> Any:
        return choices[self._byte(name) % len(choices)]

    def _byte(self, name: str) -> int:
        return hashlib.sha256(self._seed + name.encode()).digest()[0]


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if not kind:
        return "object" if "properties" in schema else "array" if "items" in schema else "string"
    return str(kind).lower()


def _merged(schemas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for schema in schemas:
        for key, value in schema.items():
            if key == "properties" and isinstance(value, dict):
                merged[key] = {**merged.get(key, {}), **value}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *value]
            else:
                merged[key] = value
    return merged
