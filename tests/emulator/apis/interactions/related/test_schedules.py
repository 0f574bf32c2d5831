"""Cron's five fields."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from emulator.state.resources.interactions.related.schedules import schedule_of


def next_time(text: str, now: str, zone: str = "UTC") -> str | None:
    due = schedule_of(text).after(datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp(), ZoneInfo(zone))
    return None if due is None else datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M")


@pytest.mark.parametrize(
    ("text", "now", "due"),
    [
        ("* * * * *", "2026-11-28T05:35:12", "2026-11-28T05:36"),
        ("35 5 * * *", "2026-11-28T05:35:00", "2026-11-29T05:35"),
        ("*/20 * * * *", "2026-11-28T05:41:00", "2026-11-28T06:00"),
        ("0 9 * * 1-5", "2026-11-28T05:35:00", "2026-11-30T09:00"),
        ("0 9 * * 7", "2026-11-28T05:35:00", "2026-11-29T09:00"),
        ("0 0 1 * 1", "2026-11-28T05:35:00", "2026-11-30T00:00"),
        ("0 0 29 2 *", "2026-11-28T05:35:00", "2028-02-29T00:00"),
        ("5/30 1,3 * * *", "2026-11-28T01:06:00", "2026-11-28T01:35"),
        ("0 0 31 2 *", "2026-11-28T05:35:00", None),
    ],
)
def test_the_next_time_is_the_first_that_fits(text: str, now: str, due: str | None):
    assert next_time(text, now) == due


def test_a_schedule_is_read_in_its_zone():
    assert next_time("0 9 * * *", "2026-11-28T05:35:00", "America/New_York") == "2026-11-28T14:00"


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "a * * * *", "*/0 * * * *"])
def test_what_is_no_schedule_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        schedule_of(text)
