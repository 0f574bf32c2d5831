"""Structured output follows the schema of the request."""

import json

from tests.emulator.conftest import Caller


def structured(caller: Caller, **schema) -> object:
    config = {"responseMimeType": "application/json", **schema}
    return json.loads(caller.say("A recipe for bread", generationConfig=config))


def test_json_follows_an_openapi_schema(caller: Caller):
    schema = {
        "type": "OBJECT",
        "properties": {
            "stars": {"type": "INTEGER", "minimum": 1, "maximum": 5},
            "kind": {"type": "STRING", "enum": ["sweet", "sour"]},
            "steps": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": 3},
            "note": {"anyOf": [{"type": "NULL"}, {"type": "STRING", "maxLength": 3}]},
        },
        "propertyOrdering": ["steps", "stars"],
    }

    value = structured(caller, responseSchema=schema)

    assert list(value) == ["steps", "stars", "kind", "note"]
    assert 1 <= value["stars"] <= 5
    assert value["kind"] in {"sweet", "sour"}
    assert [type(step) for step in value["steps"]] == [str, str, str]
    assert len(value["note"]) <= 3


def test_json_follows_a_json_schema_that_contains_itself(caller: Caller):
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/node"}, "at": {"format": "date-time"}},
        "required": ["name"],
    }

    value = structured(caller, responseJsonSchema={"$ref": "#/$defs/node", "$defs": {"node": node}})

    assert set(value) == {"name", "next", "at"}
    assert value["at"].endswith("Z")


def test_json_without_a_schema_is_still_json(caller: Caller):
    assert set(structured(caller)) == {"answer"}


def test_an_enum_is_one_of_its_values(caller: Caller):
    config = {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["up", "down"]}}

    assert caller.say("Where to?", generationConfig=config) in {"up", "down"}
