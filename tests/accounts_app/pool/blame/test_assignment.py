"""Which accounts a call may go to: those that support its operation, or the owner of what it names."""

from dataclasses import dataclass

import pytest

from accounts_app.pool.blame.assignment import Assignment, Pause, Wanted
from accounts_app.pool.blame.attempts import Attempts
from accounts_app.pool.blame.blame import Blame
from accounts_app.pool.blame.no_answer import Ending, NoAnswer
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.outcomes import Fault, Outcome, Repeat
from bench.simulation.world import Account, Nowhere

NOW, MODEL = 1000.0, "m"
SPENT = Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=600.0)
BUSY = Fault(Outcome.OVERLOADED, 503)


@dataclass(frozen=True, slots=True)
class Able(Account):
    """An account that has only these operations."""

    operations: tuple[str, ...] = ("generate", "embed")

    def can(self, operation: str) -> bool:
        return operation in self.operations


def a_pool(*accounts: Able) -> Blame:
    blame = Blame(Nowhere())
    known = dict(enumerate(accounts, 1))
    blame.board.update(known, known, NOW)
    return blame


def asked(blame: Blame, *course: Fault, **wanted) -> tuple[list[int], NoAnswer | Pause | None]:
    """The accounts that a call asks when its exchanges end with `course`, and its end if none answers."""
    attempts = Attempts(blame, Wanted(wanted.pop("model", MODEL), wanted.pop("conversation", 7), **wanted))
    accounts, faults = [], iter(course)
    while isinstance(step := attempts.next(NOW), Assignment):
        accounts.append(step.loan.account)
        fault = next(faults, None)
        if fault is None:
            attempts.answered(NOW)
            step.settle(Fault(Outcome.SUCCEEDED, 200), NOW)
            step.give_back(NOW)
            return accounts, None
        attempts.failed(fault, NOW)
    return accounts, step


CAN, CANNOT = Able(), Able(operations=("generate",))


def owned_by(*owners: int) -> list[Able]:
    """An account of each of these owners."""
    return [Able(owner=owner) for owner in owners]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_call_goes_only_to_accounts_that_support_its_operation(strategy):
    blame = a_pool(CANNOT, CAN, CANNOT, CAN)

    for conversation in range(20):
        assert asked(blame, operation="embed", conversation=conversation, strategy=strategy)[0][0] in (2, 4)
    accounts, end = asked(blame, SPENT, SPENT, operation="embed", strategy=strategy)
    assert set(accounts) == {2, 4}
    assert isinstance(end, NoAnswer)
    assert end.ending is Ending.COME_BACK


def test_an_account_that_answered_before_is_not_asked_for_an_operation_it_lacks():
    blame = a_pool(CANNOT, CAN)
    asked(blame, operation="generate")
    blame.refusals.add((7, MODEL), [2], 1)

    assert asked(blame, operation="embed")[0] == [2]


def test_an_operation_that_no_account_supports_ends_the_call_as_that():
    assert asked(a_pool(CANNOT, CANNOT), operation="embed") == ([], NoAnswer(Ending.CANNOT))
    assert asked(a_pool(), operation="embed") == ([], NoAnswer(Ending.NOT_CONNECTED))


def test_accounts_that_come_change_or_go_are_looked_at_anew():
    blame = a_pool(CANNOT)
    assert asked(blame, operation="embed") == ([], NoAnswer(Ending.CANNOT))

    blame.board.update({1: CANNOT, 2: CAN}, [2], NOW)
    assert asked(blame, operation="embed")[0] == [2]
    blame.board.update({1: CAN, 2: CANNOT}, [1, 2], NOW)
    assert asked(blame, operation="embed")[0] == [1]
    blame.board.update({2: CANNOT}, [1], NOW)
    assert asked(blame, operation="embed") == ([], NoAnswer(Ending.CANNOT))


@pytest.mark.parametrize("owner", [1, 2, 3])
def test_a_bound_call_goes_only_to_its_owner(owner):
    blame = a_pool(*owned_by(1, 2, 3))

    assert asked(blame, owner=owner)[0] == [owner]
    accounts, end = asked(blame, SPENT, owner=owner)
    assert accounts == [owner]
    assert isinstance(end, NoAnswer)
    assert end.ending is Ending.COME_BACK
    assert 600.0 <= end.delay <= 660.0


def test_a_bound_call_that_its_owner_does_not_answer_gets_upstreams_words():
    blame = a_pool(*owned_by(1, 2))

    accounts, end = asked(blame, BUSY, BUSY, BUSY, owner=1, max_wait=0.0)

    assert set(accounts) == {1}
    assert isinstance(end, NoAnswer)
    assert end.ending is Ending.FAILURE


def test_a_bound_call_waits_for_its_owner_and_not_for_others():
    blame = a_pool(*owned_by(1, 2))
    asked(blame, Fault(Outcome.RATE_LIMITED, 429, delay=5.0), owner=1, max_wait=0.0)

    _, waits = asked(blame, owner=1)

    assert isinstance(waits, Pause)
    assert NOW + 5.0 <= waits.until <= NOW + 6.5
    assert asked(blame, owner=2)[0] == [2]


def test_an_owner_that_lacks_the_operation_or_is_gone_is_not_asked():
    cannot, can = Able(owner=1, operations=("generate",)), Able(owner=2)

    assert asked(a_pool(cannot, can), operation="embed", owner=1) == ([], NoAnswer(Ending.CANNOT))
    assert asked(a_pool(can), owner=3) == ([], NoAnswer(Ending.CANNOT))


@pytest.mark.parametrize("strategy", list(Strategy))
def test_every_account_of_the_owner_may_serve_and_no_other(strategy):
    blame = a_pool(*owned_by(5, 6, 5, 6, 5))

    for conversation in range(20):
        assert asked(blame, owner=5, conversation=conversation, strategy=strategy)[0][0] in (1, 3, 5)
    accounts, end = asked(blame, *[BUSY] * 9, owner=5, strategy=strategy, max_attempts=9, max_wait=0.0)
    assert set(accounts) == {1, 3, 5}
    assert isinstance(end, NoAnswer)
    assert end.ending is Ending.FAILURE


def test_an_account_that_changes_its_owner_serves_the_new_one_alone():
    blame = a_pool(*owned_by(-1, -2))
    moved = dict(enumerate(owned_by(7, 7), 1))

    blame.board.update(moved, moved, NOW)

    assert blame.board.among("", 7) == {1, 2}
    assert blame.board.among("", -1) == blame.board.among("generate", -2) == set()
    blame.board.update({}, [1, 2], NOW)
    assert repr(blame.board.membership) == "<Membership 0 accounts of 0 owners>"


def test_a_call_about_no_model_is_kept_only_by_what_concerns_the_whole_account():
    kept = Able(allowed_models=("other",))
    blame = a_pool(kept)
    asked(blame, SPENT, model="other")

    assert asked(blame, model="")[0] == [1]

    accounts, _ = asked(blame, SPENT, model="")
    assert accounts == [1]
    assert blame.board.cooldowns.get(1, "") is not None
    assert asked(blame, model="")[0] == []


@pytest.mark.parametrize("strategy", list(Strategy))
def test_an_exclusive_project_is_used_by_its_group_and_by_no_other(strategy):
    blame = a_pool(*owned_by(5, 6), Able(owner=-3, operations=("generate",)))
    blame.board.membership.make_exclusive({5: 77})

    assert blame.board.among("", None) == blame.board.among("", None, 78) == {2, 3}
    assert blame.board.among("", None, 77) == {1, 2, 3}
    assert blame.board.among("embed", None) == {2}
    assert blame.board.among("embed", None, 77) == {1, 2}
    accounts, _ = asked(blame, *[BUSY] * 9, group=78, strategy=strategy, max_attempts=9, max_wait=0.0)
    assert set(accounts) == {2, 3}
    assert asked(blame, owner=5, strategy=strategy)[0] == [1]  # what was made there before stays served


def test_a_project_that_is_no_longer_exclusive_and_one_whose_accounts_change_are_placed_anew():
    blame = a_pool(*owned_by(5, 6))
    membership = blame.board.membership
    membership.make_exclusive({5: 77})
    assert blame.board.among("", None) == {2}

    moved = dict(enumerate(owned_by(5, 5), 1))
    blame.board.update(moved, [2], NOW)
    assert blame.board.among("", None) == set()
    assert asked(blame) == ([], NoAnswer(Ending.CANNOT))
    membership.make_exclusive({})
    assert blame.board.among("", None) is None


def test_a_call_that_is_over_ends_no_other_on_its_path():
    blame = a_pool(Able())
    waiting, over = (Attempts(blame, Wanted(MODEL, 7)).next(NOW) for _ in range(2))
    over.answered(NOW)
    over.settle(Fault(Outcome.SUCCEEDED, 200), NOW)
    over.give_back(NOW)

    blame.paths.keep(())
    assert blame.paths.heard_since(over.path, NOW - 1.0)  # what has a call in flight is kept
    waiting.give_back(NOW)
    blame.paths.keep(())
    assert not blame.paths.heard_since(over.path, NOW - 1.0)


def test_a_call_is_charged_as_one_request_unless_it_says_otherwise():
    assert Wanted(MODEL, 7).requests == 1


def test_a_call_that_is_made_once_asks_in_another_version_and_no_third_time():
    lacks = Fault(Outcome.VERSION_MISSING, 404)

    assert asked(a_pool(*owned_by(7)), lacks, owner=7, repeat=Repeat.UNTIL_SENT)[0] == [1, 1]
    accounts, end = asked(a_pool(*owned_by(7)), lacks, lacks, owner=7, repeat=Repeat.UNTIL_SENT, max_wait=0.0)
    assert accounts == [1, 1]
    assert isinstance(end, NoAnswer)


LEAKED = Fault(Outcome.NEEDS_OWNER, 403, parked="dead_key")
OFF, TAKEN_OUT = Able(owner=5, enabled=False), Able(owner=5, parked="by_hand")


@pytest.mark.parametrize("disabled", [OFF, TAKEN_OUT])
def test_a_disabled_account_of_the_owner_answers_where_no_other_can(disabled):
    blame = a_pool(disabled, Able(owner=5), Able(owner=6))

    assert asked(blame, owner=5, even_disabled=True) == ([2], None)
    assert asked(blame, LEAKED, owner=5, even_disabled=True) == ([2, 1], None)
    assert asked(blame, owner=5)[0] == []
    assert asked(blame, even_disabled=True) == ([3], None)


def test_a_disabled_account_that_cools_down_says_when_it_comes_back():
    blame = a_pool(OFF)

    _, end = asked(blame, SPENT, owner=5, even_disabled=True, max_wait=0.0)
    again, later = asked(blame, owner=5, even_disabled=True, max_wait=0.0)

    assert (end.ending, again, later.ending) == (Ending.COME_BACK, [], Ending.COME_BACK)
    assert later.delay >= 600.0


@pytest.mark.parametrize("parked", ["dead_key", "suspended"])
def test_an_account_that_needs_attention_answers_nothing(parked):
    blame = a_pool(Able(owner=5, enabled=False, parked=parked))

    assert asked(blame, owner=5, even_disabled=True)[0] == []
