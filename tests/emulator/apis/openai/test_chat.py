"""Chats, whole and streamed: the same answers that the native API gives, in OpenAI's words."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from emulator import Account, Emulator, Style, UsageForm
from emulator.apis.dispatch import Dispatcher
from emulator.state.google import Google
from emulator.wire.server import Request
from tests.emulator.apis.openai.conftest import Client, message_of, user
from tests.emulator.apis.test_dispatch import ANYTHING
from tests.emulator.conftest import Caller, text_of

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_a_chat_says_what_the_native_api_says(client: Client, caller: Caller):
    asked = {"contents": [{"role": "user", "parts": [{"text": "What is 2 + 2?"}]}]}
    native = caller.public("models/gemini-2.0-flash:generateContent", asked).json()

    told = client.chat(user("What is 2 + 2?"), model="models/gemini-2.0-flash")

    counted = native["usageMetadata"]
    assert (told["object"], told["model"], told["created"]) == ("chat.completion", "gemini-2.0-flash", 1_800_014_400)
    assert told["choices"] == [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text_of(native)}}
    ]
    assert told["usage"] == {
        "prompt_tokens": counted["promptTokenCount"],
        "completion_tokens": counted["candidatesTokenCount"],
        "total_tokens": counted["totalTokenCount"],
    }


def test_thoughts_are_counted_in_the_total_alone(client: Client):
    used = client.chat(user("Why is the sky blue?"))["usage"]

    assert used["total_tokens"] > used["prompt_tokens"] + used["completion_tokens"]


def test_a_stream_ends_with_done_and_tells_no_usage_unless_asked(client: Client):
    *chunks, done = client.stream("Tell me about bees")
    whole = message_of(client.chat(user("Tell me about bees")))

    assert done == "[DONE]"
    assert len(chunks) > 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == whole["content"]
    assert [chunk["choices"][0].get("finish_reason") for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert not any("usage" in chunk for chunk in chunks)


def test_with_stream_options_every_chunk_tells_what_was_used_so_far(client: Client):
    *chunks, _ = client.stream("Tell me about bees", stream_options={"include_usage": True})

    used = [chunk["usage"]["completion_tokens"] for chunk in chunks]
    assert used == sorted(used)
    assert used[-1] > used[0]


def test_usage_may_come_in_a_chunk_of_its_own(google: Emulator, client: Client):
    google.script(Style(usage=UsageForm.TRAILING))

    *chunks, last, done = client.stream("Hello", stream_options={"include_usage": True})

    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] > 0
    assert not any("usage" in chunk for chunk in chunks)


def test_a_cut_stream_is_not_done(google: Emulator, client: Client):
    google.script("cut_after_first")
    body = {"model": "gemini-2.5-flash", "messages": [user("Tell me about bees")], "stream": True}

    with client.http.stream(
        "POST",
        f"{google.url}/v1beta/openai/chat/completions",
        json=body,
        headers={"authorization": f"Bearer {client.account.api_key}"},
    ) as answered:
        seen = next(answered.iter_raw())

    assert seen.startswith(b"data: {")
    assert b"[DONE]" not in seen


def test_a_tool_is_called_answered_and_spoken_of(client: Client):
    question = user("What is the weather in Paris?")
    called = client.chat(question, model="gemini-3-flash", tools=[WEATHER])["choices"][0]
    (call,) = called["message"]["tool_calls"]

    assert called["finish_reason"] == "tool_calls"
    assert (call["type"], call["function"]["name"]) == ("function", "get_weather")
    assert json.loads(call["function"]["arguments"]) == {"city": "Paris"}

    answer = {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"sky": "cloudy"})}
    told = client.chat(question, called["message"], answer, model="gemini-3-flash", tools=[WEATHER])
    assert "cloudy" in message_of(told)["content"]

    del call["extra_content"]
    unsigned = {"model": "gemini-3-flash", "messages": [question, called["message"], answer], "tools": [WEATHER]}
    refused = client.send("POST", "chat/completions", unsigned)
    assert "missing a thought_signature" in refused.json()[0]["error"]["message"]


def test_a_streamed_call_is_whole_and_has_no_index(client: Client):
    *chunks, _ = client.stream("What is the weather in Paris?", tools=[WEATHER])

    calls = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"city": "Paris"}]
    assert "index" not in calls[0]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("choice", "calls"),
    [("none", 0), ("auto", 0), ("required", 1), ({"type": "function", "function": {"name": "get_weather"}}, 1)],
)
def test_the_choice_of_tools_counts(client: Client, choice: Any, calls: int):
    told = client.chat(user("Tell me a story of Paris"), tools=[WEATHER], tool_choice=choice)

    assert len(message_of(told).get("tool_calls", ())) == calls


def test_a_schema_is_kept_to(client: Client):
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema, "strict": True}}

    by_schema = client.chat(user("How old is Ann?"), response_format=wanted)
    plain = client.chat(user("How old is Ann?"), response_format={"type": "json_object"})

    assert isinstance(json.loads(message_of(by_schema)["content"])["age"], int)
    assert isinstance(json.loads(message_of(plain)["content"]), dict)


def test_instructions_pictures_and_limits_are_understood(client: Client):
    system = {"role": "system", "content": "Answer in capital letters."}
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    told = client.chat(user([{"type": "text", "text": "What is this?"}, picture]))
    short = client.chat(system, user("Tell me about bees"), max_completion_tokens=3, reasoning_effort="none")

    assert "1 x 1 pixels" in message_of(told)["content"]
    assert short["choices"][0]["finish_reason"] == "length"
    assert len(client.chat(user("Hello"), n=2)["choices"]) == 2


def test_a_blocked_prompt_has_a_choice_that_says_so(client: Client):
    blocked = client.chat(user("[[blocked]]"))["choices"]

    assert blocked == [{"index": 0, "finish_reason": "content_filter", "message": {"role": "assistant", "content": ""}}]


def test_a_cached_context_is_named_in_the_extras(client: Client, caller: Caller):
    contents = [{"role": "user", "parts": [{"text": "bees make honey " * 600}]}]
    cache = caller.public("cachedContents", {"model": "models/gemini-2.5-flash", "contents": contents}).json()["name"]

    told = client.chat(user("Hello"), extra_body={"google": {"cached_content": cache}})

    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] >= 1_024


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ({"messages": []}, 400, "contents is not specified"),
        ({"messages": [{"role": "robot", "content": "Hello"}]}, 400, "Please use a valid role: user, model."),
        ({"messages": [user([{"type": "film"}])]}, 400, "Invalid content part type: film"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "function_response.name: Name cannot be empty."),
        ({"model": "gemini-9"}, 404, "models/gemini-9 is not found for API version v1main"),
        ({"model": "gemini-embedding-001"}, 404, "or is not supported for generateContent"),
        ({"reasoning_effort": "huge"}, 400, "reasoning_effort"),
        ({"response_format": {"type": "xml"}}, 400, "response_format"),
        ({"tool_choice": "maybe"}, 400, "tool_choice"),
        ({"extra_body": {"google": {"cached_content": "cachedContents/none"}}}, 403, "CachedContent not found"),
    ],
)
def test_a_chat_that_cannot_be_is_refused(client: Client, more: dict, status: int, message: str):
    body = {"model": "gemini-2.5-flash", "messages": [user("Hello")], **more}

    answered = client.send("POST", "chat/completions", body)

    assert answered.status_code == status
    assert message in answered.json()[0]["error"]["message"]


def test_chats_and_native_calls_share_one_quota(google: Emulator, client: Client, caller: Caller):
    google.add_account("bob@example.com", project="bobs", api_key="AIza-bob", quota=1)
    client.account = caller.account = Account("bob@example.com", "", "", "AIza-bob", "bobs")
    client.chat(user("Hello"))

    again = client.send("POST", "chat/completions", {"model": "gemini-2.5-flash", "messages": [user("Hello")]})
    native = caller.public("models/gemini-2.5-flash:generateContent", {"contents": [{"parts": [{"text": "Hello"}]}]})

    assert (again.status_code, native.status_code) == (429, 429)
    assert again.json()[0]["error"]["status"] == "RESOURCE_EXHAUSTED"


@settings(max_examples=60, deadline=None)
@given(ANYTHING, ANYTHING)
def test_any_json_is_answered(content: object, more: object):
    google = Google(keep=0)
    key = google.accounts.add("alice@example.com").api_key
    fields = more if isinstance(more, dict) else {"tools": more, "tool_choice": content}
    body = {"model": "gemini-3-flash", "messages": [user(content)], **fields}
    headers = {"authorization": f"Bearer {key}"}
    path = "/v1beta/openai/chat/completions"

    _, reply = Dispatcher(google).answer(Request("POST", "", path, {}, headers, json.dumps(body).encode()))

    list(reply.wire_chunks())
    assert reply.status in {200, 400, 403, 404}
