"""Sums of attempts, and what calls they stand for."""

import pytest

from proxy_app.models.sums import NUMBERS
from proxy_app.reports.periods import Figures


def numbers(**some: int) -> list[int]:
    return [some.get(name, 0) for name in NUMBERS]


def test_without_attempts_there_are_no_averages():
    none = Figures()

    assert (none.calls, none.failed, none.tokens, none.overhead_ms, none.first_event(0.5)) == (0, 0, 0, None, None)


def test_failed_calls_are_those_without_another_end():
    figures = Figures()
    figures.add("succeeded", numbers(calls=5, attempts=6, delivered=6))
    figures.add("rate_limited", numbers(calls=3, attempts=3))
    figures.add("abandoned", numbers(calls=1, attempts=1))
    figures.add("rejected", numbers(calls=2, attempts=2))
    figures.add("key_invalid", numbers(calls=4))

    assert (figures.calls, figures.attempts, figures.answered, figures.refused) == (15, 12, 6, 4)
    assert (figures.disconnected, figures.invalid, figures.failed, figures.failed_attempts) == (1, 2, 2, 3)
    assert figures.weight == 16
    assert repr(figures) == "<Figures 15 calls, 2 failed, 12 attempts>"


def test_refusals_of_0_1_0_count_as_refused():
    figures = Figures()

    figures.add("turned_away", numbers(calls=3))

    assert (figures.refused, figures.failed) == (3, 0)


def test_taking_another_adds_all_of_it():
    one, other = Figures(), Figures()
    one.add("succeeded", numbers(calls=1, attempts=1, delivered=1, prompt_tokens=3, cached_tokens=2))
    other.add("succeeded", numbers(calls=2, attempts=2, delivered=2, thoughts_tokens=4))
    other.add("key_invalid", numbers(calls=1))

    one.take(other)

    assert (one.calls, one.answered, one.refused, one.tokens, one.outcomes["succeeded"]) == (4, 3, 1, 7, 3)


@pytest.mark.parametrize(("part", "ms"), [(0.5, 100.0), (0.75, 175.0), (1.0, 250.0)])
def test_a_percentile_is_interpolated_within_its_bucket(part, ms):
    figures = Figures()
    figures.add("succeeded", numbers(first_event_le_100=2, first_event_le_250=2))

    assert figures.first_event(part) == ms


def test_beyond_the_last_bound_the_bound_is_told():
    figures = Figures()
    figures.add("succeeded", numbers(attempts=2, overhead_us=3000, overhead_more=2))

    assert (figures.overhead(0.5), figures.overhead_ms) == (100.0, 1.5)
