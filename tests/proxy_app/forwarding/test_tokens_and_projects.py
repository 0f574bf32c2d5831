"""What an account needs before a call: a valid access token, and its project."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from emulator import Reply
from tests.factories import a_prompt, make_account

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BOTH = pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))


def asked(upstream) -> list[str]:
    """The first names of the accounts that were asked, in order."""
    return [call.account.partition("@")[0] for call in upstream.calls]


@BOTH
async def test_an_expired_token_is_renewed_once_and_the_same_account_answers(url, client, pool_of, upstream):
    await pool_of("alice", "bob")
    upstream.script("token_expired")

    reply = await client.post(url, a_prompt())

    assert reply.status == 200
    assert len(upstream.requests_of("token")) == 1
    assert len(upstream.calls) == 2
    assert len(set(asked(upstream))) == 1


async def test_an_expired_token_is_renewed_before_it_is_used(client, pool_of, upstream):
    await pool_of("alice", expires_at=datetime.now(UTC) - timedelta(hours=1))

    assert (await client.post(PLAIN, a_prompt())).status == 200

    assert [request.call for request in upstream.requests] == ["token", "generateContent"]


async def test_an_expired_token_is_renewed_once_for_a_hundred_calls(client, pool_of, upstream):
    await pool_of("alice", expires_at=datetime.now(UTC) - timedelta(hours=1))

    replies = await asyncio.gather(*(client.post(PLAIN, a_prompt(f"{n}")) for n in range(100)))

    assert {reply.status for reply in replies} == {200}
    assert len(upstream.requests_of("token")) == 1
    assert len(upstream.calls) == 100


async def test_a_token_refused_to_a_hundred_concurrent_calls_is_renewed_once(client, alice, upstream):
    upstream.expire_access_tokens("alice@example.com")

    replies = await asyncio.gather(*(client.post(PLAIN, a_prompt(f"{n}")) for n in range(100)))

    assert {reply.status for reply in replies} == {200}
    assert len(upstream.requests_of("token")) == 1


async def test_a_token_refused_late_does_not_cost_the_one_renewed_meanwhile(client, alice, upstream):
    upstream.script(Reply(status=401, delay=0.2))
    late = client.start("POST", PLAIN, a_prompt("late"))
    await asyncio.to_thread(upstream.wait_for_requests, 1)
    upstream.script("token_expired")
    assert (await client.post(PLAIN, a_prompt("early"))).status == 200

    reply = await late.end()

    assert reply.status == 200
    assert len(upstream.requests_of("token")) == 1


async def test_a_revoked_account_needs_attention_and_another_answers(client, pool_of, upstream):
    alice, _ = await pool_of("alice", "bob", expires_at=datetime.now(UTC) - timedelta(hours=1))
    upstream.revoke("alice@example.com")

    replies = [await client.post(PLAIN, a_prompt(f"{n}")) for n in range(8)]

    assert {reply.status for reply in replies} == {200}
    assert set(asked(upstream)) == {"bob"}
    await alice.arefresh_from_db()
    assert alice.parked == "sign_in"


async def test_an_account_without_a_project_finds_it_out_on_its_first_call(client, upstream):
    row = await sync_to_async(make_account)("new@example.com", project="")
    tokens = {"refresh_token": f"refresh-{row.email}", "access_token": f"access-{row.email}"}
    upstream.add_account(row.email, project="found-by-google", **tokens)

    replies = await asyncio.gather(*(client.post(PLAIN, a_prompt(f"{n}")) for n in range(5)))

    assert {reply.status for reply in replies} == {200}
    assert {call.body["project"] for call in upstream.calls} == {"found-by-google"}
    assert len(upstream.requests_of("loadCodeAssist")) == 1
