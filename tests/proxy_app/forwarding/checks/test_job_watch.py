"""Interactions that go on without their client: what they use is counted, once, on the key that began them."""

import json
import time
from datetime import UTC, datetime

import pytest
from django.db.models import Sum

from accounts_app import roster
from accounts_app.models import ApiKey, Duty, KeyGroup, KeyUse, Resource, RunningJob
from accounts_app.storage import journal
from emulator import Ending, Reply, Style
from proxy_app.forwarding.checks import job_watch
from proxy_app.models import UsageHour, UsageRecord

MODEL = "gemini-3.5-flash"
URL = "/v1beta/interactions"
JOB_SECONDS = 3600


def asked(**more):
    return {"model": MODEL, "input": "Tell me something long.", **more}


async def watch(after=3600.0):
    await journal.flush(force=True)
    await Duty.objects.all().adelete()  # another node's turn
    await job_watch.look_at_due(time.time() + after)
    await journal.flush(force=True)


async def counted():
    """The tokens that rows, sums and the key have, which have to agree."""
    await journal.flush(force=True)
    rows = (await UsageRecord.objects.aaggregate(all=Sum("total_tokens")))["all"] or 0
    sums = (await UsageHour.objects.aaggregate(all=Sum("total_tokens")))["all"] or 0
    key = (await KeyUse.objects.aaggregate(all=Sum(KeyUse.CHARGED)))["all"] or 0
    assert rows == sums == key
    return rows


async def used_by(client, made, key):
    return (await client.get(f"{URL}/{made['id']}", x_goog_api_key=key)).json()["usage"]["total_tokens"]


async def test_a_background_job_is_counted_when_upstream_says_that_it_is_over(client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    await watch()
    assert await counted() == 0
    assert (await RunningJob.objects.aget()).looks == 1
    upstream.advance(JOB_SECONDS + 1)

    await watch(7200)

    row = await UsageRecord.objects.aget(method="interactions.create")
    assert row.total_tokens == await counted() > 0
    assert row.resource == f"interactions/{made['id']}"
    assert (await Resource.objects.aget()).state == "completed"
    assert not await RunningJob.objects.aexists()
    assert await used_by(client, made, red) == row.total_tokens
    await watch()
    assert await counted() == row.total_tokens


@pytest.mark.parametrize("query", ["", "?stream=false", "?stream=true"])
async def test_a_client_that_sees_its_end_counts_it(query, client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    upstream.advance(JOB_SECONDS + 1)

    for _ in range(2):
        assert (await client.get(f"{URL}/{made['id']}{query}", x_goog_api_key=red)).status == 200
    await watch()

    assert await counted() == await used_by(client, made, red) > 0


async def test_a_job_of_an_expired_key_is_counted_on_it(client, red, upstream):
    await client.post(URL, asked(background=True), x_goog_api_key=red)
    await ApiKey.objects.filter(name="red").aupdate(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    upstream.advance(JOB_SECONDS + 1)

    await watch()

    assert await counted() > 0


async def test_a_stream_that_was_left_is_counted_later_and_no_token_twice(client, red, upstream):
    upstream.script(Style(stall_after=4))
    exchange = client.start("POST", URL, asked(stream=True), x_goog_api_key=red)
    await exchange.chunks(2)
    await exchange.hang_up()
    first = await counted()
    upstream.advance(JOB_SECONDS + 1)

    await watch()

    (made,) = [row.name.partition("/")[2] async for row in Resource.objects.filter(kind="interactions")]
    assert await counted() == await used_by(client, {"id": made}, red) > first


async def test_who_sees_the_end_of_a_stream_that_is_still_read_does_not_count_it(client, red, upstream):
    begun = {"event_type": "interaction.created", "interaction": {"id": "v1_a", "status": "in_progress"}}
    so_far = {"event_type": "step.stop", "metadata": {"total_usage": {"total_input_tokens": 7, "total_tokens": 7}}}
    over = {"id": "v1_a", "status": "cancelled", "usage": {"total_input_tokens": 7, "total_tokens": 7}}
    blocks = [f"data: {json.dumps(each)}\n\n".encode() for each in (begun, so_far)]
    upstream.script(Reply(chunks=blocks, content_type="text/event-stream", ending=Ending.STALL))
    upstream.script(Reply(chunks=[json.dumps(over).encode()]), method="getInteraction", times=None)
    exchange = client.start("POST", URL, asked(stream=True), x_goog_api_key=red)
    await exchange.chunks(2)

    await client.get(f"{URL}/v1_a", x_goog_api_key=red)
    await exchange.hang_up()
    await watch()

    assert await counted() == 7


async def test_a_stream_that_was_read_to_its_end_is_no_job(client, red, upstream):
    await client.post(URL, asked(stream=True), x_goog_api_key=red)
    await client.post(URL, asked(), x_goog_api_key=red)
    before = await counted()

    assert before > 0
    assert not await RunningJob.objects.aexists()
    await watch()
    assert await counted() == before


async def test_what_upstream_has_lost_is_given_up(client, red, upstream):
    made = (await client.post(URL, asked(background=True), x_goog_api_key=red)).json()
    await journal.flush(force=True)
    await RunningJob.objects.aupdate(looks=job_watch.MOST_LOOKS)
    upstream.script("not_found", method="getInteraction")

    await watch()

    assert made["id"]
    assert not await RunningJob.objects.aexists()
    assert await counted() == 0


async def test_one_node_asks_for_all(client, red, upstream):
    await client.post(URL, asked(background=True), x_goog_api_key=red)
    await watch()
    asked_so_far = len(upstream.requests)

    await job_watch.look_at_due(time.time() + 7200)

    assert len(upstream.requests) == asked_so_far


async def test_background_jobs_are_running_jobs_of_their_group(client, red, upstream):
    await KeyGroup.objects.aupdate(max_running_jobs=1)
    await roster.refresh()
    first = await client.post(URL, asked(background=True), x_goog_api_key=red)
    chat = await client.post(URL, asked(stream=True), x_goog_api_key=red)
    second = await client.post(URL, asked(background=True), x_goog_api_key=red)

    assert (first.status, chat.status, second.status) == (200, 200, 429)
    assert "max_running_jobs" in second.json()["error"]["message"]
    assert second.json()["error"]["code"] == "rate_limit_exceeded"
