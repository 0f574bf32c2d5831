"""How long a call may take: by the gateway's settings, and by the client's X-Server-Timeout."""

import pytest

from accounts_app.models import Rest
from emulator import Reply
from tests.factories import a_prompt
from tests.proxy_app.scripted import FINISHED, SSE, a_stream, an_answer, an_event

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
COUNT = "/v1beta/models/gemini-2.5-flash:countTokens"
ALL = pytest.mark.parametrize("url", [PLAIN, STREAM, COUNT], ids=("plain", "stream", "count"))


@pytest.fixture
def short(settings):
    settings.GATEWAY_FIRST_EVENT_TIMEOUT = 0.2
    settings.GATEWAY_PLAIN_ANSWER_TIMEOUT = 0.2
    settings.GATEWAY_IDLE_TIMEOUT = 0.2


@ALL
async def test_the_gateways_own_timeout_is_named_and_nothing_is_sent_again(
    url, client, pool_of, upstream, ledger, short
):
    await pool_of("alice", "bob")
    upstream.script("stall", times=None)

    reply = await client.post(url, a_prompt())

    error = reply.json()["error"]
    assert (reply.status, error["code"], error["status"]) == (504, 504, "DEADLINE_EXCEEDED")
    name = "GATEWAY_FIRST_EVENT_TIMEOUT" if url == STREAM else "GATEWAY_PLAIN_ANSWER_TIMEOUT"
    assert f"within 0.2 s, which is this gateway's {name}" in error["message"]
    assert [entry.outcome for entry in await ledger()] == ["timed_out"]


@ALL
async def test_a_clients_deadline_ends_the_call_and_upstreams_work(url, client, pool_of, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script("stall", times=None)

    reply = await client.post(url, a_prompt(), x_server_timeout="0.2")

    error = reply.json()["error"]
    assert (reply.status, error["code"], error["status"]) == (504, 504, "DEADLINE_EXCEEDED")
    assert "within the 0.2 s of X-Server-Timeout" in error["message"]
    assert [entry.outcome for entry in await ledger()] == ["deadline_passed"]
    upstream.wait_for_hang_up()
    assert not await Rest.objects.filter(until__isnull=False).aexists()


@ALL
async def test_a_client_that_waits_longer_gets_its_answer(url, client, alice, upstream, short):
    reply_later = {
        PLAIN: Reply(chunks=an_answer(FINISHED).chunks, sized=True, delay=0.6),
        STREAM: Reply(chunks=[an_event(FINISHED)], content_type=SSE, delay=0.6),
        COUNT: Reply(chunks=[b'{"totalTokens": 3}'], sized=True, delay=0.6),
    }
    upstream.script(reply_later[url])

    reply = await client.post(url, a_prompt(), x_server_timeout="60")

    assert reply.status == 200
    assert reply.ended


async def test_after_the_first_event_the_usual_silence_counts_again(client, alice, upstream, settings):
    settings.GATEWAY_IDLE_TIMEOUT = 0.2
    upstream.script("stall_after_first")

    reply = await client.post(STREAM, a_prompt(), x_server_timeout="3600")

    assert not reply.ended
    assert reply.events()[-1]["error"]["code"] in (503, 504)


@ALL
async def test_a_longer_timeout_of_a_client_counts_up_to_the_bound(url, client, alice, upstream, settings, short):
    settings.GATEWAY_MAX_SERVER_TIMEOUT = 0.3
    upstream.script("stall")

    reply = await client.post(url, a_prompt(), x_server_timeout="30000")

    assert reply.status == 504
    assert "within 0.3 s, which is this gateway's GATEWAY_MAX_SERVER_TIMEOUT" in reply.json()["error"]["message"]


@pytest.mark.parametrize("nonsense", ["0", "-1", "soon", "nan", "inf", "1e-9", ""])
async def test_an_invalid_timeout_of_a_client_is_ignored(nonsense, client, alice):
    reply = await client.post(PLAIN, a_prompt(), x_server_timeout=nonsense)

    assert reply.status == 200


async def test_one_deadline_covers_all_the_attempts(client, pool_of, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script("quota_exhausted")
    upstream.script("stall")

    reply = await client.post(PLAIN, a_prompt(), x_server_timeout="0.5")

    assert reply.status == 504
    assert [entry.outcome for entry in await ledger()] == ["quota_exhausted", "deadline_passed"]


async def test_a_deadline_is_no_reason_to_wait_for_an_account_past_it(client, alice, upstream):
    upstream.script("per_minute")

    reply = await client.post(PLAIN, a_prompt(), x_server_timeout="0.5")

    assert reply.status == 429


async def test_a_stream_that_has_begun_goes_on_past_the_clients_deadline(client, alice, upstream):
    upstream.script(a_stream(FINISHED.replace(b',"finishReason": "STOP"', b""), FINISHED, gap=0.4))

    reply = await client.post(STREAM, a_prompt(), x_server_timeout="0.3")

    assert reply.status == 200
    assert reply.ended
