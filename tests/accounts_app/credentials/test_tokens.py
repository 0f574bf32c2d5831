"""Access tokens: fresh, stale and invalid, one renewal at a time, and failures."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from accounts_app.credentials import tokens as credentials
from accounts_app.credentials.tokens import access, access_token
from accounts_app.models import Account
from accounts_app.storage.worker import in_database
from emulator import Emulator, Reply
from tests.accounts_app.conftest import Known, row_of, seen
from tests.accounts_app.credentials.conftest import OUTAGE, tokens_asked
from tests.factories import make_account

# --- Fresh, stale, invalid


async def test_a_fresh_token_comes_from_memory(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now + 3600)

    step = access_token(alice, now)
    with pytest.raises(StopIteration) as at_once:
        step.send(None)

    assert at_once.value.value == "access-alice@example.com"
    assert tokens_asked(upstream) == 0


async def test_a_stale_token_is_used_and_renewed_behind(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now + 300)

    tokens = {await access_token(alice, now) for _ in range(10)}
    await credentials.finish()

    assert tokens == {"access-alice@example.com"}
    assert tokens_asked(upstream) == 1
    assert (await access_token(alice, now)).startswith("ya29.")


async def test_a_hundred_calls_on_an_expired_token_are_one_renewal(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)

    tokens = await asyncio.gather(*(access_token(alice, now) for _ in range(100)))

    assert len(set(tokens)) == 1 and tokens[0].startswith("ya29.")
    assert tokens_asked(upstream) == 1


async def test_a_renewed_token_is_in_force_before_the_roster_shows_it_and_after(known: Known, now: float):
    alice = await known(good_until=now - 1)

    token = await access_token(alice, now)

    assert await access_token(alice, now) == token
    assert await access_token(await seen(alice.id), now) == token


async def test_a_renewed_token_is_stored(known: Known, now: float):
    alice = await known(good_until=now - 1)

    token = await access_token(alice, now)

    stored = (await row_of(alice)).credential
    assert stored.access_token == token
    assert stored.refresh_token == "refresh-alice@example.com"
    assert stored.refreshed_at == datetime.fromtimestamp(now, UTC)
    assert 3000 < stored.expires_at.timestamp() - now <= 3600
    assert stored.renewing_until is None


async def test_a_rotated_refresh_token_is_kept(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    rotated = b'{"access_token": "ya29.a", "refresh_token": "1//rotated", "expires_in": 3599, "token_type": "Bearer"}'
    upstream.script(Reply(chunks=(rotated,), sized=True), method="token")

    await access_token(alice, now)

    assert (await row_of(alice)).credential.refresh_token == "1//rotated"


async def test_an_api_key_is_its_own_token(known: Known, now: float):
    row = await in_database(make_account, "laptop", kind="gemini_api", access_token="AIza-key", expires_at=None)

    found = await access(await seen(row.pk), now)

    assert (found.token, found.project) == ("AIza-key", "my-project")


async def test_a_client_that_leaves_does_not_end_the_renewal(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now - 1)
    leaving = asyncio.create_task(access_token(alice, now))
    staying = asyncio.create_task(access_token(alice, now))
    await asyncio.sleep(0)

    leaving.cancel()

    assert (await staying).startswith("ya29.")
    assert leaving.cancelled()
    assert tokens_asked(upstream) == 1


# --- 401


async def test_a_token_upstream_refused_is_renewed(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now + 3600)
    old = await access_token(alice, now)

    credentials.expire(alice.id, old)

    assert await access_token(alice, now) != old
    assert tokens_asked(upstream) == 1


async def test_a_late_401_to_the_old_token_does_not_void_the_new_one(known: Known, upstream: Emulator, now: float):
    alice = await known(good_until=now + 3600)
    old = await access_token(alice, now)
    credentials.expire(alice.id, old)
    new = await access_token(alice, now)

    credentials.expire(alice.id, old)

    assert await access_token(alice, now) == new
    assert tokens_asked(upstream) == 1


async def test_without_a_token_the_one_in_force_is_refused(known: Known, now: float):
    alice = await known(good_until=now + 3600)
    old = await access_token(alice, now)

    credentials.expire(alice.id)

    assert await access_token(alice, now) != old


# --- Ahead of need


async def test_stale_tokens_of_accounts_in_use_are_renewed_ahead(known: Known, upstream: Emulator, now: float):
    expiry = now + 3600
    for name in ("alice", "bob", "carol"):
        await access_token(await known(name, good_until=expiry), now)
    await known("dora", good_until=expiry)

    assert await credentials.renew_due(now) == 0
    assert await credentials.renew_due(expiry - 120) == 3
    assert await credentials.renew_due(expiry - 120) == 0
    assert {request.account for request in upstream.requests_of("token")} == {
        "alice@example.com",
        "bob@example.com",
        "carol@example.com",
    }


async def test_accounts_renewed_together_are_spread(known: Known, now: float):
    expiry = now + 3600
    for index in range(12):
        await access_token(await known(f"guest{index}", pk=1000 + index, good_until=expiry), now)

    early = await credentials.renew_due(expiry - 480)
    late = await credentials.renew_due(expiry - 300)

    assert early and late and early + late == 12


async def test_an_account_out_of_use_or_out_of_service_is_left_alone(known: Known, upstream: Emulator, now: float):
    alice, bob = [await known(name, good_until=now + 300) for name in ("alice", "bob")]
    await access_token(alice, now - 2 * credentials.IN_USE_SECONDS)
    await access_token(bob, now - 600)
    await credentials.finish()
    before = tokens_asked(upstream)
    await in_database(Account.objects.filter(pk=bob.id).update, parked="verify")
    await seen(bob.id)

    assert await credentials.renew_due(now + timedelta(hours=2).total_seconds()) == 0
    assert tokens_asked(upstream) == before


async def test_an_outage_does_not_break_renewing_ahead(known: Known, upstream: Emulator, now: float):
    await access_token(await known(good_until=now + 3600), now)
    upstream.script(OUTAGE, method="token", times=None)

    assert await credentials.renew_due(now + 3500) == 0
