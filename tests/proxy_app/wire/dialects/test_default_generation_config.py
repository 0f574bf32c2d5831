"""An operator's default generationConfig fills what the client left open, and nothing else."""

import msgspec
import pytest
from msgspec import Raw

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.dialects.default_generation_config import camel, with_defaults

DEFAULTS = {"temperature": 0.2, "thinkingConfig": {"thinkingBudget": 0}}


def filled(raw: bytes, defaults: dict[str, object] = DEFAULTS) -> dict[str, object]:
    body = with_defaults(read_body(raw), defaults)
    return msgspec.json.decode(msgspec.json.encode(body))


def test_a_body_without_a_config_gets_the_defaults():
    assert filled(b'{"contents":[]}') == {"contents": [], "generationConfig": DEFAULTS}


def test_no_defaults_leave_the_very_same_body():
    body = read_body(b'{"generationConfig":{"topK":1}}')

    assert with_defaults(body, {}) is body


@pytest.mark.parametrize("spelling", ["generationConfig", "generation_config"])
def test_what_the_client_set_wins_in_either_spelling(spelling: str):
    raw = f'{{"{spelling}":{{"temperature":1.0,"top_k":3}}}}'.encode()

    assert filled(raw)[spelling] == {
        "temperature": 1.0,
        "top_k": 3,
        "thinkingConfig": {"thinkingBudget": 0},
    }


def test_a_field_in_the_other_spelling_is_the_same_field():
    raw = b'{"generationConfig":{"max_output_tokens":5}}'

    assert filled(raw, {"maxOutputTokens": 100}) == {"generationConfig": {"max_output_tokens": 5}}


def test_a_message_is_filled_in_field_by_field():
    raw = b'{"generationConfig":{"thinking_config":{"include_thoughts":true}}}'

    assert filled(raw, {"thinkingConfig": {"thinkingBudget": 64, "includeThoughts": False}}) == {
        "generationConfig": {"thinking_config": {"include_thoughts": True, "thinkingBudget": 64}}
    }


@pytest.mark.parametrize(
    ("client", "name"),
    [
        ({"thinkingConfig": {"thinkingLevel": "LOW"}}, {"thinkingConfig": {"thinkingBudget": 0}}),
        ({"thinking_config": {"thinking_budget": 9}}, {"thinkingConfig": {"thinkingLevel": "HIGH"}}),
        ({"response_schema": {"type": "OBJECT"}}, {"responseJsonSchema": {"type": "array"}}),
    ],
)
def test_another_way_to_say_the_same_counts_as_said(client: dict, name: dict):
    raw = msgspec.json.encode({"generationConfig": client})

    assert filled(raw, name) == {"generationConfig": client}


def test_schemas_are_never_mixed():
    raw = b'{"generationConfig":{"responseSchema":{"type":"STRING"}}}'

    assert filled(raw, {"responseSchema": {"type": "OBJECT", "properties": {}}}) == {
        "generationConfig": {"responseSchema": {"type": "STRING"}}
    }


def test_null_is_not_a_value():
    raw = b'{"generationConfig":{"temperature":null,"top_p":null,"thinking_config":null}}'

    assert filled(raw) == {
        "generationConfig": {"top_p": None, "temperature": 0.2, "thinkingConfig": {"thinkingBudget": 0}}
    }


def test_values_keep_their_bytes():
    raw = b'{"contents" : [ 1.50 ], "generationConfig":{"topP": 0.10, "stopSequences": [ "\\u0041" ]}}'

    body = with_defaults(read_body(raw), {"seed": 7})

    assert bytes(body["contents"]) == b"[ 1.50 ]"
    assert bytes(body["generationConfig"]) == b'{"topP":0.10,"stopSequences":[ "\\u0041" ],"seed":7}'


@pytest.mark.parametrize("nonsense", [b'"warm"', b"[1]", b"3"])
def test_what_is_no_object_is_left_for_upstream_to_refuse(nonsense: bytes):
    body = {"generationConfig": Raw(nonsense)}

    assert with_defaults(body, DEFAULTS) is body


def test_a_body_that_sets_everything_is_left_alone():
    body = read_body(b'{"generationConfig":{"temperature":0,"thinkingConfig":{"thinkingBudget":1}}}')

    assert with_defaults(body, DEFAULTS) is body


@pytest.mark.parametrize(
    ("spelled", "known"),
    [("top_k", "topK"), ("topK", "topK"), ("_response_json_schema", "_responseJsonSchema"), ("seed", "seed")],
)
def test_both_spellings_have_one_name(spelled: str, known: str):
    assert camel(spelled) == known
