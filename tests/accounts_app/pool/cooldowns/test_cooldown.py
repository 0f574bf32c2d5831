"""How long a cooldown is, how it grows, and how it ends."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts_app.pool.backoff import GUESSES, REFUSALS, Spread
from accounts_app.pool.cooldowns.cooldown import (
    FORGOTTEN_AFTER,
    LONGEST,
    SHORTEST,
    WINDOW,
    Cooldown,
    CooldownState,
    cleared,
    state,
)
from accounts_app.pool.cooldowns.cooldown import next_cooldown as spread_cooldown
from accounts_app.pool.outcomes import GUESSES as GUESSED
from accounts_app.pool.outcomes import Fault, Outcome

NOW = 1_000_000.0
BUSY = Fault(Outcome.RATE_LIMITED, message="slow down")


class Unspread(Spread):
    """Adds nothing to lengths."""

    def __call__(self, length, part, limit=0.0):
        return length


def next_cooldown(fault: Fault, previous: Cooldown | None, now: float) -> Cooldown:
    return spread_cooldown(fault, previous, now, Unspread())


def climb(fault: Fault, steps: int) -> list[float]:
    """The lengths of some cooldowns in a row, each begun when the one before is over."""
    lengths, cooldown, now = [], None, NOW
    for _ in range(steps):
        cooldown = next_cooldown(fault, cooldown, now)
        lengths.append(cooldown.until - now)
        now = max(cooldown.until, cooldown.window_until)
    return lengths


def test_the_bounds_are_those_of_the_table_of_blame():
    assert (LONGEST, SHORTEST, WINDOW, FORGOTTEN_AFTER) == (86_400, 0.25, 2, 3_600)
    assert Cooldown(NOW, "empty", 1, NOW) == Cooldown(NOW, "empty", 1, NOW, message="", stamp=0.0)
    assert cleared(NOW) == Cooldown(until=0.0, reason="", streak=0, window_until=0.0, message="", stamp=NOW)


def test_a_guess_begins_at_the_very_moment_a_cooldown_inside_the_window_is_over():
    first = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=0.5), None, NOW)

    again = next_cooldown(BUSY, first, NOW + 0.5)

    assert (again.until, again.streak) == (NOW + 0.5 + GUESSES[0], 1)


def test_of_two_cooldowns_that_end_alike_the_later_is_kept():
    first = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=10.0, message="first"), None, NOW)

    later = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=9.0, message="later"), first, NOW + 1)

    assert (later.until, later.message, later.streak) == (NOW + 10, "later", 1)


def test_the_time_that_upstream_names_comes_first():
    cooldown = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=17.5, message="in 17.5s"), None, NOW)

    assert cooldown == Cooldown(NOW + 17.5, "rate_limited", 1, NOW + 17.5, "in 17.5s", NOW)


@pytest.mark.parametrize(
    ("said", "cooldowns"), [(0.0, SHORTEST), (-3.0, SHORTEST), (18 * 24 * 3600.0, LONGEST), (3600.0, 3600.0)]
)
def test_the_time_that_upstream_names_is_bounded(said, cooldowns):
    assert next_cooldown(Fault(Outcome.QUOTA_EXHAUSTED, delay=said), None, NOW).until == NOW + cooldowns


@pytest.mark.parametrize("outcome", [Outcome.OVERLOADED, Outcome.RATE_LIMITED, Outcome.QUOTA_EXHAUSTED], ids=str)
def test_if_upstream_names_no_time_a_cooldown_is_doubled_up_to_a_minute(outcome):
    assert climb(Fault(outcome), 8) == [3.0, 6.0, 12.0, 24.0, 48.0, 60.0, 60.0, 60.0]


def test_an_unknown_refusal_is_asked_again_less_each_time():
    assert climb(Fault(Outcome.REFUSED), 5) == [60.0, 600.0, 3600.0, 86400.0, 86400.0]
    assert len(REFUSALS) == 4


def test_a_token_that_stays_refused_costs_thirty_to_sixty_seconds():
    spread = Spread()

    lengths = [spread_cooldown(Fault(Outcome.UNAUTHENTICATED), None, NOW, spread).until - NOW for _ in range(20)]

    assert min(lengths) >= 30.0
    assert max(lengths) <= 60.0
    assert max(lengths) - min(lengths) > 20.0


def test_a_guess_is_spread_by_a_fifth():
    spread = Spread(0.3)

    lengths = [spread_cooldown(Fault(Outcome.OVERLOADED), None, NOW, spread).until - NOW for _ in range(20)]

    assert min(lengths) >= 3.0
    assert max(lengths) <= 3.6
    assert len(set(lengths)) == 20


@pytest.mark.parametrize("outcome", Outcome, ids=str)
def test_what_upstream_did_not_say_is_a_guess(outcome):
    assert Cooldown(NOW, outcome.value, 1, NOW).is_guess == (outcome in GUESSED)


def test_a_guess_does_not_shorten_upstreams_word_nor_outlast_it():
    told = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=1.0), None, NOW)
    assert next_cooldown(Fault(Outcome.OVERLOADED), told, NOW + 0.5) is told

    guess = next_cooldown(Fault(Outcome.OVERLOADED), told, NOW + 1)
    assert (guess.reason, guess.until) == ("overloaded", NOW + 1 + GUESSES[0])
    guessed = next_cooldown(Fault(Outcome.REFUSED), None, NOW)
    assert next_cooldown(Fault(Outcome.RATE_LIMITED, delay=10.0), guessed, NOW + 1).until == NOW + 11


def test_a_hundred_failures_at_once_are_one_step():
    first = cooldown = next_cooldown(BUSY, None, NOW)
    for call in range(100):
        cooldown = next_cooldown(BUSY, cooldown, NOW + call / 100)

    assert cooldown is first


def test_a_failure_right_after_a_short_cooldown_is_no_further_step():
    first = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=0.5), None, NOW)

    again = next_cooldown(BUSY, first, NOW + 0.6)

    assert WINDOW > 0.6
    assert (again.streak, again.until) == (1, NOW + 0.6 + GUESSES[0])


def test_a_late_answer_does_not_shorten_a_cooldown():
    spent = next_cooldown(Fault(Outcome.QUOTA_EXHAUSTED, delay=7200.0), None, NOW)

    assert next_cooldown(Fault(Outcome.RATE_LIMITED, delay=2.0), spent, NOW + 1) is spent


def test_upstreams_later_word_lengthens_a_cooldown_without_a_further_step():
    guessed = next_cooldown(BUSY, None, NOW)

    told = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=45.0), guessed, NOW + 1)

    assert (told.until, told.streak) == (NOW + 46, 1)


def test_another_kind_of_trouble_starts_its_own_ladder():
    cooldown = next_cooldown(BUSY, next_cooldown(BUSY, None, NOW), NOW + 10)
    assert cooldown.streak == 2

    other = next_cooldown(Fault(Outcome.QUOTA_EXHAUSTED), cooldown, NOW + 100)

    assert (other.streak, other.until) == (1, NOW + 100 + GUESSES[0])


def test_an_old_streak_is_forgotten():
    cooldown = next_cooldown(BUSY, None, NOW)

    assert next_cooldown(BUSY, cooldown, cooldown.until + FORGOTTEN_AFTER).streak == 2
    assert next_cooldown(BUSY, cooldown, cooldown.until + FORGOTTEN_AFTER + 1).streak == 1


def test_a_cooldown_that_is_over_is_half_open_until_a_success_clears_it():
    cooldown = next_cooldown(Fault(Outcome.RATE_LIMITED, delay=10.0), None, NOW)

    states = [state(cooldown, NOW), state(cooldown, NOW + 9.9), state(cooldown, NOW + 10), state(cleared(NOW), NOW)]

    assert states == [
        CooldownState.COOLING_DOWN,
        CooldownState.COOLING_DOWN,
        CooldownState.HALF_OPEN,
        CooldownState.READY,
    ]
    assert state(None, NOW) is CooldownState.READY


FAULTS = st.builds(
    Fault,
    st.sampled_from([Outcome.RATE_LIMITED, Outcome.QUOTA_EXHAUSTED, Outcome.OVERLOADED, Outcome.REFUSED]),
    delay=st.none() | st.floats(min_value=-10, max_value=1e7, allow_nan=False),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(FAULTS, st.floats(min_value=0, max_value=1e5)), max_size=12))
def test_no_cooldown_lasts_longer_than_a_day(course):
    cooldown, now = None, NOW
    for fault, pause in course:
        now += pause
        cooldown = next_cooldown(fault, cooldown, now)
        assert now < cooldown.until <= now + LONGEST
        assert cooldown.window_until >= cooldown.until
