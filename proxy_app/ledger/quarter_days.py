"""Usage by quarters of days, from which weeks and months are read: summed from hours that are complete."""

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Sum
from django.db.models.functions import Cast

from proxy_app.models import UsageHour, UsageQuarter
from proxy_app.models.sums import NUMBERS, Dimension

QUARTER = timedelta(hours=6)
# An attempt may be written this much after it ended: while the database is away rows wait in memory. A later one is in
# the request log and in its hour, and missing in weeks and months.
SETTLED_AFTER = timedelta(hours=3)
LONGEST = timedelta(days=31)  # the longest period of the console
AT_ONCE = 2  # quarters in one go, during which the journal waits: a tenth of a second each in a busy pool


def quarter_of(moment: datetime) -> datetime:
    """The beginning of the quarter that `moment` is in."""
    moment = moment.astimezone(UTC)
    return moment.replace(hour=moment.hour // 6 * 6, minute=0, second=0, microsecond=0)


def folded_until(now: datetime) -> datetime:
    """The end of the last quarter that is complete."""
    return quarter_of(now - SETTLED_AFTER)


def missing(now: datetime) -> list[datetime]:
    """The complete quarters of the last month that are not folded yet, the oldest first."""
    end = folded_until(now)
    begin = quarter_of(now - LONGEST)
    first = UsageHour.objects.order_by("hour").values_list("hour", flat=True).first()
    if first is None:
        return []
    begin = max(begin, quarter_of(first))
    there = set(UsageQuarter.objects.filter(dimension="", start__gte=begin).values_list("start", flat=True))
    wanted = [begin + number * QUARTER for number in range(max(0, (end - begin) // QUARTER))]
    return [start for start in wanted if start not in there]


def fold(now: datetime) -> int:
    """Sum up quarters that are due; returns how many. Safe on several nodes at a time: each quarter is stored once."""
    due = missing(now)[:AT_ONCE]
    for start in due:
        with transaction.atomic():
            _fold(start)
    return len(due)


def _fold(start: datetime) -> None:
    rows = [UsageQuarter(start=start)]
    hours = UsageHour.objects.filter(hour__gte=start, hour__lt=start + QUARTER)
    for dimension in Dimension:
        named = hours.values_list(Cast(dimension.value, CharField(max_length=128)), "outcome").order_by()
        for value, outcome, *numbers in named.annotate(*(Sum(name) for name in NUMBERS)):
            sums = dict(zip(NUMBERS, numbers, strict=True))
            rows.append(UsageQuarter(start=start, dimension=dimension, value=value, outcome=outcome, **sums))
    # In the same order on every node: two that fold the same quarter would deadlock otherwise.
    rows.sort(key=lambda row: (row.dimension, row.value, row.outcome))
    UsageQuarter.objects.bulk_create(rows, ignore_conflicts=True, batch_size=25)
