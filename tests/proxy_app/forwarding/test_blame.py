"""Blame seen from outside: several accounts of both kinds, several conversations."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from asgiref.sync import sync_to_async

from accounts_app import leasing, roster
from accounts_app.leasing import Status
from accounts_app.models import Account, Rest
from accounts_app.pool.paths.paths import HANGING
from emulator import Emulator, Reply, dead_address
from proxy_app.models import UsageRecord
from tests.factories import a_prompt, make_account

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BOTH = pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
KEY = "AIzaSyAbcdefghijklmnopqrstuvwxyz0123456"


def an_error(code: int, message: str, status: str = "", **headers: str) -> Reply:
    body = json.dumps({"error": {"code": code, "message": message, "status": status}}).encode()
    return Reply(status=code, chunks=(body,), sized=True, headers=tuple(headers.items()))


def statuses() -> dict[str, Status]:
    names = {account.id: account.email.partition("@")[0] for account in roster.current().accounts.values()}
    return {names[each.account]: each.status for each in leasing.eligibility(MODEL, 0.0)}


def asked(upstream: Emulator) -> list[str]:
    return [call.account.partition("@")[0] for call in upstream.calls]


DENIED = an_error(403, "Your project has been denied access. Please contact support.", "PERMISSION_DENIED")
CLOSED = an_error(404, f"This model models/{MODEL} is no longer available to new users.", "NOT_FOUND")


class TestAnAccountThatRefuses:
    @pytest.mark.parametrize("refusal", [DENIED, CLOSED], ids=("denied", "closed"))
    @BOTH
    async def test_costs_no_call_and_is_asked_last_in_the_end(self, url, refusal, client, pool_of, upstream):
        await pool_of("alice", "bob")
        upstream.script(refusal, account="alice@example.com", times=None)

        replies = [await client.post(url, a_prompt(f"conversation {number}")) for number in range(40)]

        assert {reply.status for reply in replies} == {200}
        assert asked(upstream).count("alice") == 3
        assert statuses() == {"alice": Status.LAST, "bob": Status.READY}

    async def test_is_not_asked_again_by_a_conversation_it_refused(self, client, pool_of, upstream):
        await pool_of("alice", "bob")
        upstream.script(DENIED, account="alice@example.com", times=None)

        for _ in range(6):
            assert (await client.post(PLAIN, a_prompt())).status == 200

        assert asked(upstream).count("alice") <= 1

    async def test_is_told_in_upstreams_words_when_all_refuse(self, client, pool_of, upstream):
        await pool_of("alice", "bob", "carol")
        upstream.script(DENIED, times=None)

        reply = await client.post(PLAIN, a_prompt())

        assert (reply.status, reply.json()["error"]["message"]) == (403, DENIED_TEXT)
        assert set(statuses().values()) == {Status.READY}

    @BOTH
    async def test_what_every_account_can_read_is_asked_of_another(self, url, client, pool_of, upstream):
        await pool_of("alice", "bob")
        upstream.script(DENIED)
        prompt = a_prompt()
        prompt["contents"][0]["parts"].append({"fileData": {"fileUri": "https://www.youtube.com/watch?v=x"}})

        assert (await client.post(url, prompt)).status == 200

    @pytest.mark.parametrize("part", ["fileData", "cachedContent"])
    async def test_a_resource_is_not_asked_of_another_project(self, part, client, pool_of, upstream):
        await pool_of("alice", "bob")
        upstream.script(DENIED, times=None)
        prompt = a_prompt()
        if part == "fileData":
            prompt["contents"][0]["parts"].append({"fileData": {"fileUri": "https://google.example/v1beta/files/x"}})
        else:
            prompt["cachedContent"] = "cachedContents/x"

        reply = await client.post(PLAIN, prompt)

        assert reply.status == 403
        # Nobody here knows the cache, and no account that is connected could hold one: nobody is asked.
        assert len(upstream.calls) == (1 if part == "fileData" else 0)


DENIED_TEXT = "Your project has been denied access. Please contact support."


@BOTH
async def test_a_key_in_upstreams_words_goes_nowhere(url, client, pool_of, upstream, ledger):
    await pool_of("alice")
    upstream.script(an_error(404, f"The thing of {KEY} and of alice@example.com is gone.", "NOT_FOUND"))

    reply = await client.post(url, a_prompt())

    assert reply.status == 404
    assert KEY.encode() not in reply.body
    assert b"alice@example.com" not in reply.body
    assert reply.json()["error"]["message"] == "The thing of *** and of *** is gone."
    (entry,) = await ledger()
    assert KEY not in entry.message


async def test_nor_does_an_account_in_an_error_within_a_stream(client, alice, upstream, ledger):
    error = {"error": {"code": 500, "message": "The thing of alice@example.com failed.", "status": "INTERNAL"}}
    begun = {"response": {"candidates": [{"content": {"role": "model", "parts": [{"text": "On"}]}}]}}
    chunks = tuple(f"data: {json.dumps(event)}\r\n\r\n".encode() for event in (begun, error))
    upstream.script(Reply(status=200, chunks=chunks, headers=(("content-type", "text/event-stream"),)))

    reply = await client.post(STREAM, a_prompt())

    assert reply.events()[-1]["error"]["message"] == "The thing of *** failed."
    (entry,) = await ledger()
    assert entry.message == "The thing of *** failed."


async def test_a_suspended_consumer_needs_attention_though_only_the_text_says_so(client, pool_of, upstream, ledger):
    await pool_of("alice", "bob")
    text = f"Permission denied: Consumer 'api_key:{KEY}' has been suspended."
    upstream.script(an_error(403, text, "PERMISSION_DENIED"))

    assert (await client.post(PLAIN, a_prompt())).status == 200

    await ledger()
    suspended = await Account.objects.aget(parked="suspended")
    assert KEY not in suspended.parked_message


async def test_out_of_credits_is_the_project_and_not_the_model(client, pool_of, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script(
        an_error(429, "Your prepayment credits are depleted. Please go to AI Studio.", "RESOURCE_EXHAUSTED")
    )

    assert (await client.post(PLAIN, a_prompt())).status == 200

    await ledger()
    assert await Account.objects.filter(parked="billing").acount() == 1
    assert not await Rest.objects.aexists()


class TestRetryAfter:
    async def test_of_a_bare_429_is_believed(self, client, alice, upstream):
        upstream.script(an_error(429, "Slow down.", "RESOURCE_EXHAUSTED", **{"retry-after": "40"}))

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 429
        assert 40 <= int(reply.headers["retry-after"]) <= 45
        (cooldown,) = leasing.cooldowns(0.0)
        assert cooldown[2].reason == "rate_limited"

    async def test_of_four_hundred_digits_is_a_day_at_most(self, client, alice, upstream, ledger):
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "9" * 400 + "s"}]
        error = {"error": {"code": 429, "message": "No.", "status": "RESOURCE_EXHAUSTED", "details": details}}
        upstream.script(Reply(status=429, chunks=(json.dumps(error).encode(),), sized=True))

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 429
        assert 86_400 <= int(reply.headers["retry-after"]) <= 86_431
        await ledger()
        assert await Rest.objects.filter(until__isnull=False).acount() == 1

    async def test_is_a_second_at_most_while_accounts_are_ready(self, client, pool_of, upstream):
        await pool_of(*"abcdefghijklmno")
        upstream.script("quota_exhausted", times=10)

        reply = await client.post(PLAIN, a_prompt())

        assert (reply.status, reply.headers["retry-after"]) == (429, "1")


class TestEndpoints:
    async def test_a_dead_one_eats_no_attempts_and_is_left_alone(self, client, pool_of, upstream, settings, ledger):
        settings.CLOUD_CODE_URLS = (dead_address(), upstream.url)
        settings.GATEWAY_MAX_ATTEMPTS = 2
        await pool_of(*"abcdef")
        for name in "abcde":
            upstream.script("quota_exhausted", account=f"{name}@example.com", times=None)

        replies = [await client.post(PLAIN, a_prompt(f"{number}")) for number in range(6)]

        assert {reply.status for reply in replies} == {200}
        unreachable = [entry for entry in await ledger() if entry.outcome == "unreachable"]
        assert len(unreachable) == 2
        assert await UsageRecord.objects.filter(outcome="succeeded").acount() == 6


class TestAnEmptyAnswer:
    async def test_that_only_this_account_gives_is_called_an_empty_response(self, client, alice, upstream, settings):
        settings.GATEWAY_MAX_WAIT = 0.0
        upstream.script("empty_200", times=None)

        reply = await client.post(PLAIN, a_prompt())

        assert reply.status == 502
        assert reply.json()["error"]["message"] == "The upstream sent an empty response."

    @BOTH
    async def test_puts_its_account_last_after_two_conversations(self, url, client, pool_of, upstream):
        await pool_of("alice", "bob")
        upstream.script("empty_200", account="alice@example.com", times=None)

        replies = [await client.post(url, a_prompt(f"conversation {number}")) for number in range(40)]

        assert {reply.status for reply in replies} == {200}
        assert asked(upstream).count("alice") == 2

    @pytest.mark.parametrize(
        "events",
        [(b"{}",), (b'{"response":{"usageMetadata":{"promptTokenCount":3}}}', b"{}"), (b"[DONE]",)],
        ids=("nothing", "counts alone", "no more than its end"),
    )
    async def test_may_be_a_stream_whose_events_have_no_part_of_an_answer(self, events, client, pool_of, upstream):
        await pool_of("alice", "bob")
        chunks = tuple(b"data: " + event + b"\r\n\r\n" for event in events)
        upstream.script(Reply(status=200, chunks=chunks, headers=(("content-type", "text/event-stream"),)))

        reply = await client.post(STREAM, a_prompt())

        assert len(upstream.calls) == 2
        assert reply.ended
        assert reply.events()[-1]["candidates"][0]["finishReason"] == "STOP"


@BOTH
async def test_a_request_that_fails_everywhere_costs_no_account_its_place(url, client, pool_of, upstream, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    await pool_of("alice", "bob")
    upstream.script("internal", times=None)
    for _ in range(4):
        assert (await client.post(url, a_prompt("too long"))).status == 500
    assert len(upstream.calls) == 6  # twice, twice, and then once
    upstream.unscript()

    replies = [await client.post(url, a_prompt(f"innocent {number}")) for number in range(6)]

    assert {reply.status for reply in replies} == {200}
    assert set(statuses().values()) == {Status.READY}
    assert not await Rest.objects.aexists()


async def test_a_field_that_one_kind_does_not_know_is_asked_of_the_other(client, pool_of, upstream, settings, ledger):
    settings.GEMINI_API_URL = upstream.url
    await pool_of("alice", "bob")
    key = "AIzaSyAkeyofdave0000000000000000000000"
    await sync_to_async(make_account)("dave", kind="gemini_api", project="", refresh_token="", access_token=key)
    upstream.add_account("dave", api_key=key)
    for name in ("alice", "bob"):
        upstream.script("unknown_field", account=f"{name}@example.com", times=None)

    replies = [await client.post(PLAIN, a_prompt(f"{number}")) for number in range(9)]

    assert {reply.status for reply in replies} == {200}
    entries = await ledger()
    assert {entry.dialect for entry in entries if entry.outcome == "succeeded"} == {"gemini_api"}
    assert max(entry.attempt for entry in entries) == 2


async def test_a_401_of_a_key_without_a_known_reason_asks_the_others(client, upstream, settings, ledger, pool_of):
    settings.GEMINI_API_URL = upstream.url
    for name in ("dave", "erin"):
        key = f"AIzaSyAkeyof{name}0000000000000000000000"
        await sync_to_async(make_account)(name, kind="gemini_api", project="", refresh_token="", access_token=key)
        upstream.add_account(name, api_key=key)
    upstream.script(an_error(401, "Something is wrong with you.", "UNAUTHENTICATED"))

    assert (await client.post(PLAIN, a_prompt())).status == 200

    assert [entry.outcome for entry in await ledger()] == ["refused", "succeeded"]
    assert not await Account.objects.exclude(parked="").aexists()


@contextmanager
def a_black_hole() -> Iterator[str]:
    """An address at which connections hang: the queue of waiting ones is full."""
    with ExitStack() as held:
        listening = held.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_a_connection_that_hangs_turns_other_calls_to_the_next_endpoint(
    client, alice, upstream, settings, ledger
):
    settings.GATEWAY_CONNECT_TIMEOUT = 3.0
    with a_black_hole() as hole:
        settings.CLOUD_CODE_URLS = (hole, upstream.url)
        first = client.start("POST", PLAIN, a_prompt("first"))
        await asyncio.to_thread(time.sleep, HANGING + 0.3)

        second = await client.post(PLAIN, a_prompt("second"))
        assert second.status == 200
        entries = await ledger()
        assert [(entry.endpoint, entry.outcome) for entry in entries] == [(upstream.url, "succeeded")]

        assert (await first.end()).status == 200
    assert [entry.outcome for entry in await ledger()].count("unreachable") == 1
