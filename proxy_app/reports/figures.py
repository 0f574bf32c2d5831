"""The figures of the console: calls, failures, tokens and times over an hour, a day, a week or a month.

They are read from sums, never from the whole request log: the last hour from its newest rows, up to a bound; a day from
hours; longer periods from quarters of days, and from hours that are not folded yet.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from proxy_app.ledger.quarter_days import QUARTER, quarter_of
from proxy_app.models.sums import Dimension
from proxy_app.reports import sources
from proxy_app.reports.periods import Figures

SHOWN = 8  # values of a dimension, those with the most attempts; the rest are summed up
IN_COLOUR = 6  # values that a chart shows in a colour of their own


class Period(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Slots:
    """`count` slots of `width`, the first from `begin` on; the last one holds the present moment."""

    begin: datetime
    width: timedelta
    count: int

    def place(self, moment: datetime) -> int:
        return (moment - self.begin) // self.width

    def starts(self) -> list[datetime]:
        return [self.begin + number * self.width for number in range(self.count)]


@dataclass(slots=True)
class Part:
    """One model, account or key; `value` is its name or id, "" for none, None for all that are not shown."""

    value: str | None
    figures: Figures
    slots: list[Figures] = field(default_factory=list)


@dataclass(slots=True)
class Past:
    """A period: the whole of it, slot by slot, and the parts of each dimension, the largest first.

    `complete_from` is later than the first slot when the last hour had more attempts than are looked at.
    """

    slots: Slots
    whole: Figures
    by_slot: list[Figures]
    parts: dict[Dimension, list[Part]]
    complete_from: datetime


def slots_of(period: Period, now: datetime) -> Slots:
    """The slots of a period that ends now; days are UTC's."""
    now = now.astimezone(UTC)
    match period:
        case Period.HOUR:
            width = timedelta(minutes=5)
            this = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
            return Slots(this - 11 * width, width, 12)
        case Period.DAY:
            this = now.replace(minute=0, second=0, microsecond=0)
            return Slots(this - timedelta(hours=23), timedelta(hours=1), 24)
        case Period.WEEK:
            return Slots(quarter_of(now) - 27 * QUARTER, QUARTER, 28)
        case Period.MONTH:
            this = now.replace(hour=0, minute=0, second=0, microsecond=0)
            return Slots(this - timedelta(days=29), timedelta(days=1), 30)


def past(period: Period, now: datetime, split: Dimension | None = None) -> Past:
    """The figures of `period`. The parts of the dimension `split` come slot by slot too.

    Raises Django's database errors.
    """
    slots = slots_of(period, now)
    source = sources.of(slots.begin, now, recent=period is Period.HOUR)
    by_slot = [Figures() for _ in range(slots.count)]
    for moment, _, outcome, numbers in source.rows(slotted=True):
        if 0 <= (place := slots.place(moment)) < slots.count:
            by_slot[place].add(outcome, numbers)
    whole = Figures()
    for figures in by_slot:
        whole.take(figures)
    parts = {dimension: _parts(source, dimension) for dimension in Dimension}
    if split is not None:
        _split(source, slots, split, parts[split])
    return Past(slots, whole, by_slot, parts, source.complete_from)


def attempts_today(accounts: Collection[int], now: datetime) -> dict[int, int]:
    """How often each account was asked since midnight, UTC. Raises Django's database errors."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return sources.attempts_of(accounts, midnight)


def _parts(source: sources.Source, dimension: Dimension) -> list[Part]:
    found: dict[str, Figures] = {}
    for _, value, outcome, numbers in source.rows(dimension):
        found.setdefault(value, Figures()).add(outcome, numbers)
    ranked = sorted(found.items(), key=lambda pair: (-pair[1].weight, pair[0]))
    parts = [Part(value, figures) for value, figures in ranked[:SHOWN]]
    if len(ranked) > SHOWN:
        parts.append(Part(None, _together(figures for _, figures in ranked[SHOWN:])))
    return parts


def _split(source: sources.Source, slots: Slots, dimension: Dimension, parts: list[Part]) -> None:
    """Fill in the slots of the largest parts; the chart shows all others as one."""
    chosen = {part.value: part for part in parts[:IN_COLOUR] if part.value is not None}
    for part in chosen.values():
        part.slots = [Figures() for _ in range(slots.count)]
    for moment, value, outcome, numbers in source.rows(dimension, slotted=True, values=list(chosen)):
        if value in chosen and 0 <= (place := slots.place(moment)) < slots.count:
            chosen[value].slots[place].add(outcome, numbers)


def _together(figures: Iterable[Figures]) -> Figures:
    whole = Figures()
    for each in figures:
        whole.take(each)
    return whole
