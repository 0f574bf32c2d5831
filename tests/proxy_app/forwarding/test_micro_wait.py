"""A rate limit of seconds: the call waits for the same account, which cools down for all other calls meanwhile."""

import asyncio
import json
from collections.abc import Callable

import pytest

from accounts_app import leasing
from accounts_app.leasing import Status
from accounts_app.models import Rest
from emulator import Reply
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
ENOUGH = 1.5  # seconds, so that also a slow machine gets everything else done within the wait


@pytest.fixture
async def alice_first(pool_of, operator_sets) -> tuple[int, int]:
    """Alice answers as long as she can, then Bob; their ids."""
    await operator_sets(strategy="fill_first")
    alice, bob = await pool_of("alice", "bob")
    return alice.pk, bob.pk


async def until(happened: Callable[[], bool]) -> None:
    while not happened():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.01)


def status_of(account: int) -> Status:
    return next(each.status for each in leasing.eligibility(MODEL, 0.0) if each.account == account)


def spent_for_an_hour(after: float) -> Reply:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3600s"}]
    error = {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED", "details": details}
    return Reply(status=429, chunks=(json.dumps({"error": error}).encode(),), sized=True, delay=after)


async def test_other_calls_leave_the_account_alone_until_it_is_over(alice_first, client, upstream, ledger):
    alice, bob = alice_first
    upstream.script("rate_limited", delay=ENOUGH)

    waiting = client.start("POST", PLAIN, a_prompt())
    await until(lambda: leasing.in_flight() == 1 and status_of(alice) is Status.COOLING_DOWN)
    other = await client.post(PLAIN, a_prompt())
    reply = await waiting.end()

    assert (reply.status, other.status) == (200, 200)
    entries = await ledger()
    assert [(entry.account_id, entry.outcome) for entry in entries] == [
        (alice, "rate_limited"),
        (bob, "succeeded"),
        (alice, "succeeded"),
    ]
    assert not await Rest.objects.filter(until__isnull=False).aexists()
    assert status_of(alice) is Status.READY


async def test_an_account_that_another_call_finds_spent_meanwhile_is_left(alice_first, client, upstream, ledger):
    alice, bob = alice_first
    upstream.script(spent_for_an_hour(after=0.4))
    upstream.script("rate_limited", delay=ENOUGH)

    first = client.start("POST", PLAIN, a_prompt())
    await asyncio.to_thread(upstream.wait_for_requests, 1)
    second = client.start("POST", PLAIN, a_prompt())
    replies = [await first.end(), await second.end()]

    assert [reply.status for reply in replies] == [200, 200]
    assert [call.account for call in upstream.calls].count("alice@example.com") == 2
    assert [entry.outcome for entry in await ledger() if entry.account_id == bob] == ["succeeded", "succeeded"]
    assert (await Rest.objects.aget(account=alice)).reason == "rate_limited"
    assert status_of(alice) is Status.COOLING_DOWN


async def test_a_pool_of_one_answers_everybody_after_the_wait(client, pool_of, upstream, ledger):
    await pool_of("alice")
    upstream.script("rate_limited", delay=0.5)

    waiting = client.start("POST", PLAIN, a_prompt())
    await asyncio.to_thread(upstream.wait_for_requests, 1)
    others = [client.start("POST", PLAIN, a_prompt()) for _ in range(5)]
    replies = [await call.end() for call in (waiting, *others)]

    assert [reply.status for reply in replies] == [200] * 6
    assert sorted(entry.outcome for entry in await ledger()).count("succeeded") == 6
