"""One renewal of a token: refusals, outages, and which of several processes does it."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connections
from django.db.models.functions import Now

from accounts_app.credentials import store
from accounts_app.credentials import tokens as credentials
from accounts_app.credentials.store import Renewer
from accounts_app.credentials.tokens import NeedsSignIn, TokenUnavailable, access_token
from accounts_app.models import Account, Credential
from accounts_app.storage import journal, worker
from accounts_app.storage.worker import in_database
from emulator import Emulator, Reply, dead_address
from tests.accounts_app.conftest import Known, row_of, seen
from tests.accounts_app.credentials.conftest import OUTAGE, change, tokens_asked

# --- Refused for good


async def test_a_revoked_consent_takes_the_account_out_of_service(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    upstream.revoke(alice.email)

    with pytest.raises(NeedsSignIn) as failed:
        await access_token(alice, now)

    row = await row_of(alice)
    assert (failed.value.parked, row.parked) == ("sign_in", "sign_in")
    assert "Sign in again" in row.parked_message
    assert row.parked_at == datetime.fromtimestamp(now, UTC)
    assert row.credential.renewing_until is None


async def test_an_account_that_signed_in_again_meanwhile_stays_in_service(known: Known, now: float):
    alice = await known(good_until=now - 1)
    await change(alice.id, refresh_token="1//newer")

    taken_out = await in_database(store.take_out, alice.id, {alice.credential.refresh_token}, "sign_in", "x", now)

    assert not taken_out
    assert (await row_of(alice)).parked == ""


async def test_a_refresh_token_that_comes_without_an_access_token_is_kept_and_used(
    known: Known, upstream: Emulator, now: float
):
    alice = await known(good_until=now - 1)
    rotated = Reply(chunks=(b'{"refresh_token": "1//rotated", "access_token": 7}',), sized=True)
    upstream.script(rotated, method="token")

    with pytest.raises(TokenUnavailable):
        await access_token(alice, now)

    row = await row_of(alice)
    assert (row.parked, row.credential.refresh_token, row.credential.renewing_until) == ("", "1//rotated", None)
    upstream.script(Reply(chunks=(b'{"access_token": "ya29.new"}',), sized=True), method="token")
    assert await access_token(alice, now + 3600) == "ya29.new"
    assert (await row_of(alice)).credential.refresh_token == "1//rotated"


async def test_a_renewal_does_not_overwrite_a_newer_sign_in(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    upstream.script(Reply(chunks=(b'{"access_token": "ya29.old"}',), sized=True, delay=0.05), method="token")

    renewing = asyncio.create_task(access_token(alice, now))
    await asyncio.to_thread(upstream.wait_for_requests, 1, call="token")
    await change(alice.id, refresh_token="1//newer", access_token="ya29.newer")
    await renewing

    stored = (await row_of(alice)).credential
    assert (stored.refresh_token, stored.access_token) == ("1//newer", "ya29.newer")
    newer = replace((await seen(alice.id)).credential, expires_at=now + 3600)
    assert await access_token(replace(alice, credential=newer), now) == "ya29.newer"


async def test_an_account_without_a_refresh_token_has_to_sign_in(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1, refresh_token="", at_google={"refresh_token": "unused"})

    with pytest.raises(NeedsSignIn):
        await access_token(alice, now)

    assert (await row_of(alice)).parked == "sign_in"
    assert tokens_asked(upstream) == 0


# --- Outages


@pytest.mark.parametrize("fault", [OUTAGE, "token_rate_limited", "hang_up"], ids=["503", "429", "hang-up"])
async def test_an_outage_of_the_token_endpoint_costs_the_account_nothing(
    known: Known, upstream: Emulator, now: float, fault: str | Reply
):
    alice = await known(good_until=now - 1)
    upstream.script(fault, method="token")

    with pytest.raises(TokenUnavailable):
        await access_token(alice, now)

    row = await row_of(alice)
    assert (row.parked, row.credential.renewing_until) == ("", None)
    assert (await access_token(alice, now + credentials.LONGEST_PAUSE)).startswith("ya29.")


async def test_a_clock_set_back_prolongs_no_pause(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 3 * 3600)
    upstream.script(OUTAGE, method="token")
    with pytest.raises(TokenUnavailable):
        await access_token(alice, now)

    assert (await access_token(alice, now - 2 * 3600)).startswith("ya29.")


async def test_an_outage_is_not_answered_with_a_token_request_a_call(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    upstream.script(OUTAGE, method="token", times=None)

    for _ in range(50):
        with pytest.raises(TokenUnavailable, match="503"):
            await access_token(alice, now)

    assert tokens_asked(upstream) == 1


async def test_a_token_in_its_last_minute_outlives_an_outage(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now + 30)
    upstream.script(OUTAGE, method="token", times=None)

    assert await access_token(alice, now) == "access-alice@example.com"
    with pytest.raises(TokenUnavailable):
        await access_token(alice, now + 31)


async def test_a_stale_token_outlives_an_outage(known: Known, now: float):
    alice = replace(await known(good_until=now + 300), token_url=dead_address())

    for _ in range(3):
        assert await access_token(alice, now) == "access-alice@example.com"
        await credentials.finish()


@pytest.mark.parametrize("fault", ["invalid_client", "unauthorized_client"])
async def test_a_wrong_oauth_client_says_what_to_set_and_takes_no_account_out(
    known: Known, upstream: Emulator, now: float, fault: str, caplog: pytest.LogCaptureFixture
):
    alice = await known(good_until=now - 1)
    upstream.script(fault, method="token")

    with pytest.raises(TokenUnavailable, match="GOOGLE_OAUTH_CLIENT_ID"):
        await access_token(alice, now)

    row = await row_of(alice)
    assert (row.parked, row.credential.renewing_until) == ("", None)
    assert "GOOGLE_OAUTH_CLIENT_ID" in caplog.text
    assert (await access_token(alice, now + credentials.LONGEST_PAUSE)).startswith("ya29.")


async def test_a_missing_oauth_client_says_what_to_set_and_takes_no_account_out(known: Known, now: float):
    alice = replace(await known(good_until=now - 1), token_url="https://oauth2.googleapis.com/token")

    with pytest.raises(TokenUnavailable, match="GOOGLE_OAUTH_CLIENT_ID"):
        await access_token(alice, now)

    assert (await row_of(alice)).parked == ""


@pytest.fixture
def lost_database(transactional_db: None) -> Callable[[bool], None]:
    """A function that makes every query of every thread fail (True), or no more (False)."""

    def refuse(execute, sql, params, many, context):
        raise OperationalError("the database is away")

    def lose(lost: bool) -> None:
        wrappers = connections["default"].execute_wrappers
        if lost:
            wrappers.append(refuse)
        else:
            wrappers.remove(refuse)

    return lose


async def test_a_lost_database_stops_no_renewal(known: Known, upstream: Emulator, lost_database, now: float):
    alice = await known(good_until=now - 1)
    rotated = b'{"access_token": "ya29.a", "refresh_token": "1//rotated", "expires_in": 3599}'
    upstream.script(Reply(chunks=(rotated,), sized=True), method="token")
    await in_database(lost_database, True)

    token = await access_token(alice, now)
    assert await access_token(alice, now) == token == "ya29.a"
    assert journal.pending() == 1

    await in_database(lost_database, False)
    await journal.flush(force=True)
    stored = (await row_of(alice)).credential
    assert (stored.refresh_token, stored.access_token) == ("1//rotated", "ya29.a")


async def test_a_rotated_token_outlives_an_older_one_that_the_roster_shows_late(
    known: Known, upstream: Emulator, lost_database, now: float
):
    alice = await known(good_until=now - 1)
    for name in ("first", "second", "third"):
        reply = f'{{"access_token": "ya29.{name}", "refresh_token": "1//{name}", "expires_in": 3599}}'.encode()
        upstream.script(Reply(chunks=(reply,), sized=True), method="token")
    first = await access_token(alice, now)
    await in_database(lost_database, True)
    credentials.expire(alice.id, first)
    await access_token(alice, now + 1)
    await in_database(lost_database, False)

    alice = await seen(alice.id)
    assert alice.credential.refresh_token == "1//first"
    assert await access_token(alice, now + 2) == "ya29.second"
    credentials.expire(alice.id, "ya29.second")
    assert await access_token(alice, now + 3) == "ya29.third"

    await journal.flush(force=True)
    assert (await row_of(alice)).credential.refresh_token == "1//third"


@pytest.mark.parametrize(
    "life", [b'"Infinity"', b"1e300", b'"nan"', b"-5", b"true", b"null", b'"soon"', b"{}", b"9" * 400]
)
async def test_an_impossible_lifetime_costs_neither_the_tokens_nor_the_claim(
    known: Known, upstream: Emulator, now: float, life: bytes
):
    alice = await known(good_until=now - 1)
    rotated = b'{"access_token": "ya29.a", "refresh_token": "1//rotated", "expires_in": ' + life + b"}"
    upstream.script(Reply(chunks=(rotated,), sized=True), method="token")

    assert await access_token(alice, now) == "ya29.a"

    stored = (await row_of(alice)).credential
    assert (stored.refresh_token, stored.access_token) == ("1//rotated", "ya29.a")
    assert -1 < stored.expires_at.timestamp() - now < 86_401
    assert stored.renewing_until is None


async def test_a_database_that_hangs_holds_up_no_renewal_for_long(
    known: Known, upstream: Emulator, now: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(worker, "CALL_WAIT_SECONDS", 0.05)
    alice = await known(good_until=now - 1)
    rotated = b'{"access_token": "ya29.a", "refresh_token": "1//rotated", "expires_in": 3599}'
    upstream.script(Reply(chunks=(rotated,), sized=True), method="token")
    may_end = threading.Event()
    hanging = asyncio.ensure_future(in_database(may_end.wait))
    await asyncio.sleep(0)

    token = await access_token(alice, now)
    assert (token, may_end.is_set(), journal.pending()) == ("ya29.a", False, 1)

    may_end.set()
    await hanging
    await journal.flush(force=True)
    stored = (await row_of(alice)).credential
    assert (stored.refresh_token, stored.access_token, stored.renewing_until) == ("1//rotated", "ya29.a", None)


# --- Between processes


async def test_of_two_processes_one_gets_the_claim(known: Known, now: float):
    alice = await known(good_until=now - 1)

    def claim() -> Renewer:
        return store.claim(alice.id, lambda tokens: False).renewer

    assert await in_database(claim) is Renewer.OURS
    assert await in_database(claim) is Renewer.THEIRS
    await change(alice.id, renewing_until=Now() - timedelta(milliseconds=1))
    assert await in_database(claim) is Renewer.OURS


async def test_a_claim_goes_by_the_databases_clock(known: Known, now: float, monkeypatch: pytest.MonkeyPatch):
    alice = await known(good_until=now - 1)

    def claim() -> store.Claim:
        return store.claim(alice.id, lambda tokens: False)

    with monkeypatch.context() as ahead:
        ahead.setattr(time, "time", lambda: now + 2 * store.CLAIM_SECONDS)
        mine = await in_database(claim)
    assert (await in_database(claim)).renewer is Renewer.THEIRS

    await in_database(store.release, alice.id, mine)

    assert (await in_database(claim)).renewer is Renewer.OURS


async def test_a_renewal_that_ends_between_reading_and_claiming_is_not_done_again(known: Known, now: float):
    alice = await known(good_until=now - 1)

    def another_finishes_meanwhile(tokens: object) -> bool:
        Credential.objects.filter(account_id=alice.id).update(access_token="ya29.theirs", renewing_until=None)
        return False

    found = await in_database(store.claim, alice.id, another_finishes_meanwhile)

    assert found.renewer is Renewer.THEIRS


async def test_a_process_takes_over_what_another_has_renewed(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    await change(alice.id, access_token="ya29.theirs", expires_at=datetime.fromtimestamp(now + 3600, UTC))

    assert await access_token(alice, now) == "ya29.theirs"
    assert tokens_asked(upstream) == 0


async def test_a_process_waits_for_the_one_with_the_claim(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    await in_database(store.claim, alice.id, lambda tokens: False)

    waiting = asyncio.create_task(access_token(alice, now))
    await asyncio.wait({waiting}, timeout=0.05)
    assert not waiting.done()
    await change(
        alice.id,
        access_token="ya29.theirs",
        expires_at=datetime.fromtimestamp(now + 3600, UTC),
        renewing_until=None,
    )

    assert await waiting == "ya29.theirs"
    assert tokens_asked(upstream) == 0


async def test_a_deleted_account_has_no_token(known: Known, now: float):
    alice = await known(good_until=now - 1)
    await in_database(Account.objects.filter(pk=alice.id).delete)

    with pytest.raises(NeedsSignIn):
        await access_token(alice, now)
