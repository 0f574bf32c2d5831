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


def test_an_instruction_stands_apart():
    asked = made(messages=[{"role": "system", "content": "Be brief."}, *MESSAGES])

    assert asked["systemInstruction"] == {"role": "user", "parts": [{"text": "Be brief."}]}
    assert asked["contents"] == [{"role": "user", "parts": [{"text": "x"}]}]


@pytest.mark.parametrize(
    ("asked", "told"), [("text", ["TEXT"]), (["text", "image"], ["TEXT", "IMAGE"]), (None, None), ("", None)]
)
def test_the_kinds_of_an_answer_are_asked_for(asked, told):
    config = {} if told is None else {"generationConfig": {"responseModalities": told}}

    assert made(modalities=asked) == {**made(), **config}


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
    for word, mode in (("none", "NONE"), ("auto", "AUTO"), ("required", "ANY")):
        assert made(tool_choice=word)["toolConfig"] == {"functionCallingConfig": {"mode": mode}}
    assert made(tools=[{"function": {"name": "f"}}])["tools"] == [{"functionDeclarations": [{"name": "f"}]}]
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


@pytest.mark.parametrize(
    ("effort", "budget", "level"),
    [
        ("none", 0, "minimal"),
        ("minimal", 1024, "minimal"),
        ("low", 1024, "low"),
        ("medium", 8192, "medium"),
        ("high", 24576, "high"),
        ("xhigh", 24576, "high"),
    ],
)
def test_each_word_for_an_effort_is_a_budget_or_a_level(effort, budget, level):
    def thinking(model):
        return made(model, reasoning_effort=effort)["generationConfig"]["thinkingConfig"]

    assert thinking("gemini-2.5-flash") == thinking("gemini-flash-latest") == {"thinkingBudget": budget}
    assert thinking("gemini-3-pro") == thinking("gemini-10-pro") == {"thinkingLevel": level}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"messages": None}, "'messages' is required."),
        (
            {"messages": [{"role": "system", "content": "x"}]},
            "Invalid value at 'messages': one of the user's is needed.",
        ),
        (
            {"tools": [{"type": "web_search"}]},
            "Invalid value at 'tools[0].type': tools of the type `web_search` are not known.",
        ),
        ({"tool_choice": "maybe"}, "Invalid value at 'tool_choice': `maybe` is none of none, auto, required."),
        (
            {"tool_choice": {"type": "function", "function": {}}},
            "Invalid value at 'tool_choice': only a function may be chosen.",
        ),
        ({"tool_choice": {"type": "function"}}, "Invalid value at 'tool_choice': only a function may be chosen."),
        (
            {"tool_choice": {"type": "custom", "function": {"name": "f"}}},
            "Invalid value at 'tool_choice': only a function may be chosen.",
        ),
        (
            {"response_format": {"type": "xml"}},
            "Invalid value at 'response_format.type': `xml` is none of text, json_object, json_schema.",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {}}},
            "'response_format.json_schema.schema' is required.",
        ),
        ({"response_format": 7}, "Invalid value at 'response_format': Expected `object`, got `int`."),
        ({"modalities": 7}, "Invalid value at 'modalities': Expected `str | array`, got `int`."),
        ({"stop": 7}, "Invalid value at 'stop': Expected `str | array`, got `int`."),
        ({"tool_choice": 7}, "Invalid value at 'tool_choice': Expected `str | object`, got `int`."),
        (
            {"reasoning_effort": "frantic"},
            "Invalid value at 'reasoning_effort': `frantic` is none of none, minimal, low, medium, high, xhigh.",
        ),
        ({"reasoning_effort": 7}, "Invalid value at 'reasoning_effort': Expected `str`, got `int`."),
        (
            {"reasoning_effort": "low", "extra_body": {"google": {"thinking_config": {}}}},
            "Invalid value at 'reasoning_effort': Expected one of either `reasoning_effort` or custom "
            "`thinking_config`; found both.",
        ),
    ],
)
def test_a_refusal_says_what_would_be_right(fields, message):
    with pytest.raises(Malformed) as refused:
        made(**fields)

    assert str(refused.value) == message


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
