"""Quotas are fetched in the background, and never at a start."""

import asyncio
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.credentials import quota
from accounts_app.models import Account
from gateway_project.background.loops import Background


async def test_a_running_gateway_fetches_the_quotas_of_accounts_in_use(upstream, pool_of):
    await pool_of("alice", last_used_at=datetime.now(UTC))
    running = Background(quota_seconds=0.01)

    await asyncio.to_thread(upstream.wait_for_requests, 1, call="retrieveUserQuota")
    while not (await Account.objects.aget()).quota:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)

    await running.stop()
    assert len(upstream.requests_of("retrieveUserQuota")) == 1


async def test_a_start_asks_upstream_nothing(upstream, pool_of):
    await pool_of("alice", last_used_at=datetime.now(UTC))
    running = Background()

    await running.has_read.wait()
    await running.stop()

    assert roster.current().accounts
    assert not upstream.requests


async def test_a_gateway_that_ends_does_not_wait_for_an_upstream_that_is_silent(upstream, pool_of):
    await pool_of("alice", last_used_at=datetime.now(UTC))
    upstream.script("stall", method="retrieveUserQuota")
    running = Background(quota_seconds=0.01)
    await asyncio.to_thread(upstream.wait_for_requests, 1, call="retrieveUserQuota")

    await running.stop()

    assert (await Account.objects.aget()).quota_fetched_at is None


async def test_quotas_are_fetched_again_after_a_quarter_of_an_hour_and_not_all_at_once(upstream, pool_of):
    now = datetime.now(UTC)
    for number in range(12):  # the time of each depends on its id
        await pool_of(f"a{number}", pk=1000 + number, last_used_at=now, quota_asked_at=now - timedelta(minutes=15))
    claim_due = sync_to_async(quota.claim_due)

    assert not await claim_due((now - timedelta(minutes=4)).timestamp())
    first = await claim_due(now.timestamp())
    assert 0 < len(first) < 12
    assert len(first + await claim_due((now + timedelta(minutes=4)).timestamp())) == 12
