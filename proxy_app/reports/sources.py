"""Where the console's figures come from: quarters of days, hours, and the newest rows of the request log."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from django.db.models import QuerySet, Sum

from accounts_app.roster import known_models
from proxy_app.ledger import hours as hourly
from proxy_app.ledger.quarter_days import QUARTER, folded_until, quarter_of
from proxy_app.models import UsageHour, UsageQuarter, UsageRecord
from proxy_app.models.sums import NUMBERS, Dimension

# Rows of the request log that are read for the last hour; they take a tenth of a second.
NEWEST = 10_000
# Slot (or nothing), value of the dimension (or ""), outcome, NUMBERS.
Row = tuple[datetime, str, str, Sequence[int]]
_NO_MOMENT = datetime.min.replace(tzinfo=UTC)


class Source(Protocol):
    """Sums of attempts since some moment; complete from `complete_from` on."""

    complete_from: datetime

    def rows(
        self, dimension: Dimension | None = None, *, slotted: bool = False, values: Collection[str] | None = None
    ) -> Iterator[Row]:
        """The sums by outcome, and by the value of `dimension`, by time, or both; of `values` alone when given."""
        ...


def of(begin: datetime, now: datetime, *, recent: bool) -> Source:
    """The source for a period from `begin` on; `recent` is for the last hour."""
    if recent:
        return Newest(begin)
    if now - begin <= timedelta(days=2):
        return Hours(begin)
    return Quarters(begin, now)


def attempts_of(accounts: Collection[int], since: datetime) -> dict[int, int]:
    """How often each was asked since an hour."""
    rows = UsageHour.objects.filter(hour__gte=since, account_id__in=list(accounts)).order_by()
    return dict(rows.values_list("account_id").annotate(Sum("attempts")))


class Hours:
    """From the hour `begin` on."""

    def __init__(self, begin: datetime) -> None:
        self.complete_from = self._begin = begin

    def rows(
        self, dimension: Dimension | None = None, *, slotted: bool = False, values: Collection[str] | None = None
    ) -> Iterator[Row]:
        hours = UsageHour.objects.filter(hour__gte=self._begin)
        if dimension and values is not None:
            ids = dimension is not Dimension.MODEL
            hours = hours.filter(**{f"{dimension.value}__in": [int(one or 0) if ids else one for one in values]})
        return _summed(hours, "hour" if slotted else "", dimension.value if dimension else "")


class Quarters:
    """From the quarter `begin` on: folded ones as far as they reach without a gap, then hours."""

    def __init__(self, begin: datetime, now: datetime) -> None:
        self.complete_from = begin = quarter_of(begin)
        starts = UsageQuarter.objects.filter(dimension="", start__gte=begin, start__lt=folded_until(now))
        there = set(starts.values_list("start", flat=True))
        end = begin
        first = UsageHour.objects.order_by("hour").values_list("hour", flat=True).first()
        while end in there or (first is not None and end + QUARTER <= min(first, folded_until(now))):
            end += QUARTER
        self._folded = UsageQuarter.objects.filter(start__gte=begin, start__lt=end)
        self._hours = Hours(end)

    def rows(
        self, dimension: Dimension | None = None, *, slotted: bool = False, values: Collection[str] | None = None
    ) -> Iterator[Row]:
        # Any one dimension gives the whole; there are fewest models.
        quarters = self._folded.filter(dimension=dimension or Dimension.MODEL)
        if values is not None:
            ids = dimension is not Dimension.MODEL
            quarters = quarters.filter(value__in=[one or "0" if ids else one for one in values])
        yield from _summed(quarters, "start" if slotted else "", "value" if dimension else "")
        yield from self._hours.rows(dimension, slotted=slotted, values=values)


class Newest:
    """The newest rows of the request log since `begin`, read once."""

    def __init__(self, begin: datetime) -> None:
        names = [name for name in hourly.COLUMNS if name != "at"]
        rows = UsageRecord.objects.filter(at__gte=begin).order_by("-at").values("at", *names)[:NEWEST]
        self._rows = [row | {"model": known_models.named(row["model"])} for row in rows]
        self.complete_from = self._rows[-1]["at"] if len(self._rows) == NEWEST else begin

    def rows(
        self, dimension: Dimension | None = None, *, slotted: bool = False, values: Collection[str] | None = None
    ) -> Iterator[Row]:
        sums: dict[tuple[datetime, str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(NUMBERS, 0))
        for row in self._rows:
            value = _value(row[dimension.value]) if dimension else ""
            if values is None or value in values:
                at = row["at"]
                slot = at.replace(minute=at.minute // 5 * 5, second=0, microsecond=0) if slotted else _NO_MOMENT
                hourly.count(sums[slot, value, row["outcome"]], row)
        for place, added in sums.items():
            yield *place, tuple(added.values())


def _summed(rows: QuerySet[Any], slot: str, value: str) -> Iterator[Row]:
    names = [name for name in (slot, value, "outcome") if name]
    for row in rows.order_by().values_list(*names).annotate(*(Sum(name) for name in NUMBERS)).iterator():
        keys, numbers = list(row[: len(names)]), row[len(names) :]
        moment = keys.pop(0) if slot else _NO_MOMENT
        yield moment, _value(keys.pop(0)) if value else "", keys[0], numbers


def _value(found: Any) -> str:
    """No account and no key are 0 in the sums, and NULL in the request log."""
    return "" if found in (None, 0, "0") else str(found)
