"""What happens to resources, each a kind of news for their rows: made, seen, not there, gone.

Runs on the database thread: at once where a call waits for it, else in the journal's order.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts_app.leasing.owner_rows import Row, moment, project_of, read
from accounts_app.models import KeyGroup, Resource, RunningJob
from accounts_app.models.resources import LONGEST_JSON
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal

RESOURCE = "resource"
LONGEST_MODEL, LONGEST_STATE = 128, 32  # what the columns take


@dataclass(frozen=True, slots=True)
class Begun:
    """What was made goes on upstream: the call that began it, and when to look at it first (seconds, epoch)."""

    request_id: str
    look_at: float


@dataclass(frozen=True, slots=True)
class MadeRow:
    """A name that an answer of `account` has made for a tenant; with `begun` it is a job to be counted later."""

    name: str
    kind: str
    account: int
    tenant: Tenant
    at: float
    model: str = ""
    state: str = ""
    size_bytes: int | None = None
    expires_at: float | None = None
    last_json: str = ""
    begun: Begun | None = None
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class SeenRow:
    """What upstream has shown of a resource; None and "" leave what is known."""

    id: int
    state: str = ""
    size_bytes: int | None = None
    expires_at: float | None = None
    last_json: str = ""


@dataclass(frozen=True, slots=True)
class NotThereRow:
    """Upstream said on that day (UTC) that a resource is not there."""

    id: int
    on: date


@dataclass(frozen=True, slots=True)
class GoneRow:
    """A name that a client has deleted at an owner, with all names below it."""

    name: str
    owner: int


@dataclass(frozen=True, slots=True)
class LeftRow:
    """Nobody listens to a job of `account` any more, of which so much has been counted; look at it then."""

    name: str
    account: int
    look_at: float
    counted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CountedRow:
    """A job of `account` has ended and is counted."""

    name: str
    account: int


News = MadeRow | SeenRow | NotThereRow | GoneRow | LeftRow | CountedRow


def write(rows: list[News]) -> None:
    """Take over what has happened to resources, in its order."""
    for row in rows:
        write_one(row)


def write_one(news: News) -> Row | None:
    """Take over one thing that has happened; the row that was made by it."""
    match news:
        case MadeRow():
            return _make(news)
        case SeenRow():
            _see(news)
        case NotThereRow():
            _miss(news)
        case GoneRow():
            _delete(news)
        case LeftRow():
            _jobs(news).update(look_at=moment(news.look_at), counted=list(news.counted))
        case CountedRow():
            _jobs(news).delete()
    return None


def _make(row: MadeRow) -> Row | None:
    """Store a name that was made. None when the account is gone.

    Upstream has made it for this tenant: a row of the same name in the same project is out of date.
    """
    with transaction.atomic():
        project = project_of(row.account)
        if project is None:
            return None
        made, _ = Resource.objects.update_or_create(
            project_id=project, kind=row.kind, name=row.name, defaults=_columns(row)
        )
        if row.begun is not None:
            job = {"request_id": row.begun.request_id, "look_at": moment(row.begun.look_at), "looks": 0, "counted": []}
            RunningJob.objects.update_or_create(resource=made, defaults=job)
        return next(read(Resource.objects.filter(pk=made.pk)))


def discover(rows: list[MadeRow]) -> int:
    """Store names that upstream has listed to one account, and nobody here has; how many these are.

    Not those that have a row in another project either: two rows may be one project, as long as nobody knows.
    """
    with transaction.atomic():
        project = project_of(rows[0].account) if rows else None
        if project is None:
            return 0
        there = Resource.objects.filter(name__in=[row.name for row in rows])
        known = set(there.values_list("kind", "name"))
        new = [row for row in rows if (row.kind, row.name) not in known]
        made = [Resource(project_id=project, kind=row.kind, name=row.name, **_columns(row)) for row in new]
        Resource.objects.bulk_create(made, ignore_conflicts=True)
        begun = {(row.kind, row.name): row.begun for row in new if row.begun is not None}
        there = Resource.objects.filter(project=project, name__in=[name for _, name in begun])
        jobs = [_job(each, job) for each in there if (job := begun.get((each.kind, each.name))) is not None]
        RunningJob.objects.bulk_create(jobs, ignore_conflicts=True)
        return len(made)


def _job(resource: Resource, begun: Begun) -> RunningJob:
    return RunningJob(resource=resource, request_id=begun.request_id, look_at=moment(begun.look_at))


def _columns(row: MadeRow) -> dict[str, Any]:
    return {
        "api_key_id": row.tenant.key,
        "group_id": row.tenant.group if _is_there(row.tenant.group) else None,
        "account_id": row.account,
        "shared": "",
        "model": row.model[:LONGEST_MODEL],
        "state": row.state[:LONGEST_STATE],
        "conversation": row.conversation,
        "size_bytes": row.size_bytes,
        "created_at": moment(row.at),
        "expires_at": None if row.expires_at is None else moment(row.expires_at),
        "last_json": _bounded(row.last_json),
        "not_there_on": None,
    }


def _see(row: SeenRow) -> None:
    shown: dict[str, Any] = {"not_there_on": None}
    if row.state:
        shown["state"] = row.state[:LONGEST_STATE]
    if row.size_bytes is not None:
        shown["size_bytes"] = row.size_bytes
    if row.expires_at is not None:
        shown["expires_at"] = moment(row.expires_at)
    if row.last_json:
        shown["last_json"] = _bounded(row.last_json)
    Resource.objects.filter(pk=row.id).update(**shown)


def _miss(row: NotThereRow) -> None:
    """One day says little: billing that is due looks the same, and what is alive can be missing for a moment."""
    resource = Resource.objects.filter(pk=row.id)
    resource.filter(not_there_on__lt=row.on).delete()
    resource.filter(not_there_on=None).update(not_there_on=row.on)


def _delete(row: GoneRow) -> None:
    of_owner = Q(project=row.owner) if row.owner > 0 else Q(project__accounts=-row.owner)
    below = f"{row.name}/"
    named = Resource.objects.filter(of_owner, Q(name=row.name) | Q(name__startswith=below)).values_list("pk", "name")
    # SQLite's LIKE takes "A" for "a".
    ids = [pk for pk, name in named if name == row.name or name.startswith(below)]
    Resource.objects.filter(pk__in=ids).delete()


def _jobs(row: LeftRow | CountedRow) -> QuerySet[RunningJob]:
    return RunningJob.objects.filter(resource__project__accounts=row.account, resource__name=row.name)


def _is_there(group: int | None) -> bool:
    return group is not None and KeyGroup.objects.filter(pk=group).exists()


def _bounded(shown: str) -> str:
    """JSON that is too long is left out: cut, it would be none."""
    return shown if len(shown.encode(errors="replace")) <= LONGEST_JSON else ""


def _holds_up(row: News) -> bool:
    """Whether names that are made or go later are written after it; all else is about one row and holds up nothing."""
    return isinstance(row, MadeRow | GoneRow)


journal.register(RESOURCE, write, droppable=False, size_of=_holds_up)
