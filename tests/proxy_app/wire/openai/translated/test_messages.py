import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from proxy_app.wire.malformed import Malformed
from proxy_app.wire.openai.translated.messages import contents

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
SKIPPED = "skip_thought_signature_validator"


def told(*messages):
    return contents(Raw(json.dumps(messages).encode()))


def parts(content):
    return told({"role": "user", "content": content})[0][0]["parts"]


def test_what_one_side_says_is_one_content_and_instructions_stand_apart():
    said, instruction = told(
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "c"},
        {"role": "developer", "content": "Be kind."},
    )

    assert said == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {"role": "model", "parts": [{"text": "c"}]},
    ]
    assert instruction == [{"text": "Be brief."}, {"text": "Be kind."}]


def test_calls_and_their_results_find_each_other():
    other = {"id": "c2", "function": {"name": "g", "arguments": ""}, "extra_content": None}
    said, _ = told(
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": None, "tool_calls": [CALL, other]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"b": 2}'},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "words"}]},
    )

    assert said[1]["parts"] == [
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": SKIPPED},
        {"functionCall": {"id": "c2", "name": "g", "args": {}}},
    ]
    assert said[2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "c1", "name": "f", "response": {"b": 2}}},
            {"functionResponse": {"id": "c2", "name": "g", "response": {"result": "words"}}},
        ],
    }


def test_signatures_that_came_along_go_back():
    extra = {"extra_content": {"google": {"thought_signature": "s"}}}
    said, _ = told({"role": "assistant", "content": "a", "tool_calls": [{**CALL, **extra}], **extra})

    assert [part["thoughtSignature"] for part in said[0]["parts"]] == ["s", "s"]


@pytest.mark.parametrize(
    ("part", "made"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"inlineData": {"mimeType": "image/png", "data": "AA=="}},
        ),
        ({"type": "image_url", "image_url": "https://x/y.png"}, {"fileData": {"fileUri": "https://x/y.png"}}),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
            {"inlineData": {"mimeType": "audio/mp3", "data": "AA=="}},
        ),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}},
            {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}},
        ),
        (
            {"type": "file", "file": {"file_id": "files/a"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}},
        ),
        ({"type": "refusal", "refusal": "no"}, {"text": "no"}),
    ],
)
def test_media_become_parts(part, made):
    assert parts([part]) == [made]


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ({"content": "x"}, "messages[0].role"),
        ({"role": "robot"}, "messages[0].role"),
        ({"role": "user", "content": 7}, "messages[0].content"),
        ({"role": "user", "content": [{}]}, "messages[0].content[0].type"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0].text"),
        ({"role": "user", "content": [{"type": "hologram"}]}, "messages[0].content[0].type"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages[0].content[0].image_url.url"),
        ({"role": "tool", "tool_call_id": "c", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "assistant", "tool_calls": [{}]}, "messages[0].tool_calls[0].function.name"),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[]"}}]},
            "messages[0].tool_calls[0].function.arguments",
        ),
    ],
)
def test_what_is_wrong_is_named(message, where):
    with pytest.raises(Malformed, match="'" + where.replace("[", r"\[")):
        told(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5), lambda one: st.lists(one, max_size=3)
)
ROLES = st.sampled_from(["user", "assistant", "tool", "system", None, "x"])


@given(st.lists(st.fixed_dictionaries({"role": ROLES}, optional={"content": JSON, "tool_calls": JSON, "name": JSON})))
def test_any_messages_are_contents_or_malformed(messages):
    try:
        told(*messages)
    except Malformed:
        return
