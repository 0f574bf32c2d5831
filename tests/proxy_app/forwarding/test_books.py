"""Under concurrent calls that end in every way, all slots come back, and the log has what upstream saw."""

import asyncio
from collections import Counter
from random import Random

import pytest

from accounts_app import leasing
from emulator import Emulator, Ending, Style
from proxy_app.models import UsageRecord
from tests.asgi_client import Client, Reply
from tests.factories import a_prompt
from tests.proxy_app.scripted import a_stream, a_text

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
ARRAY = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=json"
COUNT = f"/v1beta/models/{MODEL}:countTokens"

TROUBLE = (
    "overloaded",
    "rate_limited",
    "reset",
    "hang_up",
    "token_expired",
    "empty_200",
    "html_502",
    "cut_after_first",
    "invalid_argument",
    "no_finish",
    "gzipped",
    Style(delay=0.02, gap=0.002),
    a_stream(a_text("one"), a_text("two", "STOP"), gap=0.01),
)


async def a_call(client: Client, number: int, chance: Random) -> Reply:
    """One call of some kind, whose client may leave at any point of it."""
    prompt, when = a_prompt(f"{number}"), chance.choice(("early", "once it is answered", "", ""))
    if when == "early":
        exchange = client.start("POST", chance.choice((PLAIN, STREAM, ARRAY)), prompt)
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        return await exchange.hang_up()
    exchange = client.start("POST", chance.choice((PLAIN, STREAM, STREAM, ARRAY, COUNT)), prompt)
    if not when:
        return await exchange.end()
    await exchange.chunks()
    return await exchange.hang_up()


@pytest.mark.parametrize("seed", range(3))
async def test_thirty_mixed_concurrent_calls_leave_the_books_balanced(seed, client, pool_of, upstream, ledger):
    chance = Random(seed)
    await pool_of("alice", "bob", "carol", "dave", max_concurrency=20)
    await client.get("/readyz")
    for _ in range(15):
        upstream.script(chance.choice(TROUBLE), delay=0.05)

    replies = await asyncio.gather(*(a_call(client, number, chance) for number in range(30)))

    await asyncio.to_thread(upstream.wait_for_silence)
    assert leasing.in_flight() == 0
    written = await ledger()
    entries = [entry for entry in written if entry.attempt and not unseen(entry, upstream)]
    assert len(entries) == len(upstream.calls)
    assert Counter(entry.account_label for entry in entries) == Counter(call.account for call in upstream.calls)
    assert max(Counter(entry.request_id for entry in entries if entry.delivered).values()) == 1
    answered = {reply.headers["x-request-id"] for reply in replies if reply.status == 200}
    assert answered == {entry.request_id for entry in entries if entry.delivered}


def unseen(entry: UsageRecord, upstream: Emulator) -> bool:
    """An attempt whose client left before it was sent: the request log has it, but upstream never saw it."""
    seen = sum(call.body["requestId"] == entry.request_id for call in upstream.calls if call.call != "countTokens")
    return entry.outcome == "abandoned" and entry.attempt > seen


async def test_an_accounts_limit_holds_however_many_call(client, pool_of, upstream):
    await pool_of("alice", "bob", max_concurrency=3)
    upstream.script(a_stream(a_text("one"), ending=Ending.STALL), times=None)
    exchanges = [client.start("POST", STREAM, a_prompt(f"{number}")) for number in range(6)]
    await asyncio.gather(*(exchange.chunks() for exchange in exchanges))

    assert Counter(call.account for call in upstream.calls) == {"alice@example.com": 3, "bob@example.com": 3}

    await asyncio.gather(*(exchange.hang_up() for exchange in exchanges))
    assert leasing.in_flight() == 0
