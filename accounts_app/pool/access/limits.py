"""What one API key may use and has used, counted in memory; the time is an argument.

Days and months are UTC's. The minute slides: at no time have more calls begun within the last 60 seconds than allowed.
A call counts when it begins, its tokens when it ends; calls already in flight may therefore overshoot a token limit.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

MINUTE, DAY = 60.0, 86_400.0
# Calls that begin within a twentieth of a second are remembered together: 1,200 entries a key, whatever its limit.
SLOTS_A_SECOND = 20
# What a client is asked to wait for a call in flight to end, in seconds: when it will is unknown.
SLOT_FREES_IN = 2.0


class Limit(StrEnum):
    """What can be limited; the value is the name of its column."""

    REQUESTS_PER_MINUTE = "requests_per_minute"
    REQUESTS_PER_DAY = "requests_per_day"
    REQUESTS_PER_MONTH = "requests_per_month"
    TOKENS_PER_DAY = "tokens_per_day"
    TOKENS_PER_MONTH = "tokens_per_month"
    MAX_CONCURRENCY = "max_concurrency"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one key, in the order of `Limit`; None is no limit."""

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    requests_per_month: int | None = None
    tokens_per_day: int | None = None
    tokens_per_month: int | None = None
    max_concurrency: int | None = None

    def of(self, limit: Limit) -> int | None:
        allowed: int | None = getattr(self, limit.value)
        return allowed


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that is used up, until `frees_at` (seconds, epoch)."""

    limit: Limit
    allowed: int
    frees_at: float


class Tokens(Struct, frozen=True, gc=False):
    """The tokens of an answer, as upstream counted them. `cached` is a part of `prompt`."""

    prompt: int = 0
    cached: int = 0
    candidates: int = 0
    thoughts: int = 0
    tool: int = 0

    def __add__(self, more: "Tokens") -> "Tokens":
        return Tokens(
            self.prompt + more.prompt,
            self.cached + more.cached,
            self.candidates + more.candidates,
            self.thoughts + more.thoughts,
            self.tool + more.tool,
        )

    @property
    def charged(self) -> int:
        """What counts against a limit: each token once."""
        return self.prompt + self.candidates + self.thoughts + self.tool


NO_TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """How far one limit is used. `resets_at` is None if only the end of calls in flight resets it."""

    limit: Limit
    allowed: int | None
    used: int
    resets_at: float | None


class SlidingMinute:
    """The calls of the last 60 seconds."""

    __slots__ = ("_slots", "_used")

    def __init__(self) -> None:
        self._slots: deque[list[int]] = deque()  # [slot, calls]; a slot ends no earlier than any call in it began
        self._used = 0

    def __repr__(self) -> str:
        return f"<SlidingMinute {self._used}>"

    def add(self, calls: int, now: float) -> None:
        if calls <= 0:
            return
        self.used(now)  # forgets what is older than a minute
        slot = int(now * SLOTS_A_SECOND) + 1
        if self._slots and self._slots[-1][0] >= slot:  # also when the clock was set back
            self._slots[-1][1] += calls
        else:
            self._slots.append([slot, calls])
        self._used += calls

    def used(self, now: float) -> int:
        slots = self._slots
        while slots and _leaves(slots[0]) <= now:
            self._used -= slots.popleft()[1]
        return self._used

    def frees_at(self, allowed: int, now: float) -> float:
        """When the last minute will have fewer than `allowed` calls; `now` if it does already."""
        left = self.used(now)
        for slot in self._slots:
            if left < allowed:
                return now
            left -= slot[1]
            if left < allowed:
                return _leaves(slot)
        return now


class Span:
    """Requests and tokens of one day or month; `bounds` gives the begin and end of the one that a moment lies in."""

    __slots__ = ("_bounds", "ends", "requests", "starts", "tokens")

    def __init__(self, bounds: Callable[[float], tuple[float, float]]) -> None:
        self._bounds = bounds
        self.starts = self.ends = 0.0
        self.requests = self.tokens = 0

    def __repr__(self) -> str:
        return f"<Span {self.requests} requests, {self.tokens} tokens, until {self.ends:.0f}>"

    def at(self, now: float) -> "Span":
        """Itself, counting from zero again if the day or month is over. A clock that was set back changes nothing."""
        if now >= self.ends:
            self.starts, self.ends = self._bounds(now)
            self.requests = self.tokens = 0
        return self

    def add(self, moment: float, requests: int, tokens: int) -> None:
        """Count what was used at `moment`, if that lies inside."""
        if self.starts <= moment < self.ends:
            self.requests = max(0, self.requests + requests)
            self.tokens = max(0, self.tokens + tokens)


class Meter:
    """What one key has used. `elsewhere` are its calls in flight at other nodes, as far as known.

    Days and months go by the wall clock, `now` (seconds, epoch); the minute by `steady`, a monotonic clock, or by `now`
    where none is given.
    """

    __slots__ = ("day", "elsewhere", "in_flight", "minute", "month")

    def __init__(self) -> None:
        self.minute = SlidingMinute()
        self.day = Span(day_of)
        self.month = Span(month_of)
        self.in_flight = 0
        self.elsewhere = 0

    def __repr__(self) -> str:
        return f"<Meter {self.in_flight} in flight, {self.minute!r}, day {self.day!r}, month {self.month!r}>"

    def exceeded(self, limits: Limits, now: float, steady: float | None = None, requests: int = 1) -> list[Exceeded]:
        """The limits that keep a call, which counts as so many requests, from beginning now; empty when it may."""
        found: list[Exceeded] = []
        steady = now if steady is None else steady
        more = requests - 1
        if (most := limits.requests_per_minute) is not None and self.minute.used(steady) + more >= most:
            frees_in = self.minute.frees_at(max(1, most - more), steady) - steady
            found.append(Exceeded(Limit.REQUESTS_PER_MINUTE, most, now + frees_in))
        day, month = self.day.at(now), self.month.at(now)
        if (most := limits.requests_per_day) is not None and day.requests + more >= most:
            found.append(Exceeded(Limit.REQUESTS_PER_DAY, most, day.ends))
        if (most := limits.requests_per_month) is not None and month.requests + more >= most:
            found.append(Exceeded(Limit.REQUESTS_PER_MONTH, most, month.ends))
        if (most := limits.tokens_per_day) is not None and day.tokens >= most:
            found.append(Exceeded(Limit.TOKENS_PER_DAY, most, day.ends))
        if (most := limits.tokens_per_month) is not None and month.tokens >= most:
            found.append(Exceeded(Limit.TOKENS_PER_MONTH, most, month.ends))
        if (most := limits.max_concurrency) is not None and self.in_flight + self.elsewhere >= most:
            found.append(Exceeded(Limit.MAX_CONCURRENCY, most, now + SLOT_FREES_IN))
        return found

    def begin(self, now: float, steady: float | None = None, requests: int = 1) -> None:
        """A call begins, which counts as so many requests."""
        self.in_flight += 1
        self.minute.add(requests, now if steady is None else steady)
        self._count(now, now, requests, 0)

    def end(self, tokens: int, now: float) -> None:
        """A call ends that has used `tokens`."""
        self.in_flight -= 1
        self._count(now, now, 0, tokens)

    def learn(
        self, moment: float, requests: int, tokens: int, now: float, steady: float | None = None, *, just_now: bool
    ) -> None:
        """Count what other nodes used at `moment`; with `just_now` it counts towards the minute, too.

        Negative numbers correct an earlier report.
        """
        if just_now:
            self.minute.add(requests, now if steady is None else steady)
        self._count(moment, now, requests, tokens)

    def statuses(self, limits: Limits, now: float, steady: float | None = None) -> list[LimitStatus]:
        """Every kind of limit, set or not, with what is used of it."""
        steady = now if steady is None else steady
        minute_frees = now + self.minute.frees_at(1, steady) - steady
        used: dict[Limit, tuple[int, float | None]] = {
            Limit.REQUESTS_PER_MINUTE: (self.minute.used(steady), minute_frees),
            Limit.REQUESTS_PER_DAY: (self.day.at(now).requests, self.day.ends),
            Limit.REQUESTS_PER_MONTH: (self.month.at(now).requests, self.month.ends),
            Limit.TOKENS_PER_DAY: (self.day.tokens, self.day.ends),
            Limit.TOKENS_PER_MONTH: (self.month.tokens, self.month.ends),
            Limit.MAX_CONCURRENCY: (self.in_flight + self.elsewhere, None),
        }
        return [LimitStatus(limit, limits.of(limit), *used[limit]) for limit in Limit]

    def _count(self, moment: float, now: float, requests: int, tokens: int) -> None:
        self.day.at(now).add(moment, requests, tokens)
        self.month.at(now).add(moment, requests, tokens)


def day_of(now: float) -> tuple[float, float]:
    """The UTC day `now` lies in: its begin and its end."""
    starts = now // DAY * DAY
    return starts, starts + DAY


def month_of(now: float) -> tuple[float, float]:
    """The UTC month `now` lies in: its begin and its end."""
    starts = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ends = starts.replace(year=starts.year + starts.month // 12, month=starts.month % 12 + 1)
    return starts.timestamp(), ends.timestamp()


def _leaves(slot: list[int]) -> float:
    return slot[0] / SLOTS_A_SECOND + MINUTE
