"""Leases: what a verdict does at once, what is stored, and what is read from the rows of other nodes."""

import gc
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts_app import leasing, roster
from accounts_app.actions.accounts import clear_cooldowns_of, re_enable, take_out
from accounts_app.leasing import Ending, Lease, NoAnswer, Pause, Status, Wanted
from accounts_app.models import Account, Credential, GatewaySettings, ModelRoute, Rest
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.roster.views import DEFAULT_RESET_SECONDS
from accounts_app.storage import journal, worker
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful", "one_clock"), pytest.mark.django_db(transaction=True)]

PRO, FLASH = "gemini-2.5-pro", "gemini-2.5-flash"
NOW = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
WELL = Fault(Outcome.SUCCEEDED, 200)


@pytest.fixture
def one_clock() -> None:
    """The wall clock shows the same as the monotonic one."""
    leasing.reset(ahead=lambda: 0.0)


@pytest.fixture
def pool_of():
    """Makes accounts by their first names, and has the roster read them."""

    def make(*names: str, **fields) -> list[int]:
        ids = [make_account(f"{name}@example.com", **fields).pk for name in names]
        roster.load_now()
        return ids

    yield make
    assert leasing.in_flight() == 0
    worker.shutdown()


def step(model: str = PRO, now: float = NOW, *, key: int = 42, tried=(), max_wait: float = 0.0):
    """The first step of a call, and the call."""
    attempts = leasing.attempts(Wanted(model, key, max_wait=max_wait))
    attempts.tried |= set(tried)
    return leasing.next_step(attempts, now), attempts


def borrow(model: str = PRO, now: float = NOW, **options) -> Lease:
    lease, _ = step(model, now, **options)
    assert isinstance(lease, Lease)
    return lease


def use(fault: Fault, model: str = PRO, now: float = NOW, **options) -> int:
    """One call of one exchange that ends with `fault`. Returns the account that was asked."""
    lease, attempts = step(model, now, **options)
    assert isinstance(lease, Lease)
    with lease:
        if fault is WELL:
            attempts.answered(now)
            lease.settle(WELL, at=now)
        else:
            attempts.failed(fault, now)
    return lease.account.id


def nothing(model: str = PRO, now: float = NOW, **options) -> NoAnswer:
    no_answer, _ = step(model, now, **options)
    assert isinstance(no_answer, NoAnswer)
    return no_answer


def waits(model: str = PRO, now: float = NOW, **options) -> float:
    """Seconds that a call without a limit to its waits has to pause."""
    pause, _ = step(model, now, max_wait=1e9, **options)
    assert isinstance(pause, Pause)
    return pause.until - now


def statuses(model: str = PRO, now: float = NOW) -> list[Status]:
    return [each.status for each in leasing.eligibility(model, now)]


async def written() -> None:
    """Write the journal's rows, and have the roster read them."""
    await journal.flush(force=True)
    await roster.refresh()


async def restarted(**options) -> None:
    """The process has begun anew, and read the database."""
    roster.reset()
    leasing.reset(**options)
    await roster.refresh()


def test_a_lease_counts_until_it_is_given_back_once(pool_of):
    (alice,) = pool_of("alice")

    lease = borrow()

    assert lease.account.id == alice
    assert lease.why == "affinity"
    assert leasing.in_flight() == 1
    assert repr(lease) == f"<Lease: <Assignment of account {alice} for {PRO}: on>>"
    with lease:
        lease.settle(WELL, at=NOW)
    with lease:
        pass
    assert leasing.in_flight() == 0
    assert repr(lease) == f"<Lease: <Assignment of account {alice} for {PRO}: over>>"


def test_a_lease_is_given_back_however_the_call_ends(pool_of):
    pool_of("alice")

    with pytest.raises(ZeroDivisionError), borrow():
        _ = 1 / 0

    assert leasing.in_flight() == 0


def test_a_conversation_is_sent_to_the_same_account_each_time(pool_of):
    pool_of("alice", "bob", "carol", "dave")

    seen = set()
    for _ in range(10):
        with borrow(key=7) as lease:
            seen.add(lease.account.id)

    assert len(seen) == 1


def test_the_account_after_a_spent_one_is_asked(pool_of):
    pool_of("alice", "bob")
    first = use(Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=3600.0))

    with borrow() as lease:
        assert lease.account.id != first
    with borrow(FLASH) as lease:
        assert lease.account.id == first


def test_when_all_cool_down_the_soonest_recovery_is_returned(pool_of):
    pool_of("alice", "bob", "carol")
    take_out([pool_of("dave")[0]], "verify")
    roster.load_now()
    for delay in (300.0, 20.0, 4000.0):
        use(Fault(Outcome.RATE_LIMITED, 429, delay=delay))

    found = nothing()

    assert found.ending is Ending.COME_BACK
    assert 20 <= found.delay <= 22
    assert 20 <= waits() <= 25


def test_without_an_account_in_service_nothing_recovers_by_itself(pool_of):
    pool_of()
    assert nothing().ending is Ending.NOT_CONNECTED
    assert leasing.not_ready(NOW) == ["No account is connected."]

    take_out(pool_of("alice"), "verify")
    roster.load_now()

    assert nothing().ending is Ending.ACT
    assert leasing.not_ready(NOW) == ["Every account needs attention."]


def test_before_the_first_reading_nothing_is_ready():
    assert leasing.not_ready(NOW) == ["The database has not been read yet."]


def test_an_account_already_tried_is_not_tried_again(pool_of):
    alice, bob = pool_of("alice", "bob")

    with borrow(tried={alice}) as lease:
        assert lease.account.id == bob
    assert nothing(tried={alice, bob}) == NoAnswer(Ending.COME_BACK, delay=1.0)


def test_only_the_first_fault_of_an_exchange_counts(pool_of):
    pool_of("alice")

    with borrow() as lease:
        lease.settle(WELL, at=NOW)
        lease.settle(Fault(Outcome.QUOTA_EXHAUSTED, 429), at=NOW)

    assert statuses() == [Status.READY]


def test_a_hundred_calls_that_fail_at_once_are_one_step_of_the_ladder(pool_of):
    (alice,) = pool_of("alice")
    make_account("bob@example.com")
    roster.load_now()
    leases = [borrow(tried={alice + 1}) for _ in range(100)]

    for lease in leases:
        with lease:
            lease.settle(Fault(Outcome.RATE_LIMITED, 429), at=NOW)

    assert 3.0 <= leasing.eligibility(PRO, NOW)[0].until - NOW <= 3.6
    assert journal.pending() == 2  # one cooldown, one last use


def test_a_pool_of_one_cools_down_for_a_minute_at_most_when_upstream_names_no_time(pool_of):
    pool_of("alice")
    now = NOW

    for _ in range(10):
        use(Fault(Outcome.QUOTA_EXHAUSTED, 429), now=now)
        until = leasing.eligibility(PRO, now)[0].until
        assert until - now <= 72
        now = until + 1


def test_after_a_cooldown_one_call_probes_the_account(pool_of):
    pool_of("alice")
    use(Fault(Outcome.RATE_LIMITED, 429, delay=10.0))
    later = NOW + 10
    probe, attempts = step(now=later)
    assert isinstance(probe, Lease)

    with probe:
        assert probe.why == "affinity, first call after a cooldown"
        assert 1 <= waits(now=later) <= 1.25

        attempts.answered(later)

        with borrow(now=later) as other:
            assert other.why == "affinity"


def test_a_probe_that_fails_makes_the_cooldown_longer(pool_of):
    pool_of("alice")
    now = NOW
    for length in (3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0):
        use(Fault(Outcome.RATE_LIMITED, 429), now=now)
        until = leasing.eligibility(PRO, now)[0].until
        assert length <= until - now <= 1.2 * length
        now = until


def test_a_long_stream_that_ends_well_does_not_end_a_cooldown_begun_meanwhile(pool_of):
    pool_of("alice")
    with borrow() as long_stream:
        use(Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=3600.0), now=NOW + 1)
        long_stream.settle(WELL, at=NOW + 60)

    assert statuses(now=NOW + 60) == [Status.COOLING_DOWN]


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.OVERLOADED, Outcome.INTERRUPTED, Outcome.ABANDONED])
def test_an_account_that_is_not_at_fault_goes_on_serving(pool_of, outcome):
    pool_of("alice")

    for _ in range(20):
        use(Fault(outcome))

    assert statuses() == [Status.READY]


def test_an_account_has_as_many_calls_in_flight_as_its_operator_allows(pool_of):
    pool_of("alice", max_concurrency=2)

    with borrow(), borrow(FLASH):
        assert 1 <= waits() <= 1.25
        assert statuses() == [Status.FULL]
    with borrow():
        assert statuses() == [Status.READY]


def test_an_account_kept_to_some_models_is_asked_for_no_other(pool_of):
    pool_of("alice", allowed_models=["gemini-2.5-flash*"])

    with borrow(FLASH):
        pass
    assert nothing().ending is Ending.NOT_ALLOWED
    assert statuses() == [Status.NOT_ALLOWED]


def test_a_model_unknown_to_the_cached_quota_is_still_tried(pool_of):
    pool_of("alice", quota={FLASH: {"remaining": 0.0, "resets_at": None}})

    with borrow("gemini-9-preview"), borrow(FLASH):
        pass


def left(fraction: float, resets_in: float) -> dict[str, dict[str, object]]:
    return {PRO: {"remaining": fraction, "resets_at": datetime.fromtimestamp(NOW + resets_in, UTC).isoformat()}}


def test_an_account_below_the_quota_reserve_is_not_asked(pool_of):
    GatewaySettings(quota_protection=10).save()
    (alice,) = pool_of("alice", quota=left(0.05, 3600))
    (bob,) = pool_of("bob", quota=left(0.5, 3600))

    assert statuses() == [Status.PROTECTED, Status.READY]
    for key in range(10):
        with borrow(key=key) as lease:
            assert lease.account.id == bob
    roster.current()
    assert nothing(tried={bob}).delay == 1.0
    with borrow(now=NOW + 3600, tried={bob}) as lease:
        assert lease.account.id == alice


def test_a_newer_quota_or_another_reserve_puts_the_account_back(pool_of):
    GatewaySettings(quota_protection=10).save()
    (alice,) = pool_of("alice", quota=left(0.05, 3600))
    nothing()

    Account.objects.filter(pk=alice).update(quota=left(1.0, 18000))
    roster.load_now()
    with borrow():
        pass

    Account.objects.filter(pk=alice).update(quota=left(0.05, 3600))
    roster.load_now()
    nothing()
    GatewaySettings.objects.update(quota_protection=0)
    roster.load_now()
    with borrow():
        pass


def test_a_reserve_without_a_named_reset_lasts_a_window_after_the_quota_was_fetched(pool_of):
    GatewaySettings(quota_protection=10).save()
    spent = {PRO: {"remaining": 0.0, "resets_at": None}}
    pool_of("alice", quota=spent, quota_fetched_at=datetime.fromtimestamp(NOW, UTC))

    assert leasing.eligibility(PRO, NOW + 60)[0].until == NOW + DEFAULT_RESET_SECONDS
    assert nothing(now=NOW + 60).ending is Ending.COME_BACK
    with borrow(now=NOW + DEFAULT_RESET_SECONDS):
        pass


def test_the_operators_strategy_is_followed(pool_of):
    GatewaySettings(strategy="round_robin").save()
    alice, bob = pool_of("alice", "bob")

    order = []
    for _ in range(4):
        with borrow() as lease:
            order.append(lease.account.id)

    assert order == [alice, bob, alice, bob]


def test_the_demo_account_serves_only_while_it_is_alone(pool_of):
    roster.set_demo_upstream("http://127.0.0.1:9")
    (demo,) = pool_of("demo", is_demo=True)
    with borrow() as lease:
        assert lease.account.id == demo

    (alice,) = pool_of("alice")

    assert nothing(tried={alice}).delay == 1.0
    assert statuses() == [Status.STANDBY, Status.READY]
    roster.set_demo_upstream(None)


async def test_a_cooldown_is_written_and_outlives_the_process(pool_of):
    alice, bob = await worker.in_database(pool_of, "alice", "bob")
    with borrow(tried={bob}) as lease:
        lease.settle(Fault(Outcome.QUOTA_EXHAUSTED, 429, "Resets in 2h.", delay=7200.0), at=NOW)

    await written()
    await restarted()  # and the clocks differ again

    reason = leasing.eligibility(PRO, NOW)[0]
    assert (reason.account, reason.detail) == (alice, "quota_exhausted: Resets in 2h.")
    assert reason.until == pytest.approx(NOW + 7200, abs=0.01)
    await restarted(ahead=lambda: 0.0)
    with borrow(now=NOW + 1) as lease:
        assert lease.account.id == bob


async def test_a_cooldown_not_yet_written_is_not_forgotten(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    use(Fault(Outcome.RATE_LIMITED, 429, delay=60.0))

    await worker.in_database(Account.objects.filter(pk=alice).update, project="other")
    await roster.refresh()

    assert statuses() == [Status.COOLING_DOWN]


async def test_a_cooldown_that_an_operator_cleared_is_over_here(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    use(Fault(Outcome.RATE_LIMITED, 429, delay=3600.0))
    await written()
    assert statuses() == [Status.COOLING_DOWN]

    await worker.in_database(re_enable, [alice])
    await roster.refresh()

    assert statuses() == [Status.READY]


async def test_a_cooldown_of_another_node_counts_here(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    assert statuses() == [Status.READY]

    until = datetime.fromtimestamp(NOW + 60, UTC)
    await Rest.objects.acreate(
        account_id=alice, model=PRO, until=until, window_until=until, reason="overloaded", streak=1
    )
    await roster.refresh()

    assert statuses() == [Status.LAST]


async def test_a_success_ends_the_cooldown_on_every_node(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    use(Fault(Outcome.RATE_LIMITED, 429, delay=5.0))
    await written()

    use(WELL, now=NOW + 6)
    await written()

    row = await Rest.objects.aget(account=alice)
    assert (row.until, row.streak) == (None, 0)
    assert statuses(now=NOW + 6) == [Status.READY]


async def test_a_revoked_account_needs_attention_at_once_and_in_its_row(pool_of):
    alice, bob = await worker.in_database(pool_of, "alice", "bob")
    await Credential.objects.aupdate(updated_at=datetime.fromtimestamp(NOW - 60, UTC))

    with borrow(tried={bob}) as lease:
        lease.settle(Fault(Outcome.REVOKED, message="Token has been expired or revoked."), at=NOW)
    assert statuses() == [Status.NEEDS_ATTENTION, Status.READY]
    await written()

    account = await Account.objects.aget(pk=alice)
    assert (account.parked, account.parked_message) == ("sign_in", "Token has been expired or revoked.")
    assert statuses() == [Status.NEEDS_ATTENTION, Status.READY]
    await worker.in_database(re_enable, [alice])
    await roster.refresh()
    assert statuses() == [Status.READY, Status.READY]


async def test_the_link_that_an_owner_has_to_open_is_stored(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")

    fault = Fault(Outcome.NEEDS_OWNER, 403, "Verify your account.", parked="verify", link="https://example.test/verify")
    use(fault)
    await written()

    account = await Account.objects.aget(pk=alice)
    assert (account.parked, account.parked_link) == ("verify", "https://example.test/verify")
    assert account.parked_at.timestamp() == NOW


async def test_a_verdict_older_than_a_sign_in_is_not_stored(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    now = timezone.now().timestamp()

    use(Fault(Outcome.REVOKED), now=now - 30)
    await worker.in_database(Credential.objects.filter(account=alice).update, access_token="new")
    await written()

    assert (await Account.objects.aget(pk=alice)).parked == ""
    assert statuses(now=now) == [Status.READY]


async def test_an_account_that_needs_attention_already_keeps_its_first_reason(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    with borrow() as lease:
        await worker.in_database(take_out, [alice], "terms", "appeal")
        lease.settle(Fault(Outcome.NEEDS_OWNER, 403, parked="verify"), at=NOW)
    await written()

    account = await Account.objects.aget(pk=alice)
    assert (account.parked, account.parked_message) == ("terms", "appeal")


async def test_a_deleted_account_takes_its_rows_along(pool_of):
    alice, bob = await worker.in_database(pool_of, "alice", "bob")
    with borrow(tried={bob}) as lease:
        lease.settle(Fault(Outcome.RATE_LIMITED, 429, delay=60.0), at=NOW)
        await Account.objects.filter(pk=alice).adelete()
        await written()

    assert journal.pending() == 0
    assert statuses() == [Status.READY]
    assert await Rest.objects.acount() == 0


async def test_a_last_use_is_noted_now_and_then_and_moves_nothing_else(pool_of):
    (alice,) = await worker.in_database(pool_of, "alice")
    before = await Account.objects.aget(pk=alice)

    for second in range(5):
        use(WELL, now=NOW + second)
    assert journal.pending() == 1
    await written()

    after = await Account.objects.aget(pk=alice)
    assert (after.last_used_at, after.updated_at) == (datetime.fromtimestamp(NOW, UTC), before.updated_at)
    assert leasing.last_used(alice) == NOW


async def test_a_cooldown_for_a_name_too_long_for_its_column_is_kept_in_memory(pool_of):
    await worker.in_database(pool_of, "alice")
    name = "m" * 200

    use(Fault(Outcome.RATE_LIMITED, 429, delay=60.0), name)
    await written()

    assert statuses(name) == [Status.COOLING_DOWN]
    assert await Rest.objects.acount() == 0


def test_cooldowns_cleared_in_the_console_are_over_here(pool_of):
    (alice,) = pool_of("alice")
    Rest.objects.create(account_id=alice, until=timezone.now() + timedelta(hours=1), streak=1, reason="rate_limited")
    roster.load_now()
    now = timezone.now().timestamp()
    assert statuses(now=now) == [Status.COOLING_DOWN]

    clear_cooldowns_of([alice])
    roster.load_now()

    assert statuses(now=now) == [Status.READY]


def test_the_operators_routes_and_prefix_are_read_from_memory(pool_of, django_assert_num_queries):
    ModelRoute.objects.create(pattern="fast", target=FLASH)
    GatewaySettings(system_instruction_prefix="Be brief.").save()
    pool_of("alice")

    with django_assert_num_queries(0):
        assert (leasing.routed("fast"), leasing.routed(PRO)) == (FLASH, PRO)
        assert leasing.instruction_prefix() == "Be brief."
        use(WELL)


async def test_a_cooldown_is_in_memory_once_and_on_the_board(pool_of):
    alice, bob = await worker.in_database(pool_of, "alice", "bob")
    for account, other in ((alice, bob), (bob, alice)):
        with borrow(tried={other}) as lease:
            lease.settle(Fault(Outcome.QUOTA_EXHAUSTED, 429, "Held once.", delay=60.0), at=NOW)
        await written()
        await worker.in_database(Rest.objects.filter(account=account).update, message="Held once, by hand.")
        await roster.refresh()

    await worker.in_database(int)  # what the thread did last it keeps no longer
    held = [each for each in gc.get_objects() if isinstance(each, Cooldown) and each.message.startswith("Held once")]

    assert [each.message for each in held] == 2 * ["Held once, by hand."]
    assert len(leasing.cooldowns(NOW)) == 2


async def test_setting_the_wall_clock_moves_no_cooldown(pool_of):
    wall = {"ahead": 1000.0}
    leasing.reset(ahead=lambda: wall["ahead"])
    await worker.in_database(pool_of, "alice")
    use(Fault(Outcome.RATE_LIMITED, 429, delay=60.0))

    for ahead in (1000.0 + 7200, 1000.0 - 7200):
        wall["ahead"] = ahead
        await written()
        for later, status in ((59, Status.COOLING_DOWN), (61, Status.HALF_OPEN)):
            assert statuses(now=NOW + later + ahead) == [status]


async def test_a_cooldown_is_stored_in_wall_time_and_kept_in_monotonic_time(pool_of):
    leasing.reset(ahead=lambda: 1000.0)
    await worker.in_database(pool_of, "alice")

    use(Fault(Outcome.RATE_LIMITED, 429, delay=60.0))
    await written()

    row = await Rest.objects.aget()
    assert row.until is not None
    assert row.until.timestamp() == pytest.approx(NOW + 1060)
    await restarted(ahead=lambda: 5000.0)
    assert leasing.eligibility(PRO, NOW + 1000)[0].until == pytest.approx(NOW + 1060)
