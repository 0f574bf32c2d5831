"""The demo account: answers from an emulator of its own until there is a real account."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.actions import accounts
from accounts_app.models import Account, Rest
from accounts_app.status.checks import check_gateway
from gateway_project.background import loops
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
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


async def test_the_demo_account_does_not_replace_real_accounts_that_cool_down(client, demo, alice):
    until = datetime.now(UTC) + timedelta(seconds=60)
    await Rest.objects.acreate(account=alice, model=MODEL, until=until, reason="quota_exhausted", streak=1)

    assert (await client.post(PLAIN, a_prompt())).status == 429
