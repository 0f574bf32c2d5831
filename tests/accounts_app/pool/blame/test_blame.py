"""The effects of an exchange's outcome on accounts and paths."""

from dataclasses import replace
from typing import Any

import pytest

from accounts_app.pool.backoff import Spread
from accounts_app.pool.blame import blame as blaming
from accounts_app.pool.blame.blame import BILLING, Blame, Suspicion
from accounts_app.pool.choice.board import Loan
from accounts_app.pool.choice.eligibility import Status
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.pool.paths.paths import Path
from bench.simulation.world import MAIN
from tests.accounts_app.pool.blame.test_attempts import MODEL, NOW, Written, a_pool_of

PATH = Path(MAIN)
WELL = Fault(Outcome.SUCCEEDED, 200)
BUSY = Fault(Outcome.OVERLOADED, 503)
INTERRUPTED = Fault(Outcome.INTERRUPTED, 200)


@pytest.fixture
def blame() -> Blame:
    return a_pool_of(3)


def borrow(blame: Blame, account: int = 1, now: float = NOW) -> Loan:
    return blame.board.borrow(account, MODEL, now)


def status_of(blame: Blame, account: int = 1, now: float = NOW) -> Status:
    return blame.board.eligibility_of(account, MODEL, now).status


def choose(blame: Blame, *tried: int, conversation: int = 7, **wanted: Any) -> tuple[int, str] | None:
    wanted = {"lately": False, "even_disabled": False, **wanted}
    choice = blame.choose(Strategy.CONSISTENT_HASH, MODEL, conversation, tried, NOW, **wanted)
    return choice and (choice.account, choice.why)


def test_the_times_are_those_of_the_table_of_blame():
    assert (blaming.RENEW_EVERY, blaming.REFUSED_FOR_GOOD, blaming.TOKEN_AGAIN) == (60.0, 600.0, 2.0)
    assert {outcome.value: parked for outcome, parked in blaming.DEFAULT_REASON.items()} == {
        "revoked": "sign_in",
        "unauthenticated": "sign_in",
        "needs_owner": "verify",
    }


def test_a_node_spreads_from_its_seed_on():
    assert Blame(Written()).spread(1.0, 1.0) == Spread(0.0)(1.0, 1.0)
    assert Blame(Written(), 0.5).spread(1.0, 1.0) == Spread(0.5)(1.0, 1.0)


def test_it_tells_its_state(blame):
    assert repr(blame).startswith(
        "<Blame <Board 3 connected, 0 out of service, 0 in flight>, <Evidence on 0>, <Paths: none"
    )


@pytest.mark.parametrize(("whole", "of", "other"), [(False, MODEL, ""), (True, "", MODEL)])
def test_a_limit_is_the_models_unless_upstream_means_the_account(blame, whole, of, other):
    spent = Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=60.0, whole_account=whole)

    blame.settle(borrow(blame), PATH, spent, NOW, 7, NOW)

    assert blame.board.cooldowns.get(1, of) is not None
    assert blame.board.cooldowns.get(1, other) is None


class TestChoosing:
    def test_who_answered_a_conversation_that_others_refused_is_asked_first(self, blame):
        blame.refusals.add((7, MODEL), [1], 2)

        assert choose(blame) == (2, "it answered this conversation before")
        assert choose(blame, conversation=8) != (2, "it answered this conversation before")
        account, why = choose(blame, 2)
        assert (account, why) == (3, "affinity")

    def test_not_while_it_cannot_answer(self, blame):
        blame.refusals.add((7, MODEL), [1], 2)
        blame.cool_down(2, MODEL, Fault(Outcome.QUOTA_EXHAUSTED, delay=60.0), NOW)

        assert choose(blame) == (3, "affinity")

    def test_who_refused_it_comes_last(self, blame):
        blame.refusals.add((7, MODEL), [1, 2], None)

        assert choose(blame)[0] == 3
        assert choose(blame, 3)[0] in (1, 2)
        assert choose(blame, 1, 2, 3) is None

    def test_after_a_refusal_who_answered_the_model_lately_is_asked(self, blame):
        blame.answered(borrow(blame, 3), PATH, NOW, NOW)
        blame.answered(borrow(blame, 2), PATH, NOW, NOW)

        assert choose(blame, lately=True) == (2, "it answered for this model lately")
        assert choose(blame, 2, lately=True) == (3, "it answered for this model lately")
        assert choose(blame, 2, 3, lately=True)[1] == "affinity"
        assert choose(blame)[1] == "affinity"

    def test_one_that_an_operator_has_disabled_is_asked_where_that_is_allowed(self, blame):
        accounts = {each: replace(blame.board.accounts[each], enabled=False) for each in (1, 2, 3)}
        blame.board.update(accounts, accounts, NOW)

        assert choose(blame, among={2, 3}) is None
        assert choose(blame, among={2, 3}, even_disabled=True) == (2, "disabled, but in the project of what is named")


class TestTheEndOfACooldown:
    def test_one_that_upstream_named_is_ended_by_a_call_begun_when_it_was_over(self, blame):
        blame.cool_down(1, MODEL, Fault(Outcome.RATE_LIMITED, delay=10.0), NOW)
        loan = borrow(blame)

        blame.answered(loan, PATH, NOW + 9.9, NOW + 20)
        assert blame.board.cooldowns.get(1, MODEL) is not None
        blame.answered(loan, PATH, NOW + 10, NOW + 20)

        assert blame.board.cooldowns.get(1, MODEL) is None

    def test_a_guess_is_ended_by_a_call_begun_since(self, blame):
        loan = borrow(blame)
        blame.cool_down(1, MODEL, BUSY, NOW)

        blame.answered(loan, PATH, NOW - 0.1, NOW + 1)
        assert status_of(blame) is Status.LAST
        blame.answered(loan, PATH, NOW, NOW + 1)

        assert status_of(blame) is Status.READY

    def test_one_for_interrupted_answers_is_ended_only_by_a_whole_answer(self, blame):
        loan = borrow(blame)
        blame.cool_down(1, MODEL, INTERRUPTED, NOW)

        blame.answered(loan, PATH, NOW + 1, NOW + 1)
        assert status_of(blame) is Status.LAST
        blame.settle(loan, PATH, WELL, NOW + 1, 7, NOW + 2)

        assert status_of(blame) is Status.READY

    def test_a_guess_that_is_over_is_made_again_by_one_conversation(self, blame):
        blame.cool_down(1, MODEL, BUSY, NOW)
        over = blame.board.cooldowns.get(1, MODEL).until

        blame.convict(MODEL, Suspicion(1, PATH, BUSY), 7, over - 0.1)
        assert blame.board.cooldowns.get(1, MODEL).until == over
        blame.convict(MODEL, Suspicion(1, PATH, BUSY), 7, over)

        assert blame.board.cooldowns.get(1, MODEL).until > over + 3


class TestAnInterruptedAnswer:
    def breaks(self, blame: Blame, since: float, conversation: int) -> None:
        blame.settle(borrow(blame, now=since), PATH, INTERRUPTED, since, conversation, since + 5)

    def test_puts_the_account_last_if_others_finished_meanwhile(self, blame):
        for conversation in (1, 2):
            blame.settle(borrow(blame, 2), PATH, WELL, NOW, 9, NOW + 1)
            self.breaks(blame, NOW, conversation)

        assert status_of(blame, now=NOW + 5) is Status.LAST

    def test_has_no_effect_if_none_finished_since_it_began(self, blame):
        blame.settle(borrow(blame, 2), PATH, WELL, NOW, 9, NOW)
        for conversation in (1, 2, 3):
            self.breaks(blame, NOW, conversation)

        assert status_of(blame, now=NOW + 5) is Status.READY

    def test_a_whole_answer_in_between_ends_the_count(self, blame):
        for conversation in (1, 2, 3):
            blame.settle(borrow(blame, 2), PATH, WELL, NOW, 9, NOW + 1)
            self.breaks(blame, NOW, conversation)
            blame.settle(borrow(blame), PATH, WELL, NOW, 9, NOW + 1)

        assert status_of(blame, now=NOW + 5) is Status.READY


class TestMoney:
    def test_a_project_without_any_is_probed_each_hour_and_recovers_by_itself(self, blame):
        blame.take_out(1, Fault(Outcome.NEEDS_OWNER, 429, parked=BILLING), NOW)
        assert status_of(blame) is Status.NEEDS_ATTENTION
        due = blame.board.retry_at[1]
        assert 3_600 <= due - NOW <= 4_320

        assert status_of(blame, now=due) is Status.HALF_OPEN
        blame.answered(borrow(blame, now=due), PATH, due, due)

        assert status_of(blame, now=due) is Status.READY
        assert (blame._sink.taken_out, blame._sink.returned) == ([(1, BILLING)], [1])

    def test_its_hour_is_not_put_off_when_its_row_is_read_again(self, blame):
        blame.try_each_hour(1, NOW)
        due = blame.board.retry_at[1]
        blame.try_each_hour(1, NOW + 60)

        assert 3_600 <= due - NOW <= 4_320
        assert blame.board.retry_at[1] == due
