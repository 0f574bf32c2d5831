"""Accounts that need attention are checked now and then, by counting tokens, and re-enabled when they answer."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts_app import http_client, leasing, roster
from accounts_app.models import Account, Duty
from accounts_app.storage import claims, journal
from accounts_app.storage.worker import in_database
from proxy_app.forwarding.checks import rechecks
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"


@pytest.fixture(autouse=True)
async def forgetful_checks(upstream) -> AsyncIterator[None]:
    rechecks.reset()
    yield
    rechecks.reset()
    await http_client.close_all()


async def test_an_account_is_back_when_its_owner_has_acted(client, alice, upstream, ledger):
    upstream.script("validation_required", times=2)
    assert (await client.post(PLAIN, a_prompt())).status == 400

    assert [await rechecks.check_due(after) for after in (0.0, 59.0, 73.0)] == [0, 0, 0]
    assert len(upstream.requests_of("countTokens")) == 1
    assert [await rechecks.check_due(after) for after in (150.0, 220.0)] == [0, 1]

    assert (await client.post(PLAIN, a_prompt())).status == 200
    assert [entry.outcome for entry in await ledger()] == ["needs_owner", "needs_owner", "succeeded", "succeeded"]
    await alice.arefresh_from_db()
    assert (alice.parked, alice.parked_message) == ("", "")


async def test_checks_are_asked_ever_less(alice, upstream):
    upstream.script("validation_required", times=None)
    await Account.objects.aupdate(parked="verify")
    await roster.refresh()
    times, before = [], 0

    for minute in range(300):
        await rechecks.check_due(minute * 60.0)
        if len(upstream.requests_of("countTokens")) > before:
            before += 1
            times.append(minute)
        await journal.flush(force=True)

    gaps = [later - earlier for earlier, later in zip([0, *times], times, strict=False)]
    assert [low <= gap <= high for gap, (low, high) in zip(gaps, [(1, 2), (2, 3), (5, 6), (10, 12)], strict=False)]
    assert all(60 <= gap <= 72 for gap in gaps[4:])


@pytest.mark.parametrize("parked", ["sign_in", "terms", "dead_key", "by_hand", "billing"])
async def test_what_only_a_person_or_a_call_can_bring_back_is_not_asked(parked, alice, upstream):
    await Account.objects.aupdate(parked=parked)
    await roster.refresh()

    for minute in range(100):
        await rechecks.check_due(minute * 60.0)

    assert not upstream.requests
    assert leasing.need_attention() == {alice.pk: parked}


async def test_one_node_asks_for_all_and_another_goes_on_when_it_dies(alice, upstream):
    upstream.script("validation_required", times=None)
    await Account.objects.aupdate(parked="verify")
    await roster.refresh()
    await in_database(claims.claim, rechecks.CLAIM, rechecks.CLAIM_LASTS)  # another node's

    for now in (0.0, 30.0, 73.0, 104.0, 160.0, 220.0):
        await rechecks.check_due(now)
    assert upstream.requests_of("countTokens") == []

    await Duty.objects.aupdate(until=Now())  # it has died
    for now in (260.0, 290.0, 400.0, 500.0, 600.0):
        await rechecks.check_due(now)
    await journal.flush(force=True)
    assert len(upstream.requests_of("countTokens")) == 1  # the third question, after five minutes


async def test_the_node_that_asks_keeps_the_claim(upstream):
    first, second = (claims.RenewableClaim("x", timedelta(minutes=1)) for _ in range(2))

    assert [await in_database(each.renew) for each in (first, second, first, second, first)] == [
        True, False, True, False, True,
    ]  # fmt: skip

    await Duty.objects.aupdate(until=Now())
    assert [await in_database(each.renew) for each in (second, first, second)] == [True, False, True]
