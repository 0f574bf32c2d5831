"""Quarters of days, by UTC, and which of them are complete."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from proxy_app.ledger.quarter_days import folded_until, quarter_of

TAIPEI = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("moment", "begins"),
    [
        (datetime(2026, 3, 1, 0, 0, tzinfo=UTC), datetime(2026, 3, 1, 0, tzinfo=UTC)),
        (datetime(2026, 3, 1, 5, 59, 59, tzinfo=UTC), datetime(2026, 3, 1, 0, tzinfo=UTC)),
        (datetime(2026, 3, 1, 23, 1, tzinfo=UTC), datetime(2026, 3, 1, 18, tzinfo=UTC)),
        (datetime(2026, 3, 1, 7, 0, tzinfo=TAIPEI), datetime(2026, 2, 28, 18, tzinfo=UTC)),
    ],
)
def test_a_moment_is_in_the_quarter_of_its_day_in_utc(moment, begins):
    assert quarter_of(moment) == begins


def test_a_quarter_is_complete_some_hours_after_it_ended():
    assert folded_until(datetime(2026, 3, 1, 14, 59, tzinfo=UTC)) == datetime(2026, 3, 1, 6, tzinfo=UTC)
    assert folded_until(datetime(2026, 3, 1, 15, 0, tzinfo=UTC)) == datetime(2026, 3, 1, 12, tzinfo=UTC)
