"""What a project has used of its own limits, and when Google's day begins."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts_app.pool.access.project_limits import NO_PROJECT_LIMITS, ProjectLimits, ProjectMeter, pacific_day

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC).timestamp()
STEADY = 100.0
MIDNIGHT = datetime(2026, 7, 2, 7, 0, tzinfo=UTC).timestamp()


def in_seconds(meter: ProjectMeter, **limits: int) -> float | None:
    frees_at = meter.frees_at(ProjectLimits(**limits), NOW, STEADY)
    return frees_at and frees_at - STEADY


def test_without_limits_nothing_is_used_up():
    meter = ProjectMeter()
    meter.add(1000, 10**9, NOW, STEADY)

    assert meter.frees_at(NO_PROJECT_LIMITS, NOW, STEADY) is None


@pytest.mark.parametrize("limit", ["requests_per_minute", "tokens_per_minute"])
def test_a_minute_slides(limit):
    meter = ProjectMeter()
    meter.add(2, 2, NOW - 30, STEADY - 30)

    assert in_seconds(meter, **{limit: 3}) is None
    meter.add(1, 1, NOW, STEADY)
    assert in_seconds(meter, **{limit: 3}) == pytest.approx(30.0, abs=0.1)
    assert meter.frees_at(ProjectLimits(**{limit: 3}), NOW + 31, STEADY + 31) is None


@pytest.mark.parametrize("limit", ["requests_per_day", "tokens_per_day"])
def test_a_day_ends_at_midnight_pacific(limit):
    meter = ProjectMeter()
    meter.add(3, 3, NOW, STEADY)

    assert in_seconds(meter, **{limit: 4}) is None
    assert in_seconds(meter, **{limit: 3}) == MIDNIGHT - NOW
    assert meter.frees_at(ProjectLimits(**{limit: 3}), MIDNIGHT, STEADY) is None


def test_of_several_limits_the_last_to_free_counts():
    meter = ProjectMeter()
    meter.add(3, 3, NOW, STEADY)

    assert in_seconds(meter, requests_per_minute=3, tokens_per_day=3) == MIDNIGHT - NOW


def test_what_others_used_earlier_counts_for_the_day_alone():
    meter = ProjectMeter()

    meter.learn(NOW - 3600, 5, 5, NOW, STEADY, just_now=False)

    assert in_seconds(meter, requests_per_minute=1) is None
    assert in_seconds(meter, requests_per_day=5) is not None
    assert repr(meter).startswith("<ProjectMeter <SlidingMinute 0>")


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2032])
def test_days_are_those_of_california(year):
    there = ZoneInfo("America/Los_Angeles")
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())

    for moment in range(start, start + 366 * 86_400, 1800):
        local = datetime.fromtimestamp(moment, there)
        starts, ends = pacific_day(moment)
        assert datetime.fromtimestamp(starts, there).strftime("%F %T") == local.strftime("%F 00:00:00")
        assert starts <= moment < ends
        assert ends - starts in (23 * 3600, 24 * 3600, 25 * 3600)
