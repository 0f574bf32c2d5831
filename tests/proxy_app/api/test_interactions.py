"""Interactions through the gateway: which account gets them, and every byte that comes back."""

import json

import pytest

from accounts_app import roster
from accounts_app.models import ApiKey
from emulator import Ending, Reply
from tests.asgi_client import Client
from tests.proxy_app.written import log, rows_of

MODEL = "gemini-3.5-flash"
URL = "/v1beta/interactions"
SSE = "text/event-stream"


def asked(given="Hello", **more):
    return {"model": MODEL, "input": given, **more}


def event(event_type, **fields):
    return f"event: {event_type}\r\ndata: {json.dumps({'event_type': event_type, **fields})}\r\n\r\n".encode()


CREATED = event("interaction.created", interaction={"id": "v1_a", "status": "in_progress"})
DELTA = event("step.delta", index=0, delta={"type": "text", "text": "Hi"})
COMPLETED = event(
    "interaction.completed",
    interaction={"id": "v1_a", "status": "completed", "usage": {"total_input_tokens": 3, "total_output_tokens": 4}},
)
DONE = b"event: done\r\ndata: [DONE]\r\n\r\n"


def a_stream(*blocks, **fields):
    return Reply(chunks=list(blocks), content_type=SSE, **fields)


async def test_three_turns_stay_in_one_project(client, red, blue, upstream):
    first = (await client.post(URL, asked(), x_goog_api_key=red)).json()
    second = (await client.post(URL, asked(previous_interaction_id=first["id"]), x_goog_api_key=red)).json()
    body = asked(previous_interaction_id=second["id"], stream=True)
    third = await client.post(URL, body, x_goog_api_key=red)

    assert first["status"] == second["status"] == "completed"
    assert third.headers["content-type"] == SSE
    assert third.body.endswith(DONE)
    assert third.ended
    rows = await rows_of("interactions")
    assert len(rows) == 3
    assert len({row.project_id for row in rows}) == 1
    assert all((row.expires_at - row.created_at).days in (54, 55) for row in rows)
    assert not any(row.last_json for row in rows)
    assert [record.model for record in await log()] == [MODEL] * 3
    assert all(record.total_tokens for record in await log())
    assert {record.resource for record in await log()} == {row.name for row in rows}


async def test_it_is_shown_cancelled_and_deleted_by_its_owner(client, red, blue, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    one = f"{URL}/{made['id']}"
    shown = await client.get(f"{one}?stream=false&include_input=true", x_goog_api_key=red)
    resumed = await client.get(f"{one}?stream=true", x_goog_api_key=red)
    cancelled = await client.post(f"{one}/cancel", {}, x_goog_api_key=red)
    deleted = await client.request("DELETE", one, b"{}", x_goog_api_key=red)

    assert made["status"] in ("in_progress", "queued")
    assert shown.status == resumed.status == 200
    assert shown.json()["id"] == made["id"]
    assert resumed.body.startswith(b"event: interaction.created")
    assert cancelled.status == deleted.status == 200
    assert not await rows_of("interactions")


@pytest.mark.parametrize(
    ("http", "path", "body"),
    [
        ("GET", "/{}", b""),
        ("GET", "/{}?stream=true", b""),
        ("POST", "/{}/cancel", b"{}"),
        ("DELETE", "/{}", b""),
        ("POST", "", b'{"model":"m","input":"a","previous_interaction_id":"%s"}'),
        ("POST", "", b'{"model":"m","input":"a","store":false,"previous_interaction_id":"%s"}'),
    ],
)
async def test_unknown_and_foreign_ones_are_told_alike(http, path, body, client, red, blue, upstream):
    made = (await client.post(URL, asked(), x_goog_api_key=red)).json()
    replies = []
    for id_ in (made["id"], "v1_nobodys"):
        named = body % id_.encode() if b"%s" in body else body
        replies.append(await client.request(http, URL + path.format(id_), named, x_goog_api_key=blue))

    assert [reply.status for reply in replies] == [404, 404]
    assert replies[0].body == replies[1].body
    assert replies[0].json() == {"error": {"message": "Requested entity was not found.", "code": "not_found"}}
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "blocks",
    [
        (CREATED, DELTA, COMPLETED, DONE),
        (b": ping\r\n\r\n", CREATED, b": ping\n\n", DELTA, COMPLETED),
        tuple(block.replace(b"\r\n", b"\n") for block in (CREATED, DELTA, DONE)),
        tuple(block.partition(b"\r\n")[2] for block in (CREATED, DELTA, COMPLETED, DONE)),
        (CREATED + DELTA[:10], DELTA[10:] + COMPLETED[:-3], COMPLETED[-3:] + DONE),
    ],
)
async def test_not_a_byte_of_a_stream_is_changed(blocks, client, red, upstream):
    upstream.script(a_stream(*blocks))

    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)

    assert reply.body == b"".join(blocks)
    assert reply.ended
    assert reply.headers["cache-control"] == "no-cache"
    (row,) = await rows_of("interactions")
    assert row.name == "interactions/v1_a"
    assert [record.outcome for record in await log()] == ["succeeded"]


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.COMPLETE])
async def test_a_stream_that_is_not_whole_is_dropped_and_nothing_is_invented(ending, client, red, upstream):
    upstream.script(a_stream(CREATED, DELTA, ending=ending))

    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)

    assert reply.body == CREATED + DELTA
    assert not reply.ended
    assert [record.outcome for record in await log()] == ["interrupted"]
    assert len(upstream.requests) == 1


async def test_an_error_event_is_relayed_and_settled_as_a_failure(client, red, upstream):
    error = event("error", error={"code": "unavailable", "message": "Try later."})
    upstream.script(a_stream(CREATED, error, DONE))

    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)

    assert reply.body == CREATED + error + DONE
    (record,) = await log()
    assert (record.outcome, record.message) == ("interrupted", "Try later.")


FAILURES = [
    "overloaded",
    a_stream(event("error", error={"code": "unavailable", "message": "Try later."})),
    a_stream(ending=Ending.CUT),
    Reply(status=0, ending=Ending.CUT),
]


@pytest.mark.parametrize("failure", FAILURES)
async def test_before_the_first_event_another_account_is_asked_if_nothing_is_kept(failure, client, red, upstream):
    upstream.script(failure)

    reply = await client.post(URL, asked(stream=True, store=False), x_goog_api_key=red)

    assert reply.status == 200
    assert reply.body.endswith(DONE)
    assert len(upstream.requests) == 2
    assert not await rows_of("interactions")


@pytest.mark.parametrize(
    "failure", [*FAILURES, Reply(ending=Ending.NO_REPLY)] if hasattr(Ending, "NO_REPLY") else FAILURES
)
@pytest.mark.parametrize("more", [{}, {"stream": True}, {"background": True}])
async def test_what_is_kept_is_never_sent_twice(failure, more, client, red, upstream):
    upstream.script(failure)

    reply = await client.post(URL, asked(**more), x_goog_api_key=red)

    assert reply.status in (502, 503)
    assert reply.ended
    assert isinstance(reply.json()["error"], dict)
    assert len(upstream.requests) == 1


async def test_a_token_binds_the_next_hop(client, red, blue, upstream):
    token = event("interaction.status_update", interaction_id="v1_a", status="in_progress", continuation_token="abc")
    upstream.script(a_stream(CREATED, token, ending=Ending.CUT))

    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)
    rows = await rows_of("continuations")

    assert reply.body == CREATED + token
    assert len(rows) == 1


async def test_get_of_a_background_job_is_asked_again_where_google_reads_one_key_as_two(client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    said = {"error": {"message": "Multiple authentication credentials received. Please pass only one.", "code": "x"}}
    upstream.script(Reply(status=400, chunks=[json.dumps(said).encode()], sized=True), method="getInteraction")

    reply = await client.get(f"{URL}/{made['id']}", x_goog_api_key=red)

    assert reply.status == 200
    assert [record.outcome for record in await log()] == ["succeeded", "overloaded", "succeeded"]


async def test_revision_and_one_credential_go_up(client, red, upstream):
    await client.post(
        f"{URL}?key={red}",
        asked(),
        x_goog_api_key=red,
        api_revision="2026-05-20",
        cookie="",
        x_goog_user_project="p",
        origin="https://example.com",
    )

    (seen,) = upstream.requests
    assert seen.headers["api-revision"] == "2026-05-20"
    assert not {"authorization", "cookie", "x-goog-user-project", "origin"} & seen.headers.keys()
    assert seen.account
    assert not seen.query


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [(b"{", 400, "invalid_request"), (b'{"model":"a b/../c","input":1}', 400, "invalid_request")],
)
async def test_own_errors_have_words_for_codes(body, status, code, client, red, upstream):
    reply = await client.post(URL, body, x_goog_api_key=red)

    assert reply.status == status
    assert reply.json()["error"]["code"] == code
    assert reply.json()["error"].keys() == {"message", "code"}


async def test_so_has_the_refusal_of_a_key(client, red, upstream, operator_sets):
    await operator_sets(auth_mode="strict")
    reply = await Client().post(URL, asked(), x_goog_api_key="wrong")

    assert reply.status == 401
    assert reply.json()["error"]["code"] == "authentication"


async def test_a_key_may_be_limited_to_some_agents(client, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(allowed_agents=["deep-*"], allowed_models=["gemini-*"])
    await roster.refresh()
    body = {"agent": "antigravity-preview-05-2026", "input": "Hi"}

    refused = await client.post(URL, body, x_goog_api_key=red)
    allowed = await client.post(
        URL, {**body, "agent": "deep-research-preview-04-2026", "background": True}, x_goog_api_key=red
    )

    assert refused.status == 403
    assert refused.json()["error"] == {
        "message": "This API key may not use the agent antigravity-preview-05-2026.",
        "code": "permission_denied",
    }
    assert allowed.status == 200, allowed.body
    assert [record.model for record in await log() if record.attempt] == ["deep-research-preview-04-2026"]


async def test_the_head_of_an_interaction_is_asked_for_as_a_whole(client, red, upstream):
    made = await client.post(URL, asked(), x_goog_api_key=red)

    reply = await client.request("HEAD", f"{URL}/{made.json()['id']}", b"", x_goog_api_key=red)

    assert reply.status == 200
    assert {row.outcome for row in await log()} == {"succeeded"}


async def test_a_query_streams_no_create(client, red, upstream):
    made = await client.post(f"{URL}?stream=true", asked(), x_goog_api_key=red)

    assert made.headers["content-type"].startswith("application/json")
    assert [row.name for row in await rows_of("interactions")] == [f"interactions/{made.json()['id']}"]
