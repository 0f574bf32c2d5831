"""Chats, embeddings and models in OpenAI's form through the gateway."""

import json

import pytest

from accounts_app import roster
from accounts_app.models import ApiKey, ModelRoute
from emulator import Ending, Reply, Style
from tests.proxy_app.api.openai.conftest import MODEL, chunks_of, user
from tests.proxy_app.written import log

SSE = "text/event-stream"


def asked(**more):
    return {"model": MODEL, "messages": [user("Hello")], **more}


def chunk(text="Hi", finish=None, **more):
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}}
    choice |= {"finish_reason": finish} if finish else {}
    return json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}).encode()


def a_stream(*payloads, **fields):
    return Reply(chunks=[b"data: " + each + b"\n\n" for each in payloads], content_type=SSE, **fields)


async def test_a_chat_goes_up_with_one_credential_and_none_of_openais_headers(post, red, upstream):
    headers = {"openai_organization": "o", "openai_project": "p", "cookie": "a=b", "x_stainless_lang": "python"}

    reply = await post("chat/completions", asked(), red, **headers)

    assert reply.status == 200
    told = reply.json()
    assert (told["object"], told["model"]) == ("chat.completion", MODEL)
    assert told["choices"][0]["message"]["content"]
    (seen,) = upstream.requests
    assert seen.path == "/v1beta/openai/chat/completions"
    assert not {"x-goog-api-key", "cookie", "openai-organization", "openai-project"} & seen.headers.keys()
    assert not any(name.startswith("x-stainless") for name in seen.headers)
    (row,) = await log()
    assert (row.model, row.outcome, row.total_tokens) == (MODEL, "succeeded", told["usage"]["total_tokens"])


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_the_layer_is_asked_for_in_the_one_version_that_has_it(version, client, red, upstream):
    reply = await client.post(f"/{version}/openai/chat/completions", asked(), authorization=f"Bearer {red}")

    assert reply.status == 200
    assert [seen.path for seen in upstream.requests] == ["/v1beta/openai/chat/completions"]


@pytest.mark.parametrize("name", ["models/{}", "google/{}", "publishers/google/models/{}"])
async def test_a_model_may_be_named_as_googles(name, post, red, upstream):
    reply = await post("chat/completions", asked(model=name.format(MODEL)), red)

    assert reply.status == 200
    assert [row.model for row in await log()] == [MODEL]


async def test_an_alias_is_sent_as_the_model_that_it_stands_for(post, red, upstream):
    await ModelRoute.objects.acreate(pattern="quick", target=MODEL)
    await roster.refresh()

    reply = await post("chat/completions", asked(model="models/quick"), red)

    assert reply.status == 200
    assert upstream.requests[0].body["model"] == MODEL


async def test_the_operators_instruction_is_the_first_message(post, red, operator_sets, upstream):
    await operator_sets(system_instruction_prefix="Be brief.")
    await roster.refresh()

    reply = await post("chat/completions", asked(), red)

    assert reply.status == 200
    sent = upstream.requests[0].body
    assert sent["messages"] == [{"role": "system", "content": "Be brief."}, user("Hello")]


async def test_a_stream_ends_with_done_and_tells_what_was_used_to_the_gateway_alone(post, red, upstream):
    reply = await post("chat/completions", asked(stream=True), red)

    *chunks, done = chunks_of(reply)
    assert done == b"[DONE]"
    assert reply.ended
    assert len(chunks) > 1
    assert not any("usage" in json.loads(each) for each in chunks)
    assert all(json.loads(each)["choices"] for each in chunks)
    (row,) = await log()
    assert row.outcome == "succeeded"
    assert row.prompt_tokens > 0
    assert row.total_tokens > row.prompt_tokens


async def test_a_client_that_wants_the_counts_of_a_stream_has_them(post, red, upstream):
    reply = await post("chat/completions", asked(stream=True, stream_options={"include_usage": True}), red)

    *chunks, _done = chunks_of(reply)
    used = json.loads(chunks[-1])["usage"]
    (row,) = await log()
    assert used["total_tokens"] == row.total_tokens


async def test_counts_that_come_after_the_last_word_are_booked(post, red, upstream):
    used = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    used |= {"prompt_tokens_details": {"cached_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 4}}
    trailing = json.dumps({"choices": [], "usage": used}).encode()
    upstream.script(a_stream(chunk(), chunk("", "stop"), trailing, b"[DONE]"))

    reply = await post("chat/completions", asked(stream=True), red)

    assert chunks_of(reply) == [chunk(), chunk("", "stop"), b"[DONE]"]
    (row,) = await log()
    assert (row.prompt_tokens, row.cached_tokens, row.candidates_tokens, row.thoughts_tokens) == (5, 2, 3, 4)


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.COMPLETE])
async def test_a_stream_that_is_not_whole_ends_with_an_error_and_is_dropped(ending, post, red, upstream):
    upstream.script(a_stream(chunk(), ending=ending))

    reply = await post("chat/completions", asked(stream=True), red)

    first, last = chunks_of(reply)
    assert first == chunk()
    error = json.loads(last)["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "server_error"
    assert not reply.ended
    assert [row.outcome for row in await log()] == ["interrupted"]


async def test_every_finish_reason_makes_a_stream_whole(post, red, upstream):
    upstream.script(a_stream(chunk(), chunk("", "stop")))

    reply = await post("chat/completions", asked(stream=True), red)

    assert reply.ended
    assert [row.outcome for row in await log()] == ["succeeded"]


async def test_an_error_in_the_middle_of_a_stream_is_told_in_openais_form(post, red, upstream):
    upstream.script(Style(error_after=1))

    reply = await post("chat/completions", asked(stream=True), red)

    error = json.loads(chunks_of(reply)[-1])["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "server_error"
    assert not reply.ended


async def test_a_failure_before_the_first_chunk_is_tried_again_elsewhere(post, red, upstream):
    upstream.script("per_minute", times=1)

    reply = await post("chat/completions", asked(stream=True), red)

    assert reply.status == 200
    assert len(upstream.requests) == 2


async def test_each_text_of_an_embedding_counts_as_a_request(post, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(requests_per_minute=3)
    await roster.refresh()

    one = await post("embeddings", {"model": "gemini-embedding-001", "input": ["a", "b"], "dimensions": 8}, red)
    two = await post("embeddings", {"model": "gemini-embedding-001", "input": ["a", "b"]}, red)

    assert one.status == 200
    assert [len(each["embedding"]) for each in one.json()["data"]] == [8, 8]
    assert two.status == 429
    assert two.json()["error"]["code"] == "rate_limit_exceeded"
    assert int(two.headers["retry-after"]) > 0


async def test_models_are_those_that_the_key_may_use(call, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(allowed_models=[MODEL])
    await roster.refresh()

    told = (await call("GET", "models", red)).json()
    one = await call("GET", f"models/models%2F{MODEL}", red)
    other = await call("GET", "models/gemini-2.5-pro", red)

    assert told["object"] == "list"
    assert [each["id"] for each in told["data"]] == [f"models/{MODEL}"]
    assert one.json() == told["data"][0]
    assert one.json()["object"] == "model"
    assert (other.status, other.json()["error"]["type"]) == (403, "permission_error")
    assert not upstream.requests


@pytest.mark.parametrize("name", [MODEL, f"google/{MODEL}", f"models/{MODEL}"])
async def test_a_model_is_found_by_each_of_its_names(name, call, red, upstream):
    assert (await call("GET", f"models/{name}", red)).json()["id"] == f"models/{MODEL}"


async def test_a_model_that_nobody_knows_is_not_there_in_openais_form(call, red, upstream):
    reply = await call("GET", "models/nobodys", red)

    assert reply.status == 404
    assert reply.json()["error"]["type"] == "not_found_error"


@pytest.mark.parametrize(
    ("http", "path", "body", "status", "kind"),
    [
        ("POST", "chat/completions", b"{", 400, "invalid_request_error"),
        ("POST", "chat/completions", b'{"model":"../x","messages":[]}', 400, "invalid_request_error"),
        ("POST", "chat/completions", b'{"model":"nobodys","messages":[]}', 404, "not_found_error"),
        ("GET", "chat/completions", b"", 405, "invalid_request_error"),
        ("GET", "assistants", b"", 404, "not_found_error"),
        ("POST", "audio/speech", b"{}", 404, "not_found_error"),
    ],
)
async def test_errors_are_in_openais_form(http, path, body, status, kind, call, red, upstream):
    reply = await call(http, path, red, body)

    assert reply.status == status
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == kind


async def test_a_key_that_does_not_verify_is_refused_in_openais_form(post, red, operator_sets, upstream):
    await operator_sets(auth_mode="strict")
    await roster.refresh()

    reply = await post("chat/completions", asked(), "nobodys")

    assert reply.status == 401
    assert reply.json()["error"]["code"] == "invalid_api_key"


async def test_a_model_that_the_key_may_not_use_is_refused(post, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(allowed_models=["gemini-2.5-pro"])
    await roster.refresh()

    reply = await post("chat/completions", asked(model=f"google/{MODEL}"), red)

    assert (reply.status, reply.json()["error"]["type"]) == (403, "permission_error")
    assert not upstream.requests
