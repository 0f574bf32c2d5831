"""The quotas of accounts: stored, and kept up to date once per cluster."""

import asyncio
from datetime import UTC, datetime, timedelta

from asgiref.sync import sync_to_async

from accounts_app.actions import accounts
from accounts_app.actions.accounts import NewAccount
from accounts_app.credentials import quota
from accounts_app.credentials.quota import ModelQuota
from accounts_app.models import Account
from accounts_app.storage.worker import in_database
from emulator import Emulator
from tests.accounts_app.conftest import Known, row_of

TOKEN = "access-alice@example.com"
RESET = "2026-11-23T02:00:00Z"


async def test_an_older_answer_does_not_replace_a_later_one(known: Known, now: float):
    alice = await known()

    assert await in_database(quota.store, alice.id, {"a": ModelQuota(0.5, RESET, "A", 10, 5, True)}, now)
    assert not await in_database(quota.store, alice.id, {"a": ModelQuota(0.9)}, now - 1)

    assert (await row_of(alice)).quota == {
        "a": {
            "remaining": 0.5,
            "resets_at": RESET,
            "display_name": "A",
            "input_limit": 10,
            "output_limit": 5,
            "thinking": True,
        }
    }


async def test_a_token_that_is_refused_is_renewed_once(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now + 3600)
    upstream.expire_access_tokens(alice.email)

    assert "gemini-2.5-pro" in await quota.update(alice, now)
    assert len(upstream.requests_of("token")) == 1


async def test_however_many_ask_it_is_fetched_once(known: Known, upstream: Emulator, now: float):
    alice = await known()

    found = await asyncio.gather(*(quota.update(alice, now) for _ in range(10)))

    assert all("gemini-2.5-pro" in each for each in found)
    assert len(upstream.requests_of("retrieveUserQuota")) == 1


async def test_only_accounts_in_use_are_kept_up_to_date(known: Known, upstream: Emulator, now: float):
    in_use = await known("alice", last_used_at=datetime.fromtimestamp(now - 60, UTC))
    a_day_ago = datetime.fromtimestamp(now - 86400, UTC)
    await known("bob", last_used_at=a_day_ago, quota_asked_at=a_day_ago)
    await known("carol", quota_asked_at=a_day_ago)
    await known("dora", last_used_at=datetime.fromtimestamp(now - 60, UTC), parked="sign_in")

    assert await quota.update_due(now) == 1

    assert "gemini-2.5-pro" in (await row_of(in_use)).quota
    assert {asked.account for asked in upstream.requests} == {in_use.email}


async def test_an_account_that_was_just_connected_is_looked_at_once(known: Known, upstream: Emulator, now: float):
    alice = await known(project="", at_google={"project": "my-project"})

    assert await quota.update_due(now) == 1
    assert await quota.update_due(now + timedelta(hours=1).total_seconds()) == 0

    row = await row_of(alice)
    assert (row.project, row.quota_fetched_at) == ("my-project", datetime.fromtimestamp(now, UTC))
    assert len(upstream.requests_of("fetchAvailableModels")) == 1


async def test_an_account_that_is_connected_anew_is_looked_at_anew(known: Known, now: float):
    alice = await known()
    assert await quota.update_due(now) == 1

    await in_database(accounts.connect, NewAccount(email=alice.email, refresh_token=alice.credential.refresh_token))

    assert await in_database(quota.claim_due, now + 1) == [alice.id]


async def test_a_look_costs_an_idle_gateway_one_query_and_no_request(
    known: Known, upstream: Emulator, now: float, django_assert_num_queries
):
    await known(quota_asked_at=datetime.fromtimestamp(now - 86400, UTC))

    def look() -> None:
        with django_assert_num_queries(1):
            assert quota.claim_due(now) == []

    await sync_to_async(look)()
    assert await quota.update_due(now) == 0
    assert not upstream.requests


async def test_of_several_nodes_one_fetches_an_accounts_quota(known: Known, now: float):
    alice = await known(last_used_at=datetime.fromtimestamp(now, UTC))

    assert await in_database(quota.claim_due, now) == [alice.id]
    assert await in_database(quota.claim_due, now) == []

    later = now + timedelta(minutes=19).total_seconds()
    await in_database(Account.objects.update, last_used_at=datetime.fromtimestamp(later, UTC))
    assert await in_database(quota.claim_due, later) == [alice.id]


async def test_a_look_noted_by_a_clock_that_was_ahead_delays_no_account(known: Known, now: float):
    ahead = datetime.fromtimestamp(now + 2 * 3600, UTC)
    alice = await known(
        last_used_at=datetime.fromtimestamp(now, UTC), quota_asked_at=ahead, quota_fetched_at=ahead, quota={}
    )

    assert await in_database(quota.claim_due, now) == [alice.id]
    assert await in_database(quota.store, alice.id, {"m": quota.ModelQuota(0.5)}, now)


async def test_a_quota_that_cannot_be_fetched_waits_for_its_next_time(known: Known, upstream: Emulator, now: float):
    alice = await known(last_used_at=datetime.fromtimestamp(now, UTC), quota={"a": {"remaining": 0.5}})
    for method in ("fetchAvailableModels", "retrieveUserQuota"):
        upstream.script("reset", method=method, times=None)

    assert await quota.update_due(now) == 0
    assert await quota.update_due(now) == 0

    assert len(upstream.requests_of("retrieveUserQuota")) == 1
    row = await row_of(alice)
    assert (row.quota, row.quota_fetched_at) == ({"a": {"remaining": 0.5}}, None)
