"""Jobs: what goes on upstream without its client. Which of them run, and which have not been counted yet.

A job's use is known when it has ended. Until then it has a row of its own beside that of the resource; who takes the
row away counts it, so that of several nodes and clients that see its end only one does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F

from accounts_app.leasing import owner_rows
from accounts_app.leasing.owner_news import RESOURCE, CountedRow, LeftRow, NotThereRow, SeenRow
from accounts_app.leasing.owners import Found, as_found
from accounts_app.models import RunningJob
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal
from accounts_app.storage.worker import in_database, soon_in_database

# States of jobs that have not ended: of batches, of other long-running operations as the gateway notes them, and of
# interactions.
RUNNING = (
    *("BATCH_STATE_PENDING", "BATCH_STATE_RUNNING", "JOB_STATE_PENDING", "JOB_STATE_RUNNING", "RUNNING"),
    *("in_progress", "queued"),
)

Counts = tuple[int, ...]  # numbers of tokens, each kind in its place


@dataclass(frozen=True, slots=True)
class Job:
    """A job that has not been counted, or a trigger, which begins some by itself.

    `owner` is its project, as in `Wanted.owner`; `account` made it, None when that one is gone. `key` is to be
    charged for it. `request_id` is that of the call that began it, `counted` the part of its use that has been counted
    then. `looks` says how often upstream was asked how it is.
    """

    id: int
    resource_id: int
    owner: int
    name: str
    model: str
    account: int | None
    key: int | None
    group: int | None
    request_id: str
    counted: Counts
    looks: int


def left(name: str, account: int, look_at: float, counted: Counts) -> None:
    """Nobody listens to a job's answer any more, of which so much has been counted. Never waits."""
    journal.append(RESOURCE, LeftRow(name, account, look_at, counted))


def counted(name: str, account: int) -> None:
    """A job's answer has come to its end, and all of it is counted. Never waits."""
    journal.append(RESOURCE, CountedRow(name, account))


def seen(job: Job, state: str) -> None:
    """Upstream has shown a job. Never waits."""
    if state:
        journal.append(RESOURCE, SeenRow(job.resource_id, state))


def missed(job: Job) -> None:
    """Upstream says that a job is not there, which says little on one day alone. Never waits."""
    journal.append(RESOURCE, NotThereRow(job.resource_id, datetime.now(UTC).date()))


async def take(found: Found, due_by: float) -> Job | None:
    """The job that a resource is, for the caller to count; None if it is counted, or another has taken it, or is to be
    looked at after `due_by` (seconds, epoch) only.

    Raises Django's database errors.
    """
    due = datetime.fromtimestamp(due_by, UTC)
    return await soon_in_database(_take, found.resource_id, due) if found.has_job and found.resource_id else None


async def due(now: float, limit: int) -> list[Job]:
    """Jobs that upstream is to be asked about, the one that has waited longest first. Raises Django's errors."""
    return await in_database(_due, datetime.fromtimestamp(now, UTC), limit)


async def look_again(job: Job, at: float, *, counts: bool = True) -> None:
    """It goes on: ask about it again then (seconds, epoch). `counts` says whether it has to end some time.

    Raises Django's database errors.
    """
    await in_database(_look_again, job.id, datetime.fromtimestamp(at, UTC), int(counts))


async def taken(job: Job) -> bool:
    """Whether the caller is the one to count it. Raises Django's database errors."""
    return await in_database(_take, job.resource_id) is not None


async def running(tenant: Tenant, limit: int, states: Collection[str] = RUNNING) -> list[Found]:
    """A tenant's jobs that have not ended, as far as is known, the oldest first. Raises Django's database errors."""
    jobs = await soon_in_database(owner_rows.jobs, tenant, states, limit, datetime.now(UTC).timestamp())
    return [as_found(row, tenant) for row in jobs]


def _due(now: datetime, limit: int) -> list[Job]:
    rows = RunningJob.objects.filter(look_at__lte=now).select_related("resource").order_by("look_at")
    return [_job(row) for row in rows[:limit]]


def _look_again(id_: int, at: datetime, looks: int) -> None:
    RunningJob.objects.filter(pk=id_).update(look_at=at, looks=F("looks") + looks)


def _take(resource: int, due_by: datetime | None = None) -> Job | None:
    row = RunningJob.objects.filter(resource=resource).select_related("resource").first()
    if row is None or (due_by is not None and row.look_at > due_by):
        return None
    job = _job(row)
    return job if RunningJob.objects.filter(pk=job.id).delete()[0] else None


def _job(row: RunningJob) -> Job:
    resource = row.resource
    return Job(
        id=row.pk,
        resource_id=resource.pk,
        owner=resource.project_id,
        name=resource.name,
        model=resource.model,
        account=resource.account_id,
        key=resource.api_key_id,
        group=resource.group_id,
        request_id=row.request_id,
        counted=tuple(row.counted),
        looks=row.looks,
    )
