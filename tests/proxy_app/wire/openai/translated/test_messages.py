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


def test_a_result_may_name_its_function_itself_and_say_it_in_pieces():
    said, _ = told(
        {"role": "tool", "name": "f", "content": [{"type": "text", "text": '{"a":'}, {"type": "text", "text": " 1}"}]},
        {"role": "tool", "name": "f", "content": "[1]"},
        {"role": "tool", "name": "f", "content": [{"text": "a"}, {"type": "image_url", "image_url": "https://x/y"}]},
    )

    assert said[0]["parts"] == [
        {"functionResponse": {"name": "f", "response": {"a": 1}}},
        {"functionResponse": {"name": "f", "response": {"result": "[1]"}}},
        {"functionResponse": {"name": "f", "response": {"result": "a"}}},
    ]


def test_a_call_without_an_id_and_a_message_without_words_are_taken():
    called = {"function": {"name": "f", "arguments": "{}"}}
    said, _ = told({"role": "assistant", "content": "", "tool_calls": [called]})

    assert said[0]["parts"] == [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": SKIPPED}]


def test_a_signature_stands_on_the_last_part_of_a_message():
    extra = {"extra_content": {"google": {"thought_signature": "s"}}}
    words = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]

    assert told({"role": "assistant", "content": words, **extra})[0][0]["parts"] == [
        {"text": "a"},
        {"text": "b", "thoughtSignature": "s"},
    ]
    assert told({"role": "assistant", **extra})[0][0]["parts"] == []


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
        (
            {"type": "file", "file": {"file_id": "a"}},
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/a"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA=="}},
            {"inlineData": {"mimeType": "audio/wav", "data": "AA=="}},
        ),
        ({"type": "video_url", "video_url": {"url": "https://x/y.mp4"}}, {"fileData": {"fileUri": "https://x/y.mp4"}}),
        (
            {"type": "video_url", "video_url": "DATA:video/mp4;codecs=x;base64,A,A="},
            {"inlineData": {"mimeType": "video/mp4", "data": "A,A="}},
        ),
        ({"type": "refusal", "refusal": "no"}, {"text": "no"}),
        ({"type": "refusal"}, {"text": ""}),
        ({"text": "a"}, {"text": "a"}),
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
        ({"role": "user", "content": [{"type": "video_url"}]}, "messages[0].content[0].video_url.url"),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "messages[0].content[0].input_audio"),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
            "messages[0].content[0].input_audio",
        ),
        ({"role": "user", "content": [{"type": "file"}]}, "messages[0].content[0].file"),
        ({"role": "user", "content": [{"type": "file", "file": {}}]}, "messages[0].content[0].file"),
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:;base64,x"}}]},
            "messages[0].content[0].file.file_data",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64"}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png,x"}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"role": "assistant", "tool_calls": [{"function": {}}]}, "messages[0].tool_calls[0].function.name"),
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


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"role": "robot"}, "role': `robot` is none of system, developer, user, assistant, tool."),
        ({"role": "tool", "content": "x"}, "tool_call_id': it is the id of no call before it."),
        (
            {"role": "user", "content": [{"type": "hologram"}]},
            "content[0].type': parts of the type `hologram` are not known.",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": "data:,x"}]},
            "content[0].image_url.url': a `data:` URL needs a type and base64.",
        ),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
            "tool_calls[0].function.arguments': it has to be a JSON object, as a text.",
        ),
    ],
)
def test_a_refusal_says_what_would_be_right(message, words):
    with pytest.raises(Malformed) as refused:
        told(message)

    assert str(refused.value) == f"Invalid value at 'messages[0].{words}"


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
