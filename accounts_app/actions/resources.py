"""Actions on resources: what there is of each kind, delete and cancel upstream, forget."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone

from accounts_app import roster
from accounts_app.actions import bulk
from accounts_app.leasing import owner_rows, owners
from accounts_app.leasing.usage import jobs
from accounts_app.models import Resource, RunningJob
from accounts_app.storage.worker import in_database

# An operator may select a page of resources; so many requests at once would look like an attack.
AT_ONCE = 4
# What upstream calls a job that was cancelled, and a trigger that was paused.
CANCELLED = "BATCH_STATE_CANCELLED"
CANCELLED_BY_KIND = {owner_rows.INTERACTIONS: "cancelled", owner_rows.TRIGGERS: "paused"}

# Asks upstream about the resource of this name in the project with this number; the answer is what went wrong.
Ask = Callable[[str, int], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class OfKind:
    """Resources of one kind: how many, their bytes as far as known, jobs that run, and when the first expires."""

    kind: str
    count: int
    size_bytes: int
    running: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """The result for one resource: `trouble` is empty when it succeeded."""

    name: str
    trouble: str = ""


def running() -> Q:
    """The jobs that have not ended, as far as is known."""
    return owner_rows.runs(jobs.RUNNING, timezone.now().timestamp())


def interactions_running() -> int:
    """How many interactions go on in the background, as far as is known."""
    return RunningJob.objects.filter(resource__state__in=jobs.RUNNING).count()


def by_kind(rows: QuerySet[Resource]) -> list[OfKind]:
    """How much of each kind there is among `rows`."""
    found = rows.order_by("kind").values_list("kind")
    sums = found.annotate(Count("pk"), Sum("size_bytes"), Min("expires_at"), jobs=Count("pk", filter=running()))
    return [OfKind(kind, count, size or 0, jobs, expires) for kind, count, size, expires, jobs in sums]


def delete(ids: Collection[int], ask: Ask) -> list[Done]:
    """Delete resources upstream, and then here. One whose project has no account left is deleted here alone."""
    return bulk.run(_each, ids, ask, _gone)


def cancel(ids: Collection[int], ask: Ask) -> list[Done]:
    """Cancel jobs upstream, and pause triggers."""
    return bulk.run(_each, ids, ask, _cancelled)


def forget(ids: Collection[int]) -> int:
    """Delete resources here alone; how many. Upstream they stay, and nobody can name them any more."""
    return len(bulk.run(_forgotten, ids))


async def _forgotten(ids: Collection[int]) -> list[owner_rows.Row]:
    rows = await _rows(ids)
    for row in rows:
        await _gone(row)
    return rows


async def _rows(ids: Collection[int]) -> list[owner_rows.Row]:
    return await in_database(lambda: list(owner_rows.read(Resource.objects.filter(pk__in=ids).order_by("pk"))))


async def _each(ids: Collection[int], ask: Ask, after: Callable[[owner_rows.Row], Awaitable[None]]) -> list[Done]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def done(row: owner_rows.Row) -> Done:
        async with gate:
            reachable = any(view.owner == row.project for view in roster.current().accounts.values())
            trouble = await ask(row.name, row.project or 0) if reachable or after is _cancelled else ""
            if not trouble:
                await after(row)
            return Done(row.name, trouble)

    await roster.refresh()
    return list(await asyncio.gather(*map(done, await _rows(ids))))


async def _gone(row: owner_rows.Row) -> None:
    await owners.gone(row.name, row.project or 0)


async def _cancelled(row: owner_rows.Row) -> None:
    """Its state is upstream's to tell: until somebody looks, it counts as over."""
    state = CANCELLED_BY_KIND.get(row.kind, CANCELLED)
    await in_database(lambda: Resource.objects.filter(project=row.project, name=row.name).update(state=state))
