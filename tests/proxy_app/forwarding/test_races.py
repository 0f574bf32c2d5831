"""A hundred concurrent calls meet the same failure: it is counted once, and all slots come back."""

import asyncio
import json

import pytest

from accounts_app.models import Rest
from accounts_app.pool.backoff import GUESSES
from emulator import Reply
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"


def too_fast(after: float) -> Reply:
    """A 429 that names no time, so that the backoff has to guess."""
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}
    error = {"code": 429, "message": "Too many requests.", "status": "RESOURCE_EXHAUSTED", "details": [info]}
    return Reply(status=429, chunks=(json.dumps({"error": error}).encode(),), sized=True, delay=after)


@pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
async def test_a_hundred_concurrent_429s_are_one_step_of_the_backoff(url, client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    (alice,) = await pool_of("alice")
    upstream.script(too_fast(after=1.0), times=None)

    calls = [client.start("POST", url, a_prompt(f"Hello {number}")) for number in range(100)]
    await asyncio.to_thread(upstream.wait_for_requests, 100)
    replies = [await call.end() for call in calls]

    assert {reply.status for reply in replies} == {429}
    entries = await ledger()
    assert [entry.outcome for entry in entries] == ["rate_limited"] * 100
    cooldown = await Rest.objects.aget(account=alice)
    assert cooldown.streak == 1
    first, last = min(entry.at for entry in entries), cooldown.until
    assert (last - first).total_seconds() < 1.2 * GUESSES[0] + GUESSES[1]


async def test_a_hundred_calls_that_meet_a_spent_account_all_find_the_other(client, pool_of, upstream, ledger):
    alice, bob = await pool_of("alice", "bob")
    upstream.script(too_fast(after=0.2), account=alice.email, times=None)

    replies = await asyncio.gather(*(client.post(PLAIN, a_prompt(f"Hello {number}")) for number in range(100)))

    assert {reply.status for reply in replies} == {200}
    entries = await ledger()
    assert len(entries) == len(upstream.calls)
    assert {entry.account_id for entry in entries if entry.outcome == "succeeded"} == {bob.pk}
    assert (await Rest.objects.aget(account=alice)).streak == 1
