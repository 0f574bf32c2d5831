"""A client that disconnects: upstream is left at once, all slots come back, and no account is blamed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from accounts_app import leasing
from accounts_app.models import Rest
from emulator import Ending, Reply
from tests.factories import a_prompt
from tests.proxy_app.scripted import FINISHED, a_stream, a_text

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
COUNT = f"/v1beta/models/{MODEL}:countTokens"


async def hangs_up(upstream) -> None:
    """Wait until upstream has noticed."""
    await asyncio.to_thread(upstream.wait_for_hang_up)


async def the_books_say(outcome: str, ledger, **facts) -> None:
    (entry,) = await ledger()
    assert entry.outcome == outcome
    assert {name: getattr(entry, name) for name in facts} == facts
    assert leasing.in_flight() == 0
    assert not await Rest.objects.filter(until__isnull=False).aexists()


@pytest.mark.parametrize("url", [PLAIN, STREAM, COUNT], ids=("plain", "stream", "count"))
async def test_before_upstream_has_said_anything(url, client, alice, upstream, ledger):
    upstream.script("stall")
    exchange = client.start("POST", url, a_prompt())
    await asyncio.to_thread(upstream.wait_for_requests)

    reply = await exchange.hang_up()

    await hangs_up(upstream)
    assert reply.status == 0
    assert reply.failure is None
    await the_books_say("abandoned", ledger, delivered=False, status=0, events=0, first_event_ms=None)


@pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
async def test_between_upstreams_head_and_its_first_event(url, client, alice, upstream, ledger):
    upstream.script("stall_after_headers")
    exchange = client.start("POST", url, a_prompt())
    await asyncio.to_thread(upstream.wait_for_requests)

    await exchange.hang_up()

    await hangs_up(upstream)
    await the_books_say("abandoned", ledger, delivered=False)


async def test_after_the_first_event(client, alice, upstream, ledger):
    upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
    exchange = client.start("POST", STREAM, a_prompt())
    await exchange.chunks()
    assert leasing.in_flight() == 1

    reply = await exchange.hang_up()

    await hangs_up(upstream)
    assert reply.texts() == ["one"]
    assert not reply.ended
    await the_books_say("abandoned", ledger, delivered=True, status=200, events=1)


async def test_in_the_middle_of_a_long_answer(client, alice, upstream, ledger):
    upstream.script(a_stream(*(a_text("word") for _ in range(2000)), FINISHED, gap=0.005))
    exchange = client.start("POST", STREAM, a_prompt())
    await exchange.chunks(5)

    await exchange.hang_up()

    await hangs_up(upstream)
    await the_books_say("abandoned", ledger, delivered=True)


async def test_after_the_last_event_it_has_had_the_whole_answer(client, alice, upstream, ledger):
    """Some clients hang up on the finishReason, before the connection's own end."""
    upstream.script(a_stream(FINISHED, ending=Ending.STALL))
    exchange = client.start("POST", STREAM, a_prompt())
    await exchange.chunks()

    await exchange.hang_up()

    await hangs_up(upstream)
    await the_books_say("succeeded", ledger, delivered=True, events=1)


async def test_while_a_token_is_renewed(client, pool_of, upstream, ledger):
    await pool_of("alice", expires_at=datetime.now(UTC) - timedelta(hours=1))
    upstream.script(Reply(status=500, delay=0.1), method="token")
    exchange = client.start("POST", PLAIN, a_prompt())
    await asyncio.to_thread(upstream.wait_for_requests, call="token")

    await exchange.hang_up()

    await the_books_say("abandoned", ledger, delivered=False)
    (entry,) = await ledger()
    assert entry.endpoint == ""


async def test_while_it_waits_for_an_account_to_recover(client, alice, upstream):
    until = datetime.now(UTC) + timedelta(seconds=8)
    await Rest.objects.acreate(account=alice, model=MODEL, until=until, reason="rate_limited", streak=1)
    exchange = client.start("POST", PLAIN, a_prompt())

    reply = await exchange.hang_up()

    assert reply.status == 0
    assert leasing.in_flight() == 0
    assert not upstream.requests


async def test_a_hundred_at_once(client, pool_of, upstream, ledger):
    await pool_of("alice", "bob", "carol")
    upstream.script(a_stream(a_text("one"), ending=Ending.STALL), times=None)
    exchanges = [client.start("POST", STREAM, a_prompt(f"{number}")) for number in range(100)]
    await asyncio.gather(*(exchange.chunks() for exchange in exchanges))
    assert leasing.in_flight() == 100

    await asyncio.gather(*(exchange.hang_up() for exchange in exchanges))

    await asyncio.to_thread(upstream.wait_for_hang_up, 100)
    assert leasing.in_flight() == 0
    assert upstream.open_streams == 0
    assert [entry.outcome for entry in await ledger()] == ["abandoned"] * 100
