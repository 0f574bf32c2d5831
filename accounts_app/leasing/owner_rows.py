"""The rows behind `owners`: what was made, by whom, in which project. Runs on the database thread."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum

from accounts_app.models import Account, HomeProject, KeyUse, Project, Resource
from accounts_app.pool.access.tenants import FULL, USE, Tenant

FILES, CONTINUATIONS, INTERACTIONS = "files", "continuations", "interactions"
TRIGGERS, ACTIVE = "triggers", "active"
LONGEST_JOB = timedelta(hours=48)  # upstream ends what takes longer
GENERATED = "GENERATED"
EPOCH = datetime.fromtimestamp(0, UTC)

Position = tuple[int, int]  # microseconds since the epoch, id


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file's bytes can be had again: the spool, under `path`, or for "" its own project, which gives them out.

    `size` is in bytes; `mime_type` and `display_name` are the file's.
    """

    path: str
    size: int
    mime_type: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A resource as it is stored: whose it is, where, and what is known of it. Times are seconds, epoch.

    `account` made it, or is None when that one is gone. `source` is where its bytes can be had again, `missed` that
    upstream has said that it is not there, `has_job` that it is a job which has not been counted. `conversation` is
    that of the request log. `id` and `project` are None while the row is not written.
    """

    id: int | None
    project: int | None
    account: int | None
    api_key: int | None
    group: int | None
    kind: str
    name: str
    model: str
    state: str
    shared: str = ""
    size_bytes: int | None = None
    created_at: float = 0.0
    expires_at: float | None = None
    source: Source | None = None
    missed: bool = False
    has_job: bool = False
    conversation: str = ""
    last_json: str = ""
    position: Position = (0, 0)


class _File(msgspec.Struct, rename="camel"):
    source: str = ""
    mime_type: str = ""
    display_name: str = ""
    size_bytes: str = ""


def owned_by(tenant: Tenant, *, shared: bool = True) -> Q:
    """The rows that a tenant owns; the same rule as `Tenant.owns`."""
    own = Q(api_key=None, group=None) if tenant.key is None else Q(api_key=tenant.key)
    if tenant.group is not None:
        own |= Q(group=tenant.group)
    return own | Q(shared__in=[USE, FULL]) if shared else own


def find(names: list[str], tenant: Tenant) -> Row | None:
    """The resource that a tenant means by the first of `names` that it owns: its key's own, its group's, a shared one.

    One query. Rows of others are not read: those that are foreign and those that are not there give the same.
    """
    rows = read(Resource.objects.filter(owned_by(tenant), name__in=names))

    def distance(row: Row) -> tuple[int, bool, bool, int]:
        is_own = tenant.key is not None and row.api_key == tenant.key
        return names.index(row.name), not is_own, not tenant.made(row.api_key, row.group), -row.position[1]

    return min(rows, key=distance, default=None)


def listed(kind: str, tenant: Tenant, under: str, after: Position | None, limit: int, now: float) -> list[Row]:
    """A tenant's resources of a kind that have not expired, the newest first, from behind `after`.

    Their names begin with `under`.
    """
    rows = Resource.objects.filter(owned_by(tenant), kind=kind)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=moment(now)))
    if under:
        rows = rows.filter(name__startswith=under)
    if after is not None:
        created = EPOCH + timedelta(microseconds=after[0])
        rows = rows.filter(Q(created_at__lt=created) | Q(created_at=created, pk__lt=after[1]))
    return list(read(rows.order_by("-created_at", "-pk")[:limit], with_json=True))


def projects(kind: str, tenant: Tenant, now: float) -> set[int]:
    """Where a tenant has resources of a kind."""
    rows = Resource.objects.filter(owned_by(tenant), Q(expires_at=None) | Q(expires_at__gt=moment(now)), kind=kind)
    return set(rows.values_list("project_id", flat=True).distinct())


def owned(names: list[str], tenant: Tenant) -> set[str]:
    """Those of `names` that a tenant owns."""
    return set(Resource.objects.filter(owned_by(tenant), name__in=names).values_list("name", flat=True))


def of_others(names: list[str], tenant: Tenant) -> set[str]:
    """Those of `names` that have rows, none of which a tenant owns."""
    rows = Resource.objects.filter(name__in=names)
    return set(rows.values_list("name", flat=True)) - owned(names, tenant)


def holders(name: str, now: float) -> list[tuple[int, int | None, int | None]]:
    """Who holds a name: project, key and group of each."""
    rows = Resource.objects.filter(Q(expires_at=None) | Q(expires_at__gt=moment(now)), name=name)
    return list(rows.values_list("project_id", "api_key_id", "group_id"))


def stored(tenant: Tenant, running: Collection[str], now: float) -> tuple[int, int, int]:
    """How many bytes and files a tenant has stored, and how many of its jobs are in a state that is `running`."""
    rows = Resource.objects.filter(owned_by(tenant, shared=False), Q(expires_at=None) | Q(expires_at__gt=moment(now)))
    sums = rows.aggregate(
        size=Sum("size_bytes"),
        files=Count("pk", filter=Q(kind=FILES)),
        jobs=Count("pk", filter=runs(running, now)),
    )
    return sums["size"] or 0, sums["files"], sums["jobs"]


def jobs(tenant: Tenant, running: Collection[str], limit: int, now: float) -> list[Row]:
    """A tenant's jobs that are in a state that is `running`, the oldest first."""
    rows = Resource.objects.filter(owned_by(tenant, shared=False), runs(running, now))
    return list(read(rows.order_by("created_at", "pk")[:limit]))


def runs(running: Collection[str], now: float) -> Q:
    """Jobs in a state that is `running`, and triggers that go on beginning some."""
    return Q(state__in=running, created_at__gt=moment(now) - LONGEST_JOB) | Q(kind=TRIGGERS, state=ACTIVE)


def project_of(account: int) -> int | None:
    """The row of an account's project, which is made where none is known yet; None when the account is gone.

    Of two nodes that make it at once the later one takes the other's.
    """
    known = Account.objects.filter(pk=account).values_list("owner_project_id", flat=True).first()
    if known is not None:
        return known
    with transaction.atomic():
        made = Project.objects.create()
        if Account.objects.filter(pk=account, owner_project=None).update(owner_project=made):
            return made.pk
        made.delete()
    return Account.objects.filter(pk=account).values_list("owner_project_id", flat=True).first()


def first_to_expire(owner: int, kind: str, now: float) -> float | None:
    """When the first of an owner's resources of a kind expires (seconds, epoch), whoever made it."""
    of_owner = Q(project=owner) if owner > 0 else Q(project__accounts=-owner)
    rows = Resource.objects.filter(of_owner, kind=kind, expires_at__gt=moment(now)).order_by("expires_at")
    first = rows.values_list("expires_at", flat=True).first()
    return None if first is None else first.timestamp()


def set_home(tenant: str, owner: int, instead_of: int | None) -> int | None:
    """Store a tenant's home unless another node was first; the one that counts. None when `owner` is gone.

    With `instead_of` the home is moved, if it is still that one.
    """
    project = owner if owner > 0 else project_of(-owner)
    if project is None or not Project.objects.filter(pk=project).exists():
        return None
    if instead_of is not None:
        HomeProject.objects.filter(tenant=tenant, project=instead_of).update(project=project)
    HomeProject.objects.bulk_create([HomeProject(tenant=tenant, project_id=project)], ignore_conflicts=True)
    return HomeProject.objects.values_list("project_id", flat=True).get(tenant=tenant)


def may_leave(tenant: Tenant, project: int, spent: Iterable[str] | None, now: float) -> bool:
    """Whether nothing of a tenant is alive in a project, and all models that it used in the last day are `spent`.

    None stands for every model.
    """
    alive = Resource.objects.filter(owned_by(tenant, shared=False), project=project).exclude(kind=CONTINUATIONS)
    if alive.filter(Q(expires_at=None) | Q(expires_at__gt=moment(now))).exists():
        return False
    if spent is None:
        return True
    keys = Q(api_key=tenant.key)
    if tenant.group is not None:
        keys |= Q(api_key__group=tenant.group)
    used = KeyUse.objects.filter(keys, hour__gte=moment(now) - timedelta(days=1), requests__gt=0)
    return set(used.values_list("model", flat=True)) <= set(spent)


def read(rows: QuerySet[Resource], *, with_json: bool = False) -> Iterator[Row]:
    """The rows of a query, without their JSON as a rule: what is kept in memory has to be small."""
    columns = (
        *("pk", "project_id", "account_id", "api_key_id", "group_id", "kind", "name", "model", "state", "shared"),
        *("size_bytes", "created_at", "expires_at", "last_json", "spooled__path", "spooled__size"),
        *("not_there_on", "job", "conversation"),
    )
    for (
        pk, project, account, key, group, kind, name, model, state, shared, size, created, expires, shown, path,
        length, missed, job, conversation,
    ) in rows.values_list(*columns):  # fmt: skip
        yield Row(
            id=pk,
            project=project,
            account=account,
            api_key=key,
            group=group,
            kind=kind,
            name=name,
            model=model,
            state=state,
            shared=shared,
            size_bytes=size,
            created_at=created.timestamp(),
            expires_at=None if expires is None else expires.timestamp(),
            source=_source(shown, path, length) if kind == FILES else None,
            missed=missed is not None,
            has_job=job is not None,
            conversation=conversation,
            last_json=shown if with_json else "",
            position=((created - EPOCH) // timedelta(microseconds=1), pk),
        )


def _source(shown: str, path: str | None, size: int | None) -> Source | None:
    """Where the bytes of a file can be had: it is in the spool, or was made by Google, which gives them out."""
    try:
        file = msgspec.json.decode(shown or "{}", type=_File)
    except msgspec.DecodeError:
        file = _File()
    if path is not None and size is not None:
        return Source(path, size, file.mime_type, file.display_name)
    if file.source == GENERATED and file.size_bytes.isascii() and file.size_bytes.isdigit():
        return Source("", int(file.size_bytes), file.mime_type, file.display_name)
    return None


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
