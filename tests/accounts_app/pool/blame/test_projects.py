"""Accounts of one project share its quota, and nothing else."""

import pytest

from accounts_app.pool.backoff import HOUR
from accounts_app.pool.blame.blame import BILLING, Blame
from accounts_app.pool.choice.board import Loan
from accounts_app.pool.choice.eligibility import Status
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.pool.paths.paths import Path
from bench.simulation.world import MAIN, Account

NOW, MODEL, OTHER = 1000.0, "m", "other"
PATH = Path(MAIN)
SPENT = Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=600.0)
LIMITED = Fault(Outcome.RATE_LIMITED, 429, delay=20.0)
BROKE = Fault(Outcome.NEEDS_OWNER, 429, parked=BILLING)
WELL = Fault(Outcome.SUCCEEDED, 200)
READY, PROBING, COOLING = Status.READY, Status.PROBING, Status.COOLING_DOWN


class Written:
    """Keeps what would be written down."""

    def __init__(self) -> None:
        self.cooldowns: list[tuple[int, str, int]] = []
        self.taken_out: list[tuple[int, str]] = []

    def cooldown(self, account: int, model: str, cooldown: Cooldown) -> None:
        self.cooldowns.append((account, model, cooldown.streak))

    def take_out(self, account: int, fault: Fault) -> None:
        self.taken_out.append((account, fault.parked))

    def put_back(self, account: int, parked: str) -> None:
        self.taken_out.append((account, f"back from {parked}"))


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def blame(written: Written) -> Blame:
    """Accounts 1 and 2 of one project, 3 of another, 4 and 5 of projects that nobody knows."""
    blame = Blame(written)
    owners = {1: 7, 2: 7, 3: 8, 4: -4, 5: -5}
    accounts = {account: Account(owner=owner) for account, owner in owners.items()}
    blame.board.update(accounts, accounts, NOW)
    return blame


def statuses(blame: Blame, now: float = NOW, model: str = MODEL) -> list[Status]:
    return [blame.board.eligibility_of(account, model, now).status for account in range(1, 6)]


def borrow(blame: Blame, account: int, now: float = NOW) -> Loan:
    return blame.board.borrow(account, MODEL, now)


def settle(blame: Blame, account: int, fault: Fault, now: float = NOW) -> None:
    loan = borrow(blame, account, now)
    if fault is WELL:
        blame.answered(loan, PATH, now, now)
    blame.settle(loan, PATH, fault, now, 1, now)
    blame.board.give_back(loan, now)


@pytest.mark.parametrize("fault", [SPENT, LIMITED])
def test_a_quota_that_is_used_up_is_used_up_for_the_project(blame, written, fault):
    settle(blame, 1, fault)

    assert statuses(blame) == [COOLING, COOLING, READY, READY, READY]
    assert statuses(blame, model=OTHER) == [READY] * 5
    assert sorted(written.cooldowns) == [(1, MODEL, 1), (2, MODEL, 1)]


def test_all_accounts_of_a_project_are_back_at_the_same_time_unless_one_has_longer_to_wait(blame):
    blame.cool_down(2, MODEL, Fault(Outcome.UNAUTHENTICATED, 401, delay=900.0), NOW)
    settle(blame, 1, Fault(Outcome.RATE_LIMITED, 429))
    assert statuses(blame)[:2] == [COOLING, COOLING]
    assert blame.board.cooldowns.until(2, MODEL) == NOW + 900.0

    blame.board.set_cooldown(2, MODEL, None, NOW)
    settle(blame, 1, Fault(Outcome.RATE_LIMITED, 429), NOW + 500.0)
    assert blame.board.cooldowns.get(1, MODEL) is blame.board.cooldowns.get(2, MODEL)


def test_an_account_whose_project_nobody_knows_is_alone(blame):
    settle(blame, 4, SPENT)

    assert statuses(blame) == [READY, READY, READY, COOLING, READY]


def test_what_is_not_the_quotas_is_the_accounts(blame):
    settle(blame, 1, Fault(Outcome.UNAUTHENTICATED, 401, whole_account=True))

    assert statuses(blame)[1:] == [READY] * 4


def test_one_call_probes_for_the_whole_project(blame):
    settle(blame, 1, LIMITED)
    after = NOW + 21.0

    probe = borrow(blame, 1, after)
    assert probe.probed
    assert statuses(blame, after)[:2] == [PROBING, PROBING]

    blame.board.give_back(probe, after)
    assert statuses(blame, after)[:2] == [Status.HALF_OPEN, Status.HALF_OPEN]


def test_a_probe_that_succeeds_opens_the_whole_project(blame, written):
    settle(blame, 1, LIMITED)
    after = NOW + 21.0

    settle(blame, 2, WELL, after)

    assert statuses(blame, after) == [READY] * 5
    assert sorted(written.cooldowns[2:]) == [(1, MODEL, 0), (2, MODEL, 0)]


def test_a_success_proves_nothing_of_a_cooldown_that_is_not_the_projects(blame):
    settle(blame, 1, LIMITED)
    blame.cool_down(2, MODEL, Fault(Outcome.OVERLOADED, 503), NOW + 21.0)
    after = NOW + 22.0
    own = blame.board.cooldowns.get(2, MODEL)

    settle(blame, 1, WELL, after)

    assert blame.board.cooldowns.get(1, MODEL) is None
    assert blame.board.cooldowns.get(2, MODEL) is own


def test_a_project_out_of_credits_is_out_with_all_its_accounts_and_back_with_all(blame, written):
    settle(blame, 1, BROKE)
    assert statuses(blame) == [Status.NEEDS_ATTENTION, Status.NEEDS_ATTENTION, READY, READY, READY]

    later = NOW + 2 * HOUR
    settle(blame, 2, WELL, later)

    assert statuses(blame, later) == [READY] * 5
    assert sorted(written.taken_out) == [
        (1, "back from billing"),
        (1, "billing"),
        (2, "back from billing"),
        (2, "billing"),
    ]
