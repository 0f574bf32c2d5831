"""One outage burns nobody: when the breaker opens, and when it closes."""

from accounts_app.pool.breaker import OPEN_FOR, WITHIN, Breaker
from accounts_app.pool.outcomes import Outcome

NOW = 1_000_000.0


def hear(breaker: Breaker, outcomes: list[Outcome], now: float = NOW, first: int = 1) -> list[bool]:
    return [breaker.record(account, outcome, now) for account, outcome in enumerate(outcomes, first)]


def test_it_opens_with_the_fifth_account_that_fails_alike():
    breaker = Breaker()

    assert hear(breaker, [Outcome.OVERLOADED] * 5) == [False, False, False, False, True]
    assert breaker.is_open(NOW)


def test_it_opens_when_half_of_those_heard_fail_alike():
    breaker = Breaker()

    hear(breaker, [Outcome.SUCCEEDED, Outcome.UNREACHABLE] * 3)

    assert breaker.is_open(NOW)


def test_one_account_that_fails_again_and_again_is_no_crowd():
    breaker = Breaker()

    for _ in range(20):
        breaker.record(1, Outcome.OVERLOADED, NOW)

    assert not breaker.is_open(NOW)


def test_failures_far_apart_in_time_are_not_alike():
    breaker = Breaker()

    for account in range(1, 10):
        breaker.record(account, Outcome.OVERLOADED, NOW + account * WITHIN / 2)

    assert not breaker.is_open(NOW + 9 * WITHIN / 2)


def test_an_accounts_own_trouble_opens_nothing():
    breaker = Breaker()

    hear(breaker, [Outcome.QUOTA_EXHAUSTED, Outcome.RATE_LIMITED, Outcome.NEEDS_OWNER] * 4)

    assert not breaker.is_open(NOW)


def test_it_closes_when_most_answer_again_or_after_half_a_minute():
    recovered, left_alone = Breaker(), Breaker()
    hear(recovered, [Outcome.OVERLOADED] * 5)
    hear(left_alone, [Outcome.OVERLOADED] * 5)

    hear(recovered, [Outcome.SUCCEEDED] * 6, NOW + 1, first=10)

    assert not recovered.is_open(NOW + 1)
    assert left_alone.is_open(NOW + OPEN_FOR - 1)
    assert not left_alone.is_open(NOW + OPEN_FOR)


def test_it_tells_who_suffered():
    breaker = Breaker()

    hear(breaker, [Outcome.OVERLOADED, Outcome.SUCCEEDED, Outcome.OVERLOADED])

    assert breaker.accounts_with(Outcome.OVERLOADED) == [1, 3]
    assert repr(breaker) == "<Breaker 3 accounts heard, open until 0>"
