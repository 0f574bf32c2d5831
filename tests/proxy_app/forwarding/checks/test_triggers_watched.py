"""Triggers, which begin interactions without any call: found, counted on their key, limited and stopped."""

import time
from datetime import UTC, date, datetime

import pytest
from django.db.models import Sum

from accounts_app import roster
from accounts_app.actions import resources
from accounts_app.leasing import owners
from accounts_app.models import ApiKey, Duty, KeyGroup, KeyUse, Resource, RunningJob
from accounts_app.storage import journal
from accounts_app.storage.worker import in_database
from proxy_app.forwarding.checks import job_watch
from proxy_app.forwarding.placement import on_behalf
from proxy_app.models import UsageHour

URL = "/v1beta/triggers"
AGENT = "antigravity-preview-05-2026"
NIGHTLY = {"interaction": {"agent": AGENT, "input": "Look for news"}, "schedule": "0 0 * * *", "time_zone": "UTC"}
DAY = 86_400


@pytest.fixture
async def made(client, red, upstream):
    """The id of a trigger of the red key's."""
    reply = await client.post(URL, NIGHTLY, x_goog_api_key=red)
    assert reply.status == 200, reply.body
    return reply.json()["id"]


async def watch(upstream):
    """A node looks at all that is due, in the second round at what it has found in the first, which is over then."""
    for _ in range(2):
        await journal.flush(force=True)
        await Duty.objects.all().adelete()
        await RunningJob.objects.aupdate(look_at=datetime.fromtimestamp(time.time(), UTC))
        await job_watch.look_at_due(time.time() + 1)
        upstream.advance(3600)
    await journal.flush(force=True)


async def counted():
    await journal.flush(force=True)
    sums = (await UsageHour.objects.aaggregate(all=Sum("total_tokens")))["all"] or 0
    assert sums == ((await KeyUse.objects.aaggregate(all=Sum(KeyUse.CHARGED)))["all"] or 0)
    return sums


async def runs_of(client, red, made):
    return (await client.get(f"{URL}/{made}/executions", x_goog_api_key=red)).json()["trigger_executions"]


async def test_what_a_trigger_begins_is_its_keys_and_counted_once(client, red, made, upstream):
    upstream.advance(2 * DAY + 60)

    await watch(upstream)

    found = [row async for row in Resource.objects.filter(kind="interactions").select_related("group")]
    key = await ApiKey.objects.aget(name="red")
    assert len(found) == 2
    assert {(row.api_key_id, row.group.name, row.model) for row in found} == {(key.pk, "red", AGENT)}
    assert all(row.expires_at for row in found)
    used = await counted()
    assert used > 0
    assert (await RunningJob.objects.select_related("resource").aget()).resource.name == f"triggers/{made}"
    await watch(upstream)
    await runs_of(client, red, made)
    await watch(upstream)
    assert await counted() == used


async def test_what_a_client_sees_first_is_counted_too(client, red, made, upstream):
    upstream.advance(DAY)
    (run,) = await runs_of(client, red, made)
    shown = await client.get(f"/v1beta/interactions/{run['interaction_id']}", x_goog_api_key=red)
    await watch(upstream)

    assert shown.status == 200
    assert (await Resource.objects.aget(kind="interactions")).model == AGENT
    assert await counted() > 0


async def test_a_run_on_request_is_a_job(client, red, made, upstream):
    run = (await client.post(f"{URL}/{made}/executions", {}, x_goog_api_key=red)).json()
    row = await Resource.objects.aget(kind="interactions")
    upstream.advance(DAY)
    await watch(upstream)

    assert (row.name, row.state, row.last_json) == (f"interactions/{run['interaction_id']}", "in_progress", "")
    assert await counted() > 0


async def test_a_client_that_looks_at_its_trigger_does_not_end_the_watch(client, red, made, upstream):
    assert (await client.get(f"{URL}/{made}", x_goog_api_key=red)).json()["status"] == "active"
    await watch(upstream)

    assert await RunningJob.objects.filter(resource__name=f"triggers/{made}", looks=0).aexists()


async def test_an_active_trigger_counts_as_a_running_job_until_it_is_paused(client, red, made, upstream):
    await KeyGroup.objects.filter(name="red").aupdate(max_running_jobs=1)
    await roster.refresh()
    await journal.flush(force=True)
    refused = await client.post(URL, NIGHTLY, x_goog_api_key=red)
    await client.request("PATCH", f"{URL}/{made}", b'{"status":"paused"}', x_goog_api_key=red)
    await journal.flush(force=True)
    taken = await client.post(URL, NIGHTLY, x_goog_api_key=red)

    assert refused.status == 429
    assert "max_running_jobs" in refused.json()["error"]["message"]
    assert taken.status == 200


async def test_an_operator_pauses_and_deletes_it(client, red, made, upstream):
    row = await Resource.objects.aget(kind="triggers")
    assert row.state == "active"
    (line,) = await in_database(lambda: resources.by_kind(Resource.objects.all()))
    assert (line.kind, line.running) == ("triggers", 1)
    assert await on_behalf.cancel(row.name, row.project_id) == ""
    assert (await client.get(f"{URL}/{made}", x_goog_api_key=red)).json()["status"] == "paused"
    assert await on_behalf.delete(row.name, row.project_id) == ""
    await owners.gone(row.name, row.project_id)

    assert (await client.get(f"{URL}/{made}", x_goog_api_key=red)).status == 404
    assert not await RunningJob.objects.aexists()


async def test_one_that_upstream_does_not_have_on_two_days_is_forgotten(client, red, made, upstream):
    row = await Resource.objects.select_related("account").aget(kind="triggers")
    await on_behalf.delete(row.name, row.project_id)
    await watch(upstream)
    assert (await Resource.objects.aget()).not_there_on is not None

    await Resource.objects.aupdate(not_there_on=date(2026, 1, 1))
    await watch(upstream)

    assert not await Resource.objects.aexists()
    assert not await RunningJob.objects.aexists()


async def test_what_it_begins_is_found_after_the_account_that_made_it_is_gone(client, red, made, projects, upstream):
    row = await Resource.objects.aget(kind="triggers")
    await Resource.objects.aupdate(account=None)
    upstream.advance(DAY + 60)

    await watch(upstream)

    found = await Resource.objects.aget(kind="interactions")
    assert found.project_id == row.project_id
    assert found.account_id is not None
