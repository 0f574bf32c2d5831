"""How long a rest is, how it grows, and how it ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts_app.pool.cooldown import (
    FORGOTTEN_AFTER,
    LADDERS,
    LONGEST,
    LONGEST_GUESS_ALONE,
    SHORTEST,
    WINDOW,
    Rest,
    RestState,
    cleared,
    next_rest,
    state,
)
from accounts_app.pool.outcomes import Fault, Outcome

NOW = 1_000_000.0
BUSY = Fault(Outcome.RATE_LIMITED, message="slow down")


def climb(fault: Fault, steps: int, *, alone: bool = False) -> list[float]:
    """The lengths of as many rests in a row, each begun when the one before is over."""
    lengths, rest, now = [], None, NOW
    for _ in range(steps):
        rest = next_rest(fault, rest, now, alone=alone)
        lengths.append(rest.until - now)
        now = max(rest.until, rest.window_until)
    return lengths


def test_upstreams_word_comes_first():
    rest = next_rest(Fault(Outcome.RATE_LIMITED, delay=17.5, message="in 17.5s"), None, NOW)

    assert rest == Rest(NOW + 17.5, "rate_limited", 1, NOW + 17.5, "in 17.5s", NOW)


@pytest.mark.parametrize(
    ("said", "rests"), [(0.0, SHORTEST), (-3.0, SHORTEST), (18 * 24 * 3600.0, LONGEST), (3600.0, 3600.0)]
)
def test_upstreams_word_is_bounded(said, rests):
    assert next_rest(Fault(Outcome.QUOTA_EXHAUSTED, delay=said), None, NOW).until == NOW + rests


@pytest.mark.parametrize("outcome", LADDERS, ids=str)
def test_without_a_word_rests_grow_step_by_step_to_the_last(outcome):
    ladder = list(LADDERS[outcome])

    assert climb(Fault(outcome), len(ladder) + 2) == [*ladder, ladder[-1], ladder[-1]]


@pytest.mark.parametrize("outcome", LADDERS, ids=str)
def test_a_pool_of_one_is_never_guessed_out_for_more_than_a_minute(outcome):
    assert max(climb(Fault(outcome), 6, alone=True)) <= LONGEST_GUESS_ALONE


def test_a_pool_of_one_believes_upstream_all_the_same():
    assert next_rest(Fault(Outcome.QUOTA_EXHAUSTED, delay=7200.0), None, NOW, alone=True).until == NOW + 7200


def test_a_hundred_failures_at_once_are_one_step():
    first = rest = next_rest(BUSY, None, NOW)
    for call in range(100):
        rest = next_rest(BUSY, rest, NOW + call / 100)

    assert rest is first


def test_a_failure_right_after_a_rest_of_a_moment_is_no_further_step():
    first = next_rest(Fault(Outcome.RATE_LIMITED, delay=0.5), None, NOW)

    again = next_rest(BUSY, first, NOW + 0.6)

    assert WINDOW > 0.6
    assert (again.streak, again.until) == (1, NOW + 0.6 + LADDERS[Outcome.RATE_LIMITED][0])


def test_a_straggler_does_not_shorten_a_rest():
    spent = next_rest(Fault(Outcome.QUOTA_EXHAUSTED, delay=7200.0), None, NOW)

    assert next_rest(Fault(Outcome.RATE_LIMITED, delay=2.0), spent, NOW + 1) is spent


def test_upstreams_later_word_lengthens_a_rest_without_a_further_step():
    guessed = next_rest(BUSY, None, NOW)

    told = next_rest(Fault(Outcome.RATE_LIMITED, delay=45.0), guessed, NOW + 1)

    assert (told.until, told.streak) == (NOW + 46, 1)


def test_another_kind_of_trouble_starts_its_own_ladder():
    rest = next_rest(BUSY, next_rest(BUSY, None, NOW), NOW + 10)
    assert rest.streak == 2

    other = next_rest(Fault(Outcome.OVERLOADED), rest, NOW + 100)

    assert (other.streak, other.until) == (1, NOW + 100 + LADDERS[Outcome.OVERLOADED][0])


def test_an_old_streak_is_forgotten():
    rest = next_rest(BUSY, None, NOW)

    assert next_rest(BUSY, rest, rest.until + FORGOTTEN_AFTER + 1).streak == 1


def test_a_rest_that_is_over_is_half_open_until_a_success_clears_it():
    rest = next_rest(Fault(Outcome.RATE_LIMITED, delay=10.0), None, NOW)

    states = [state(rest, NOW), state(rest, NOW + 9.9), state(rest, NOW + 10), state(cleared(NOW), NOW)]

    assert states == [RestState.RESTING, RestState.RESTING, RestState.HALF_OPEN, RestState.READY]
    assert state(None, NOW) is RestState.READY


FAULTS = st.builds(
    Fault,
    st.sampled_from(list(LADDERS)),
    delay=st.none() | st.floats(min_value=-10, max_value=1e7, allow_nan=False),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(FAULTS, st.floats(min_value=0, max_value=1e5)), max_size=12), st.booleans())
def test_no_rest_lasts_longer_than_a_day(course, alone):
    rest, now = None, NOW
    for fault, pause in course:
        now += pause
        rest = next_rest(fault, rest, now, alone=alone)
        assert now < rest.until <= now + LONGEST
        assert rest.window_until >= rest.until
