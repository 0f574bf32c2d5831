"""The demo accounts: they answer from an emulator of their own until there is a real account."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.actions import accounts
from accounts_app.actions.accounts import NewAccount
from accounts_app.models import Account, Rest
from accounts_app.status.checks import check_gateway
from gateway_project.background import loops
from tests.factories import a_prompt

MODEL, EMBEDDING = "gemini-2.5-flash", "gemini-embedding-001"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BOTH = pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))


@pytest.fixture
async def demo(upstream) -> None:
    await sync_to_async(accounts.ensure_demo)()


@BOTH
async def test_the_demo_account_answers_where_nobody_is_connected(url, client, demo, upstream):
    reply = await client.post(url, a_prompt("Hello"))

    assert reply.status == 200
    assert b"text" in reply.body
    assert not upstream.requests  # its upstream is an emulator of its own, never Google


async def test_the_demo_account_is_listed_as_ready(client, demo):
    assert (await client.get("/readyz")).status == 200


async def test_the_demo_account_steps_back_for_the_first_real_account(client, demo, upstream, pool_of):
    await pool_of("alice")

    replies = [await client.post(PLAIN, a_prompt(f"{n}")) for n in range(5)]

    assert {reply.status for reply in replies} == {200}
    assert {call.account for call in upstream.calls} == {"alice@example.com"}


@pytest.mark.parametrize("whole_database", [False, True], ids=("deleted", "another database"))
async def test_the_demo_account_does_not_come_back_when_the_real_ones_are_gone(
    whole_database, client, demo, pool_of, upstream
):
    (alice,) = await pool_of("alice")
    assert (await client.post(PLAIN, a_prompt())).status == 200
    await alice.adelete()
    if whole_database:
        # As after a start on an empty file: nothing is remembered, and `bootstrap` looks for a demo account.
        await loops.stop()
        await Account.objects.all().adelete()
        roster.reset()
        await sync_to_async(accounts.ensure_demo)()
    else:
        await roster.refresh()
        await roster.refresh()

    reply = await client.post(PLAIN, a_prompt("Hello"))

    assert reply.status >= 400
    assert await sync_to_async(accounts.only_the_demo_answers)() is False
    assert "gateway.W011" in [message.id for message in await sync_to_async(check_gateway)()]


async def test_the_demo_answers_each_operation_of_the_public_api(client, demo, upstream):
    text = {"parts": [{"text": "All work and no play makes Jack a dull boy. " * 400}]}

    embedded = await client.post(f"/v1beta/models/{EMBEDDING}:embedContent", {"content": text})
    cache = await client.post("/v1beta/cachedContents", {"model": f"models/{MODEL}", "contents": [text]})
    batch = await client.post(
        f"/v1beta/models/{MODEL}:batchGenerateContent",
        {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": [{"request": a_prompt("Hi")}]}}}},
    )
    store = await client.post("/v1beta/fileSearchStores", {"displayName": "manuals"})
    answer = await client.post(PLAIN, {**a_prompt("Hello"), "cachedContent": cache.json()["name"]})

    assert [reply.status for reply in (embedded, cache, batch, store, answer)] == [200] * 5
    assert (await client.get(f"/v1beta/{batch.json()['name']}")).status == 200
    assert (await client.get(f"/v1beta/{store.json()['name']}")).status == 200
    assert not upstream.requests


async def test_what_the_demo_has_does_not_bind_clients_once_there_is_a_real_account(
    client, demo, upstream, pool_of, settings
):
    settings.GEMINI_API_URL = upstream.url
    old = await client.post("/v1beta/fileSearchStores", {"displayName": "manuals"})
    await pool_of("alice")
    key = upstream.add_account("studio@example.com").api_key
    await sync_to_async(accounts.connect)(NewAccount("gemini_api", "studio", api_key=key))
    await roster.refresh()

    new = await client.post("/v1beta/fileSearchStores", {"displayName": "manuals"})
    gone = await client.get(f"/v1beta/{old.json()['name']}")

    assert (old.status, new.status) == (200, 200)
    assert (await client.get(f"/v1beta/{new.json()['name']}")).status == 200
    assert gone.status == 403
    assert upstream.requests


@pytest.mark.parametrize("more", [{}, {"store": False, "tools": [{"type": "google_maps"}]}])
async def test_what_only_the_demo_on_standby_could_answer_no_account_can(client, demo, alice, more):
    reply = await client.post("/v1beta/interactions", {"model": MODEL, "input": "Hello", **more})

    assert reply.status == 400
    assert "AI Studio key" in reply.json()["error"]["message"]


async def test_the_demo_account_does_not_replace_real_accounts_that_cool_down(client, demo, alice):
    until = datetime.now(UTC) + timedelta(seconds=60)
    await Rest.objects.acreate(account=alice, model=MODEL, until=until, reason="quota_exhausted", streak=1)

    assert (await client.post(PLAIN, a_prompt())).status == 429
