"""An operator's default generationConfig for a model's name: it sets the fields that the client's body does not.

A field the client set, in either spelling, stays as it came; so does every byte of every value. Fields that say the
same thing in different ways (a thinking budget, a thinking level) count as one: upstream refuses the two together.
"""

import re
from collections.abc import Mapping

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body

SPELLINGS = ("generationConfig", "generation_config")

# Of each of these upstream takes one at most.
ALTERNATIVES = (
    frozenset({"thinkingBudget", "thinkingLevel"}),
    frozenset({"responseSchema", "responseJsonSchema", "_responseJsonSchema"}),
)

_NULL = Raw(b"null")
_LETTER = re.compile(r"(?<=[A-Za-z0-9])_([a-z])")

_encode = msgspec.json.Encoder().encode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode


def with_defaults(body: Body, defaults: Mapping[str, object]) -> Body:
    """`body` with `defaults` for the fields that its generationConfig leaves open; the same object if there are none.

    `defaults` is a GenerationConfig. Messages in it whose names end in `Config`, such as thinkingConfig, are filled in
    field by field. A generationConfig that is no JSON object is left for upstream to refuse.
    """
    if not defaults:
        return body
    name = next((spelling for spelling in SPELLINGS if spelling in body), SPELLINGS[0])
    config = body.get(name)
    if config is None:
        return {**body, name: Raw(_encode(defaults))}
    filled = _filled(config, defaults)
    return body if filled is config else {**body, name: filled}


def camel(name: str) -> str:
    """The lowerCamelCase spelling of a field's name."""
    return _LETTER.sub(lambda letter: letter[1].upper(), name)


def _filled(config: Raw, defaults: Mapping[str, object]) -> Raw:
    fields = _fields(config)
    if fields is None:
        return config
    there = {camel(name): name for name, value in fields.items() if value != _NULL}
    taken = {name for group in ALTERNATIVES if group & there.keys() for name in group}
    added: dict[str, object] = {}
    for name, value in defaults.items():
        known = camel(name)
        if known not in there and known not in taken:
            added[name] = value
        elif known in there and known.endswith("Config") and isinstance(value, Mapping):
            of_client = fields[there[known]]
            if (filled := _filled(of_client, value)) is not of_client:
                added[there[known]] = filled
    if not added:
        return config
    # To Google a field that is null is absent; beside the default's value it would be a second one.
    unset = {name for name, value in fields.items() if value == _NULL} & _both_spellings(fields, added)
    kept = {name: value for name, value in fields.items() if name not in unset}
    return Raw(_encode({**kept, **added}))


def _both_spellings(fields: Mapping[str, Raw], added: Mapping[str, object]) -> set[str]:
    """The names in `fields` that mean one of `added`."""
    meant = {camel(name) for name in added}
    return {name for name in fields if camel(name) in meant}


def _fields(config: Raw) -> dict[str, Raw] | None:
    try:
        return _decode_fields(config)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
