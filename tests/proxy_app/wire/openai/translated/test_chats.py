import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.openai.translated.chats import translated

MESSAGES = [{"role": "user", "content": "x"}]
FUNCTION = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}


def made(model="gemini-2.5-flash", **fields):
    body = read_body(json.dumps({"messages": MESSAGES, **fields}).encode())
    return {name: json.loads(bytes(value)) for name, value in translated(body, model).items()}


def test_a_chat_has_contents_and_nothing_that_was_not_asked():
    assert made(user="u", store=True, stream=True) == {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}


def test_numbers_and_stops_become_a_configuration():
    fields = {"temperature": 0.5, "top_p": 0.9, "n": 2, "seed": 7, "max_completion_tokens": 9, "stop": "a"}

    assert made(**fields, presence_penalty=1, frequency_penalty=2)["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "candidateCount": 2,
        "seed": 7,
        "maxOutputTokens": 9,
        "presencePenalty": 1,
        "frequencyPenalty": 2,
        "stopSequences": ["a"],
    }
    assert made(max_tokens=3, stop=["a", "b"])["generationConfig"] == {
        "maxOutputTokens": 3,
        "stopSequences": ["a", "b"],
    }


def test_tools_are_declared_and_chosen():
    declared = [{"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}}]
    one = {"type": "function", "function": {"name": "f"}}

    assert made(tools=[FUNCTION])["tools"] == [{"functionDeclarations": declared}]
    assert made(tool_choice="required")["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
    assert made(tool_choice=one)["toolConfig"]["functionCallingConfig"] == {
        "mode": "ANY",
        "allowedFunctionNames": ["f"],
    }
    assert "tools" not in made(tools=[])


@pytest.mark.parametrize(
    ("wanted", "config"),
    [
        ({"type": "json_object"}, {"responseMimeType": "application/json"}),
        (
            {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}},
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
        ),
    ],
)
def test_the_form_of_an_answer(wanted, config):
    assert made(response_format=wanted)["generationConfig"] == config
    assert "generationConfig" not in made(response_format={"type": "text"})


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "medium", {"thinkingBudget": 8192}),
        ("gemini-3-pro-preview", "high", {"thinkingLevel": "high"}),
        ("gemini-3.6-flash", "none", {"thinkingLevel": "minimal"}),
        ("another", "low", {"thinkingBudget": 1024}),
    ],
)
def test_the_effort_of_reasoning(model, effort, thinking):
    assert made(model, reasoning_effort=effort)["generationConfig"]["thinkingConfig"] == thinking


def test_googles_own_settings_go_along():
    google = {
        "thinking_config": {"include_thoughts": True},
        "cached_content": "cachedContents/c",
        "safety_settings": [],
    }
    asked = made(extra_body={"google": google})

    assert asked["generationConfig"] == {"thinkingConfig": {"include_thoughts": True}}
    assert (asked["cachedContent"], asked["safetySettings"]) == ("cachedContents/c", [])


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"messages": []}, "messages"),
        ({"tools": [{"type": "web_search"}]}, "tools.0..type"),
        ({"tools": [{"type": "function"}]}, "tools.0..function.name"),
        ({"tools": 7}, "tools"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        ({"reasoning_effort": "frantic"}, "reasoning_effort"),
        ({"reasoning_effort": "low", "extra_body": {"google": {"thinking_config": {}}}}, "reasoning_effort"),
        ({"stop": 7}, "stop"),
        ({"extra_body": 7}, "extra_body"),
    ],
)
def test_what_is_wrong_is_named(fields, where):
    with pytest.raises(Malformed, match=f"'{where}'"):
        made(**fields)
