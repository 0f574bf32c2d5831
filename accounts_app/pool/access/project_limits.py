"""The limits that an operator puts on a Google project, so that the gateway stops before Google does.

Days are Google's: they begin at midnight Pacific. The minute slides.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts_app.pool.access.limits import SlidingMinute, Span

_PST, _PDT = timedelta(hours=-8), timedelta(hours=-7)


@dataclass(frozen=True, slots=True)
class ProjectLimits:
    """For all accounts of the project and all nodes together; None is no limit."""

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None


NO_PROJECT_LIMITS = ProjectLimits()


class ProjectMeter:
    """What a project has used. `now` is seconds by the wall clock, `steady` by one that nobody sets."""

    __slots__ = ("_day", "_requests", "_tokens")

    def __init__(self) -> None:
        self._requests = SlidingMinute()
        self._tokens = SlidingMinute()
        self._day = Span(pacific_day)

    def __repr__(self) -> str:
        return f"<ProjectMeter {self._requests!r}, tokens {self._tokens!r}, day {self._day!r}>"

    def add(self, requests: int, tokens: int, now: float, steady: float) -> None:
        """Used just now."""
        self.learn(now, requests, tokens, now, steady, just_now=True)

    def learn(self, moment: float, requests: int, tokens: int, now: float, steady: float, *, just_now: bool) -> None:
        """Used at `moment`, as is heard at `now`; `just_now` where that must have been within the minute."""
        if just_now:
            self._requests.add(requests, steady)
            self._tokens.add(tokens, steady)
        self._day.at(now).add(moment, requests, tokens)

    def frees_at(self, limits: ProjectLimits, now: float, steady: float) -> float | None:
        """When the last limit that is used up lets a call through again, by the steady clock; None when all do now."""
        day = self._day.at(now)
        times = []
        for minute, most in ((self._requests, limits.requests_per_minute), (self._tokens, limits.tokens_per_minute)):
            if most is not None and minute.used(steady) >= most:
                times.append(minute.frees_at(most, steady))
        for used, most in ((day.requests, limits.requests_per_day), (day.tokens, limits.tokens_per_day)):
            if most is not None and used >= most:
                times.append(steady + day.ends - now)
        return max(times, default=None)


def pacific_day(now: float) -> tuple[float, float]:
    """The day in California that `now` (seconds, epoch) lies in: its begin and its end."""
    day = (datetime.fromtimestamp(now, UTC) + _offset(datetime.fromtimestamp(now, UTC))).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return _midnight(day), _midnight(day + timedelta(days=1))


def _midnight(day: datetime) -> float:
    """When a day (of midnight, written as UTC) begins there. Clocks change at two: midnight has the day before's."""
    return (day - _offset(day - _PST)).timestamp()


def _offset(moment: datetime) -> timedelta:
    """From UTC: daylight saving lasts from the second Sunday of March to the first of November, both at 2:00."""
    march, november = datetime(moment.year, 3, 8, 10, tzinfo=UTC), datetime(moment.year, 11, 1, 9, tzinfo=UTC)
    starts, ends = (first + timedelta(days=6 - first.weekday()) for first in (march, november))
    return _PDT if starts <= moment < ends else _PST
