"""Deletes old usage, and gives the disk space back.

A SQLite file can be shrunk bit by bit once it has been rewritten for that, which `bootstrap` does while it is small.
Other files, and Postgres, keep the space for new rows; `prune_usage --vacuum` rewrites them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, QuerySet

from proxy_app.models import UsageHour, UsageQuarter, UsageRecord

# Rows deleted at once: few enough that other writers do not wait for long.
BATCH = 1000
# Pages given back at once: 4 MB as a rule, some milliseconds.
PAGES = 1000
SHRINKABLE = 2  # SQLite's number for auto_vacuum = INCREMENTAL
SMALL = 100 * 1024 * 1024
# What the console's figures are read from. Hours are folded into quarters long before they are deleted.
KEEP_HOURS = timedelta(days=35)
KEEP_QUARTERS = timedelta(days=400)


def prune(before: datetime) -> int:
    """Delete entries of the request log older than `before`, oldest first, in batches; returns how many."""
    return sum(iter(lambda: delete_some(older_than(before)), 0))


def older_than(before: datetime) -> QuerySet[UsageRecord]:
    # In the order of the index on time: in that of the key, a search that finds nothing would read the whole table.
    return UsageRecord.objects.filter(at__lt=before).order_by("at")


def beyond(rows: int) -> QuerySet[UsageRecord]:
    """The entries before the newest `rows`, by their keys; a few more where keys were skipped."""
    newest = UsageRecord.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return UsageRecord.objects.filter(pk__lte=newest - rows).order_by("pk")


def prune_some(days: int | None, rows: int | None, now: datetime) -> int:
    """Delete one batch of entries older than `days` or beyond the newest `rows`, or of old sums; returns how many."""
    for due in _due(days, rows, now):
        if deleted := delete_some(due):
            return deleted
    return 0


def give_back() -> bool:
    """Give some of a SQLite file's empty pages back to the disk; returns whether there are more."""
    if connection.vendor != "sqlite":
        return False
    with connection.cursor() as cursor:
        if cursor.execute("PRAGMA auto_vacuum").fetchone()[0] != SHRINKABLE:
            return False
        # The pragma frees one page a step, and `execute` stops after the first.
        connection.connection.executescript(f"PRAGMA incremental_vacuum({PAGES})")
        return cursor.execute("PRAGMA freelist_count").fetchone()[0] > 0


def prepare() -> None:
    """Rewrite a SQLite file so that it can be shrunk from now on, if it is small enough for a second or two.

    Raises OperationalError while another process uses the file.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        is_prepared = cursor.execute("PRAGMA auto_vacuum").fetchone()[0] == SHRINKABLE
        size = cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0]
    if not is_prepared and size <= SMALL:
        vacuum()


def vacuum() -> None:
    """Rewrite the file or table without its gaps. Writers wait meanwhile."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
            cursor.execute("VACUUM")
        else:
            cursor.execute(f"VACUUM FULL {connection.ops.quote_name(UsageRecord._meta.db_table)}")


def _due(days: int | None, rows: int | None, now: datetime) -> Iterator[QuerySet]:
    if days is not None:
        yield older_than(now - timedelta(days=days))
    if rows is not None:
        yield beyond(rows)
    yield UsageHour.objects.filter(hour__lt=now - KEEP_HOURS).order_by("hour")
    yield UsageQuarter.objects.filter(start__lt=now - KEEP_QUARTERS).order_by("pk")


def delete_some(rows: QuerySet) -> int:
    """Delete one batch of `rows`, the first in their order; returns how many."""
    batch = list(rows.values_list("pk", flat=True)[:BATCH])
    return rows.model._default_manager.filter(pk__in=batch).delete()[0] if batch else 0
