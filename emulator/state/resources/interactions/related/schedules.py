"""Schedules in cron's five fields, and when they are due next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# Minute, hour, day of the month, month, day of the week, where 0 and 7 are Sunday.
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAYS = 366 * 8


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which minutes, hours, days and months; days of both kinds count if either fits, unless one of them is `*`."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def after(self, now: float, zone: ZoneInfo) -> float | None:
        """The next time that it is due, in seconds since the epoch; None for one that never is."""
        start = datetime.fromtimestamp(now, zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for days in range(_DAYS):
            day = start + timedelta(days=days)
            if day.month not in self.months or not self._has_day(day):
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    due = day.replace(hour=hour, minute=minute)
                    if due >= start:
                        return due.timestamp()
        return None

    def _has_day(self, day: datetime) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (in_month and in_week) if self.any_day or self.any_weekday else (in_month or in_week)


def schedule_of(text: str) -> Schedule:
    """Raises ValueError for what is no schedule."""
    fields = text.split()
    if len(fields) != len(_RANGES):
        raise ValueError("five fields are expected")
    minutes, hours, days, months, weekdays = (
        _numbers(one, low, high) for one, (low, high) in zip(fields, _RANGES, strict=True)
    )
    any_day, any_weekday = fields[2].startswith("*"), fields[4].startswith("*")
    return Schedule(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), any_day, any_weekday)


def _numbers(field: str, low: int, high: int) -> frozenset[int]:
    """The numbers of one field: `*`, `5`, `1-5`, `*/15` and lists of them."""
    found: set[int] = set()
    for one in field.split(","):
        span, slash, step = one.partition("/")
        first, dash, last = span.partition("-")
        begin, end = (low, high) if span == "*" else (int(first), int(last) if dash else high if slash else int(first))
        if not low <= begin <= end <= high or (slash and int(step) < 1):
            raise ValueError(f"{one} is out of range")
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return frozenset(found)
