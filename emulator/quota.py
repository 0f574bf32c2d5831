"""Requests left per model, counted down, with the time they come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

PLENTY = 1_000_000
FIVE_HOURS = 5 * 3600.0


@dataclass(frozen=True, slots=True)
class Left:
    """What is left for one model; `resets_at` in seconds since the epoch."""

    amount: int
    limit: int
    resets_at: float

    @property
    def fraction(self) -> float:
        return self.amount / self.limit if self.limit else 0.0

    @property
    def resets_at_text(self) -> str:
        return timestamp(self.resets_at)


class Quota:
    """One account's counts. A window of `window` seconds opens with a model's first request and then starts afresh."""

    def __init__(self, limit: int | Mapping[str, int] | None = None, window: float = FIVE_HOURS) -> None:
        self._limit = PLENTY if limit is None else limit
        self._window = window
        self._spent: dict[str, int] = {}
        self._resets: dict[str, float] = {}

    def left(self, model: str, now: float) -> Left:
        resets_at = self._resets.get(model, 0.0)
        if resets_at <= now:
            self._spent.pop(model, None)
            self._resets.pop(model, None)
            resets_at = now + self._window
        limit = self._limit_of(model)
        return Left(max(limit - self._spent.get(model, 0), 0), limit, resets_at)

    def spend(self, model: str, now: float) -> Left | None:
        """Counts one request; None when there was one left, else what there is to say about it."""
        left = self.left(model, now)
        if not left.amount:
            self._resets.setdefault(model, left.resets_at)
            return left
        self._spent[model] = self._spent.get(model, 0) + 1
        self._resets.setdefault(model, left.resets_at)
        return None

    def _limit_of(self, model: str) -> int:
        return self._limit if isinstance(self._limit, int) else self._limit.get(model, PLENTY)


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, to the second: `2026-01-11T02:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def go_duration(seconds: float) -> str:
    """Go's spelling, as `metadata.quotaResetDelay` has it: `539.477544ms`, `2.539s`, `13h19m1.2s`."""
    if seconds < 1:
        return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    tail = f"{rest:.9f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{tail}"
    return f"{minutes}m{tail}" if minutes else tail


def proto_duration(seconds: float) -> str:
    """The proto spelling, as `RetryInfo.retryDelay` has it: `2.539s`."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def spoken_duration(seconds: float) -> str:
    """As Google's messages say it: `9h22m20s`."""
    return go_duration(float(max(int(seconds), 1)))
