"""The ladders of back-off, and the spread of lengths."""

from itertools import pairwise

import pytest

from accounts_app.pool import backoff
from accounts_app.pool.backoff import CHECKS, DETOURS, GUESSES, JOBS, PROBES, REFUSALS, Spread, step


def test_the_ladders_are_those_of_the_table_of_blame():
    assert GUESSES == (3, 6, 12, 24, 48, 60)
    assert REFUSALS == (60, 600, 3_600, 86_400)
    assert DETOURS == (60, 120, 240, 480, 600)
    assert PROBES == (1, 2, 5, 10, 30)
    assert CHECKS == (60, 120, 300, 600, 3_600)


def test_jobs_are_looked_at_less_and_less_often():
    assert JOBS == (60, 120, 300, 600)


def test_parts_and_limits_are_those_of_the_table_of_blame():
    assert (backoff.GUESS_SPREAD, backoff.WAIT_SPREAD) == (0.2, 0.25)
    assert (backoff.TOLD_SPREAD, backoff.TOLD_SPREAD_LIMIT) == (0.1, 30.0)


@pytest.mark.parametrize(("number", "length"), [(-1, 1), (0, 1), (1, 1), (2, 2), (5, 30), (6, 30), (99, 30)])
def test_a_ladder_is_climbed_from_its_first_step_and_stays_on_its_last(number, length):
    assert step(PROBES, number) == length


def test_lengths_are_spread_evenly():
    spread = Spread()

    drawn = sorted(spread(10.0, 0.2) for _ in range(100))

    assert 10.0 <= drawn[0] < 10.1
    assert 11.9 < drawn[-1] <= 12.0
    assert max(after - before for before, after in pairwise(drawn)) < 0.04


def test_no_length_is_spread_by_more_than_its_limit():
    spread = Spread(0.9)

    assert {spread(3_600.0, 0.1, limit=0.0) for _ in range(5)} == {3_600.0}
    assert max(spread(3_600.0, 0.1, limit=30.0) for _ in range(20)) == 3_630.0


def test_two_seeds_spread_differently_and_one_seed_alike():
    first, second, again = Spread(0.0), Spread(0.5), Spread(0.0)

    assert [first(1.0, 1.0) for _ in range(3)] == [again(1.0, 1.0) for _ in range(3)]
    assert Spread(0.0)(1.0, 1.0) == pytest.approx(1.6180339887498949)
    assert second(1.0, 1.0) == pytest.approx(1.1180339887498949)
