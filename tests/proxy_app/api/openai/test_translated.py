"""Accounts without an OpenAI layer, or with one that refuses their key: Google's own API is asked instead."""

import json

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from emulator import Reply, Style
from tests.factories import make_account
from tests.proxy_app.api.openai.conftest import FILE, MODEL, chunks_of, form, user
from tests.proxy_app.written import log

TEXTS = ("several_credentials", "authorization_missing", "token_type_unsupported")
WEATHER = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
}


@pytest.fixture
async def key(upstream, settings, key_of):
    """The pool is one account with a Gemini API key."""
    settings.GEMINI_API_URL = upstream.url
    known = upstream.add_account("a@example.com", project="one")
    fields = {"kind": "gemini_api", "access_token": known.api_key, "refresh_token": "", "expires_at": None}
    await sync_to_async(make_account)("a@example.com", **fields, project="")
    return await key_of("red")


@pytest.fixture
def closed(upstream):
    """The account's layer refuses its key whatever is asked."""
    for method in ("Chat", "Embeddings", "Images", "CreateVideo", "GetVideo", "GetBatch", "CancelBatch"):
        upstream.script("several_credentials", method=f"openai{method}", times=None)


def asked(**more):
    return {"model": MODEL, "messages": [user("Hello")], **more}


def asked_of(upstream):
    return [seen.call for seen in upstream.requests]


@pytest.mark.parametrize("text", TEXTS)
async def test_a_chat_goes_to_googles_own_api_where_the_layer_refuses_the_key(text, post, key, upstream):
    upstream.script(text, method="openaiChat", times=1)

    first = await post("chat/completions", asked(), key)
    second = await post("chat/completions", asked(), key)

    assert first.status == second.status == 200
    assert first.json()["object"] == "chat.completion"
    assert asked_of(upstream) == ["openaiChat", "generateContent", "generateContent"]
    assert [row.outcome for row in await log()] == ["layer_closed", "succeeded", "succeeded"]
    (account,) = roster.current().accounts.values()
    assert account.available


async def test_a_translated_stream_reads_like_any_other(post, key, closed, upstream):
    reply = await post("chat/completions", asked(stream=True, stream_options={"include_usage": True}), key)

    *chunks, usage, done = chunks_of(reply)
    told = [json.loads(each) for each in chunks]
    assert done == b"[DONE]"
    assert reply.ended
    assert told[0]["choices"][0]["delta"]["role"] == "assistant"
    assert all("role" not in each["choices"][0]["delta"] for each in told[1:])
    assert [each["choices"][0]["finish_reason"] for each in told] == [None] * (len(told) - 1) + ["stop"]
    assert "".join(each["choices"][0]["delta"].get("content", "") for each in told)
    used = json.loads(usage)["usage"]
    (row,) = [row for row in await log() if row.outcome == "succeeded"]
    assert used["total_tokens"] == row.total_tokens
    assert used["completion_tokens_details"]["reasoning_tokens"] == row.thoughts_tokens


async def test_a_translated_stream_that_breaks_ends_with_an_error(post, key, closed, upstream):
    upstream.script(Style(cut_after=1), method="streamGenerateContent")

    reply = await post("chat/completions", asked(stream=True), key)

    assert json.loads(chunks_of(reply)[-1])["error"]["type"] == "server_error"
    assert not reply.ended


async def test_tools_are_called_and_answered(post, key, closed, upstream):
    question = user("What is the weather in Paris?")
    called = await post("chat/completions", asked(messages=[question], tools=[WEATHER], tool_choice="required"), key)
    message = called.json()["choices"][0]["message"]
    (call,) = message["tool_calls"]
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"sky": "blue"}'}
    answered = await post("chat/completions", asked(messages=[question, message, result], tools=[WEATHER]), key)

    assert called.json()["choices"][0]["finish_reason"] == "tool_calls"
    assert call["function"]["name"] == "get_weather"
    assert isinstance(json.loads(call["function"]["arguments"]), dict)
    assert answered.status == 200, answered.body


async def test_embeddings_pictures_and_videos_are_translated(post, call, key, closed, upstream):
    embedded = await post("embeddings", {"model": "gemini-embedding-001", "input": ["a", "b"], "dimensions": 8}, key)
    drawn = await post("images/generations", {"model": "gemini-2.5-flash-image", "prompt": "A cat"}, key)
    predicted = await post(
        "images/generations", {"model": "imagen-4.0-generate-001", "prompt": "A cat", "size": "1024x1792"}, key
    )
    filmed = await post("videos", {"model": "veo-3.1-generate-preview", "prompt": "A cat", "seconds": "4"}, key)
    upstream.advance(3600)
    shown = await call("GET", f"videos/{filmed.json()['id']}", key)

    assert [each.status for each in (embedded, drawn, predicted, filmed, shown)] == [200] * 5, (
        drawn.body + predicted.body
    )
    assert [len(each["embedding"]) for each in embedded.json()["data"]] == [8, 8]
    assert drawn.json()["data"][0]["b64_json"]
    assert predicted.json()["data"][0]["b64_json"]
    assert filmed.json()["status"] == "in_progress"
    assert shown.json()["status"] == "completed"
    assert shown.json()["url"].startswith("http://127.0.0.1:8045/")
    assert {"batchEmbedContents", "generateContent", "predict", "predictLongRunning"} <= set(asked_of(upstream))


async def test_a_batch_is_shown_and_cancelled_by_googles_own_api(client, call, key, closed, upstream):
    requests = [{"request": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}, "metadata": {"key": "one"}}]
    batch = {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}
    made = await client.post(f"/v1beta/models/{MODEL}:batchGenerateContent", batch, x_goog_api_key=key)
    name = made.json()["name"]

    shown = await call("GET", f"batches/{name}", key)
    cancelled = await call("POST", f"batches/{name}/cancel", key)
    after = await call("GET", f"batches/{name}", key)

    assert (shown.json()["id"], shown.json()["object"]) == (name, "batch")
    assert cancelled.json()["id"] == name
    assert after.json()["status"] == "cancelled"


async def test_a_batch_that_cannot_be_begun_there_says_why(post, call, key, upstream):
    upstream.script("several_credentials", method="openaiCreateBatch", times=None)
    body, kind = form(*FILE)
    file = (await call("POST", "files", key, body, content_type=kind)).json()["id"]
    asked = {"input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h"}

    reply = await post("batches", asked, key)

    assert reply.status == 400
    assert "stand in a file" in reply.json()["error"]["message"]


async def test_a_chat_is_served_by_accounts_that_have_no_such_layer(post, alice, api_key, upstream):
    key = await api_key()

    whole = await post("chat/completions", asked(), key)
    streamed = await post("chat/completions", asked(stream=True), key)

    assert whole.json()["choices"][0]["message"]["content"]
    assert chunks_of(streamed)[-1] == b"[DONE]"
    assert asked_of(upstream) == ["generateContent", "streamGenerateContent"]
    assert all(row.total_tokens for row in await log())


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"messages": "words"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [user([{"type": "hologram"}])]}, "messages[0].content[0].type"),
        ({"messages": [user("x")], "tools": [{"type": "web"}]}, "tools[0].type"),
        ({"messages": [user("x")], "reasoning_effort": "frantic"}, "reasoning_effort"),
    ],
)
async def test_what_cannot_be_translated_is_refused_by_name(body, where, post, alice, api_key, upstream):
    reply = await post("chat/completions", {"model": MODEL, **body}, await api_key())

    assert reply.status == 400
    assert f"'{where}'" in reply.json()["error"]["message"]
    assert reply.json()["error"]["type"] == "invalid_request_error"
    assert not upstream.requests


async def test_what_these_accounts_do_not_serve_is_refused_in_openais_form(post, alice, api_key, upstream):
    reply = await post("embeddings", {"model": "gemini-embedding-001", "input": "a"}, await api_key())

    assert reply.status == 400
    assert "A Gemini API key serves it" in reply.json()["error"]["message"]


async def test_an_upstream_that_says_nothing_is_no_answer(post, alice, api_key, upstream):
    upstream.script(Reply(chunks=[b"data: {}\r\n\r\n"], content_type="text/event-stream"), times=None)

    reply = await post("chat/completions", asked(stream=True), await api_key())

    assert reply.status == 502
    assert reply.json()["error"]["type"] == "server_error"
