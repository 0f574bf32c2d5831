"""Sums by the hour that several nodes add to, and what each node learns of the others' part.

Runs on the database thread. A process remembers which part of the sums it has added: the remainder is that of the other
nodes, and of this one before it was started.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model
from django.db.models.expressions import Combinable

# Sums of older hours are not read again: limits by the day need a day.
LIVELY = timedelta(hours=25)
OVERLAP = timedelta(seconds=5)  # longer than our transactions, and than clocks kept by NTP differ
SWEEP_EVERY = timedelta(minutes=1)  # for nodes whose clock is further behind
SWEPT = timedelta(hours=2)

Place = tuple[Any, ...]  # whose (an id), hour, and what else tells sums apart


@dataclass(frozen=True, slots=True)
class Learnt:
    """What other nodes have used of `key`'s at `moment` (seconds, epoch), beyond what was read before."""

    key: int
    moment: float
    requests: int
    tokens: int
    just_now: bool = True


class SharedSums:
    """What this process has added to the sums in a table, and what it has read of the others' part.

    `place` are the columns of a Place; `tokens` is what counts as tokens. The table has `requests` and `updated_at`.
    """

    def __init__(self, model: type[Model], place: tuple[str, ...], tokens: Combinable) -> None:
        self._rows = model._default_manager.all()
        self._place = place
        self._tokens = tokens
        self._own: dict[Place, tuple[int, int]] = {}
        self._others: dict[Place, tuple[int, int]] = {}
        self._mark: datetime | None = None
        self._swept_at: datetime | None = None

    def __repr__(self) -> str:
        return f"<SharedSums of {self._rows.model.__name__}: {len(self._own)} own, {len(self._others)} of others>"

    def before(self, since: datetime, now: datetime) -> Iterable[Learnt]:
        """What was used before `since` and still counts; read once."""
        return ()

    def note_own(self, sums: Mapping[Place, tuple[int, int]]) -> None:
        """Count these as written by this process."""
        for place, (requests, tokens) in sums.items():
            before = self._own.get(place, (0, 0))
            self._own[place] = (before[0] + requests, before[1] + tokens)

    def news(self, now: datetime) -> list[Learnt]:
        """What others have added since the last call; at the first, all there is."""
        since = now - LIVELY
        if self._mark is None:
            before, rows = list(self.before(since, now)), self._rows.filter(hour__gte=since)
        else:
            before, rows = [], self._rows.filter(hour__gte=since, updated_at__gte=self._mark - OVERLAP)
        if is_due(self._swept_at, now, SWEEP_EVERY):
            self._swept_at = now
            rows = rows | self._rows.filter(hour__gte=max(since, now - SWEPT))
            self._forget(since)
        first, mark = self._mark is None, self._mark or now - LIVELY
        learnt = []
        for *place, requests, tokens, updated_at in rows.values_list(
            *self._place, "requests", self._tokens, "updated_at"
        ):
            mark = max(mark, updated_at)
            if more := self._beyond(tuple(place), requests, tokens):
                learnt.append(Learnt(place[0], place[1].timestamp(), *more, just_now=not first))
        self._mark = mark
        return before + learnt

    def _beyond(self, place: Place, requests: int, tokens: int) -> tuple[int, int] | None:
        own, known = self._own.get(place, (0, 0)), self._others.get(place, (0, 0))
        others = (requests - own[0], tokens - own[1])
        if others == known:
            return None
        self._others[place] = others
        return others[0] - known[0], others[1] - known[1]

    def _forget(self, since: datetime) -> None:
        for known in (self._own, self._others):
            for place in [place for place in known if place[1] < since]:
                del known[place]


def is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Whether `every` has passed since `last`, or `last` is in the future because the clock was set back."""
    return last is None or not timedelta() <= now - last < every


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
