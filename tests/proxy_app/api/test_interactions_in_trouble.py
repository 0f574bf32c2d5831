"""Interactions where something is in the way: limits, cooldowns, silence, clients that leave, accounts that cannot."""

import json

import pytest

from accounts_app import roster
from accounts_app.leasing import owners
from accounts_app.models import ApiKey, Resource
from accounts_app.storage import journal
from emulator import Ending, Reply
from gateway_project.http.api_handler import ApiHandler
from proxy_app.forwarding.placement import on_behalf
from proxy_app.models import CapturedCall
from tests.asgi_client import Client
from tests.proxy_app.api.test_interactions import COMPLETED, CREATED, DELTA, DONE, SSE, URL, a_stream, asked, event
from tests.proxy_app.written import log

HOURS = "9000s"


def refused(http_status, **error):
    return Reply(status=http_status, chunks=[json.dumps({"error": error}).encode()], sized=True)


def spent(delay=HOURS):
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    return refused(429, code=429, message="Spent.", status="RESOURCE_EXHAUSTED", details=[retry])


async def test_no_client_is_told_to_sleep_longer_than_a_minute(client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    upstream.script(spent(), times=None)
    for _ in range(2):
        reply = await client.post(URL, asked(previous_interaction_id=made["id"]), x_goog_api_key=red)

    assert reply.status == 429
    assert int(reply.headers["retry-after"]) == 60
    assert reply.json()["error"]["code"] == "rate_limit_exceeded"
    assert "cooling down" in reply.json()["error"]["message"]
    assert "Please retry in" in reply.json()["error"]["message"]


async def test_what_is_there_is_read_cancelled_and_deleted_while_its_owner_cools_down(client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    upstream.script(spent(), times=None)
    await client.post(URL, asked(previous_interaction_id=made["id"]), x_goog_api_key=red)
    one = f"{URL}/{made['id']}"

    assert (await client.get(one, x_goog_api_key=red)).status == 200
    assert (await client.post(f"{one}/cancel", b"", x_goog_api_key=red)).status == 200
    assert (await client.request("DELETE", one, b"", x_goog_api_key=red)).status == 200


async def test_a_used_up_limit_is_told_in_words(client, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(requests_per_day=1)
    await roster.refresh()
    await client.post(URL, asked(), x_goog_api_key=red)
    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)

    assert reply.status == 429
    assert int(reply.headers["retry-after"]) <= 60
    assert reply.json()["error"].keys() == {"message", "code"}
    assert "1 requests per day" in reply.json()["error"]["message"]


async def test_tokens_count_towards_the_keys_limit(client, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(tokens_per_day=7)
    await roster.refresh()
    upstream.script(a_stream(CREATED, DELTA, COMPLETED, DONE))
    first = await client.post(URL, asked(stream=True), x_goog_api_key=red)
    second = await client.post(URL, asked(), x_goog_api_key=red)

    assert (first.status, second.status) == (200, 429)
    (record, _) = await log()
    assert (record.prompt_tokens, record.candidates_tokens) == (3, 4)


async def test_reading_an_interaction_costs_no_tokens(client, red, upstream):
    made = (await client.post(URL, asked(), x_goog_api_key=red)).json()
    await client.get(f"{URL}/{made['id']}", x_goog_api_key=red)
    await client.get(f"{URL}/{made['id']}?stream=true", x_goog_api_key=red)

    assert [bool(record.total_tokens) for record in await log()] == [True, False, False]


async def test_silence_is_bridged_by_comments(client, red, upstream):
    await client.get("/healthz")  # starts the background loops
    impatient = Client(application=ApiHandler(heartbeat_seconds=0.02))
    upstream.script(a_stream(CREATED, ending=Ending.STALL))
    exchange = impatient.start("POST", URL, asked(stream=True), x_goog_api_key=red)
    await exchange.chunks(3)
    reply = await exchange.hang_up()

    assert reply.chunks[:3] == [CREATED, b": ping\n\n", b": ping\n\n"]
    assert [record.outcome for record in await log()] == ["abandoned"]


async def test_what_a_client_that_left_has_used_is_counted_as_far_as_it_is_known(client, red, upstream):
    usage = {"total_input_tokens": 5, "total_tokens": 6}
    step = event("step.stop", index=0, metadata={"total_usage": usage})
    upstream.script(a_stream(CREATED, step, ending=Ending.STALL))
    exchange = client.start("POST", URL, asked(stream=True), x_goog_api_key=red)
    await exchange.chunks(2)
    await exchange.hang_up()

    assert [(record.outcome, record.total_tokens) for record in await log()] == [("abandoned", 6)]


STREAM = CREATED + DELTA + DELTA + COMPLETED + DONE


@pytest.mark.parametrize("at", [*range(0, len(CREATED + DELTA), 37), len(CREATED), len(STREAM) - len(COMPLETED + DONE)])
async def test_a_cut_anywhere_is_a_dropped_connection_or_an_error(at, client, red, upstream):
    upstream.script(Reply(chunks=[STREAM[:at]] if at else [], content_type=SSE, ending=Ending.CUT))

    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)

    if reply.status == 200:
        assert not reply.ended
        assert STREAM.startswith(reply.body)
        assert reply.body.endswith(b"\r\n\r\n")
    else:
        assert at < len(CREATED)
        assert reply.status == 503
        assert reply.ended
    assert len(upstream.requests) == 1


async def test_a_cut_after_the_end_is_none(client, red, upstream):
    upstream.script(a_stream(CREATED, COMPLETED, ending=Ending.CUT))

    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red)

    assert reply.ended
    assert [record.outcome for record in await log()] == ["succeeded"]


async def test_the_attempts_are_explained(client, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(may_explain=True)
    await roster.refresh()
    reply = await client.post(URL, asked(stream=True), x_goog_api_key=red, x_gateway_explain="1")

    assert reply.headers["x-gateway-attempts"] == "1"


async def test_both_sides_are_captured_without_secrets(client, red, upstream):
    await ApiKey.objects.filter(name="red").aupdate(capture=True)
    await roster.refresh()
    tool = {"type": "mcp_server", "name": "t", "url": "https://example.com", "headers": {"Authorization": "s3cret"}}
    upstream.script(a_stream(CREATED, DELTA, COMPLETED, DONE))
    await client.post(URL, asked("What?", stream=True, tools=[tool]), x_goog_api_key=red)
    await journal.flush(force=True)
    row = await CapturedCall.objects.aget()

    assert row.method == "interactions.create"
    assert "What?" in row.request
    assert "s3cret" not in row.request
    assert b"s3cret" in upstream.requests[0].raw
    assert "interaction.completed" in row.answer


async def test_what_was_made_before_the_gateway_is_found_in_a_project_of_ones_own(client, projects, key_of, upstream):
    alone = await key_of("red")
    made = (await client.post(URL, asked(), x_goog_api_key=alone)).json()
    await Resource.objects.all().adelete()
    await journal.flush(force=True)
    owners.reset()
    reply = await client.get(f"{URL}/{made['id']}", x_goog_api_key=alone)

    assert reply.status == 200
    assert [row.name async for row in Resource.objects.filter(kind="interactions")] == [f"interactions/{made['id']}"]


@pytest.mark.parametrize("path", ["interactions", "agents", "voices", "interactions/v1_a/auth_tokens"])
async def test_what_no_account_can_do_is_refused_in_words(path, client, alice, upstream):
    reply = await client.post(f"/v1/{path}", asked())

    assert reply.status == 400
    assert reply.json()["error"]["code"] == "invalid_request"
    assert any(words in reply.json()["error"]["message"] for words in ("not served", "needs an account"))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (refused(501, code=501, message="No.", status="UNIMPLEMENTED"), 400),
        (refused(400, code="invalid_request", message="No."), 400),
        (refused(404, code="not_found", message="No."), 404),
    ],
)
async def test_upstreams_own_errors_pass_but_for_what_clients_would_repeat(answer, status, client, red, upstream):
    upstream.script(answer, times=None)

    reply = await client.post(URL, asked(), x_goog_api_key=red)

    assert reply.status == status
    assert reply.json()["error"]["message"] == "No."


async def test_one_404_deletes_nothing(client, red, upstream):
    made = (await client.post(URL, asked(), x_goog_api_key=red)).json()
    upstream.script(refused(404, code="not_found", message="Not yet."), method="getInteraction")
    one = f"{URL}/{made['id']}"

    assert (await client.get(one, x_goog_api_key=red)).status == 404
    assert (await client.get(one, x_goog_api_key=red)).status == 200


async def test_the_operators_instruction_goes_before_the_clients(client, red, upstream, operator_sets):
    await operator_sets(system_instruction_prefix="Be kind.")
    await roster.refresh()
    await client.post(URL, asked(system_instruction="Be brief."), x_goog_api_key=red)

    assert json.loads(upstream.requests[0].raw)["system_instruction"] == "Be kind.\n\nBe brief."


async def test_what_is_refused_before_it_is_read_has_words_too(client, red, upstream, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    reply = await client.post(URL, asked("x" * 2000), x_goog_api_key=red)

    assert reply.status == 413
    assert reply.json()["error"]["code"] == "request_too_large"


@pytest.mark.parametrize("name", ["previous_interaction_id", "environment"])
async def test_what_can_be_no_name_is_refused_by_its_method(name, client, red, upstream):
    reply = await client.post(URL, asked(**{name: "a b/c"}), x_goog_api_key=red)

    assert reply.status == 400
    assert reply.json()["error"]["message"].startswith("* interactions.create: ")


async def test_what_upstream_says_without_json_is_told_in_words(client, red, upstream):
    upstream.script(Reply(status=400, chunks=[b"No."], content_type="text/plain", sized=True), times=None)

    reply = await client.post(URL, asked(), x_goog_api_key=red)

    assert reply.status == 400
    assert reply.json() == {"error": {"message": "No.", "code": "invalid_request"}}


async def test_an_operator_cancels_and_a_stream_goes_on_behind_an_event(client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    row = await Resource.objects.aget(kind="interactions")
    resumed = await client.get(f"{URL}/{made['id']}?stream=true", x_goog_api_key=red)
    first, _, after = resumed.body.partition(b"\r\n\r\n")
    id_ = json.loads(first.partition(b"data: ")[2])["event_id"]
    again = await client.get(f"{URL}/{made['id']}?stream=true&last_event_id={id_}", x_goog_api_key=red)

    assert again.body == after
    assert upstream.requests[-1].query["last_event_id"] == id_
    assert await on_behalf.cancel(row.name, row.project_id) in (
        "",
        "Only interactions that are running can be cancelled.",
    )
