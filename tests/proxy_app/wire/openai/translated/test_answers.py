import json

import pytest

from proxy_app.wire.calls import Call, StreamForm, read_body
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.translated.answers import Chunks, Completion
from proxy_app.wire.operations.rows.openai import CHAT


def call(**body):
    return Call(CHAT, "m", read_body(json.dumps(body).encode()), "r1", form=StreamForm.CHUNKS)


def frame(*parts, finish=None, index=0, used=None, **more):
    candidate = {"index": index, "content": {"role": "model", "parts": list(parts)}}
    candidate |= {"finishReason": finish} if finish else {}
    used = {"usageMetadata": used} if used else {}
    return json.dumps({"candidates": [candidate], **used, **more}).encode()


USED = {"promptTokenCount": 3, "candidatesTokenCount": 4, "thoughtsTokenCount": 5, "totalTokenCount": 12}
CALLED = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"}


def completion(given):
    (told,) = Completion(call()).told(given)
    return json.loads(told)


def test_a_completion_has_the_words_and_what_was_used():
    told = completion(
        frame(
            {"text": "Hm", "thought": True}, {"text": "Hi"}, finish="STOP", used=USED, createTime="2026-11-28T06:00:00Z"
        )
    )

    assert (told["id"], told["object"], told["model"]) == ("chatcmpl-r1", "chat.completion", "m")
    assert told["created"] == 1795845600
    assert told["choices"] == [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]
    assert told["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 9,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }


@pytest.mark.parametrize(("reason", "finish"), [("MAX_TOKENS", "length"), ("SAFETY", "content_filter")])
def test_why_it_ended(reason, finish):
    assert completion(frame(finish=reason))["choices"][0]["finish_reason"] == finish


def test_a_blocked_prompt_is_a_choice_without_a_word():
    (choice,) = completion(b'{"promptFeedback":{"blockReason":"SAFETY"}}')["choices"]

    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "content_filter")


def test_calls_have_their_signatures_and_pictures_are_addresses():
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    (choice,) = completion(frame(CALLED, picture, finish="STOP"))["choices"]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"] == [
        {
            "id": "call_0_0_f",
            "type": "function",
            "function": {"name": "f", "arguments": '{"a": 1}'},
            "extra_content": {"google": {"thought_signature": "s"}},
        }
    ]
    assert choice["message"]["images"] == [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]


@pytest.mark.parametrize("reason", ["", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"])
def test_a_prompt_that_was_not_blocked_has_its_answer(reason):
    told = completion(frame({"text": "Hi"}, {"text": " there"}, promptFeedback={"blockReason": reason}))

    assert told["choices"][0]["message"]["content"] == "Hi there"


@pytest.mark.parametrize(
    ("used", "sums"),
    [
        ({}, (0, 0, 0)),
        ({"promptTokenCount": 3, "toolUsePromptTokenCount": 2, "candidatesTokenCount": 4}, (5, 4, 9)),
        ({"thoughtsTokenCount": 1, "totalTokenCount": 20}, (0, 1, 20)),
    ],
)
def test_what_is_not_counted_is_nothing(used, sums):
    usage = completion(frame({"text": "Hi"}, usageMetadata=used))["usage"]

    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == sums


def chunked(chunks, *frames):
    return [each if each == b"[DONE]" else json.loads(each) for one in frames for each in chunks.told(one)]


def test_a_stream_ends_once_with_its_counts():
    chunks = Chunks(call(stream_options={"include_usage": True}), 1)
    told = chunked(chunks, frame({"text": "Hi"}), frame(CALLED), frame(finish="STOP", used=USED))

    assert [one["choices"][0]["delta"] for one in told[:3]] == [
        {"role": "assistant", "content": "Hi"},
        {"tool_calls": [{"index": 0, **told[1]["choices"][0]["delta"]["tool_calls"][0]}]},
        {},
    ]
    assert [one["choices"][0]["finish_reason"] for one in told[:3]] == [None, None, "tool_calls"]
    assert (told[3]["choices"], told[3]["usage"]["total_tokens"], told[4]) == ([], 12, b"[DONE]")
    assert chunked(chunks, frame({"text": "more"})) == chunks.ended() == []


def test_a_stream_waits_for_every_choice_and_for_counts():
    chunks = Chunks(call(), 2)

    told = chunked(chunks, frame({"text": "a"}, finish="STOP", used=USED), frame({"text": "b"}, index=1))
    assert [one["choices"][0]["index"] for one in told] == [0, 1]
    assert b"[DONE]" not in chunked(chunks, frame(finish="STOP", index=1))
    assert chunks.ended() == [b"[DONE]"]
    assert chunks.ended() == []


@pytest.mark.parametrize("given", [b"", b"[]", b'{"candidates":7}', b"words"])
def test_what_has_another_shape_is_no_answer(given):
    with pytest.raises(NotAnAnswer):
        Completion(call()).told(given)
