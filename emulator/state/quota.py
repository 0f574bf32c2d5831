"""Requests left per model, counted down, with the time they come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.wire.durations import timestamp

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

    def spend(self, model: str, now: float, count: int = 1) -> Left | None:
        """Counts `count` requests; None when there were as many left, else what there is to say about it."""
        left = self.left(model, now)
        if left.amount < count:
            self._resets.setdefault(model, left.resets_at)
            return left
        self._spent[model] = self._spent.get(model, 0) + count
        self._resets.setdefault(model, left.resets_at)
        return None

    def _limit_of(self, model: str) -> int:
        return self._limit if isinstance(self._limit, int) else self._limit.get(model, PLENTY)
