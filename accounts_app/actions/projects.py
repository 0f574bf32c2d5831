"""Actions on Google projects: create, change, assign accounts, merge, make exclusive, import names, what is lost."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts_app.leasing import projects
from accounts_app.leasing.owner_rows import CONTINUATIONS
from accounts_app.models import Account, Project, Resource
from accounts_app.models.projects import PROJECT_LIMITS
from accounts_app.models.resources import LONGEST_NAME
from accounts_app.pool.access.tenants import FULL, USE
from accounts_app.pool.names.names import is_id

MODELS = "models"
# Stands for the key of a resource that is the operator's: no key has this id, and without one it would be that of
# callers without a key.
OPERATOR = 0


class NotPossible(ValueError):
    """What an operator asked for cannot be. The message says why."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Resources of one kind: how many, how many bytes of them are known, whose project they are in."""

    project: int
    kind: str
    count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of importing names: how many are new, and those that are no names of resources or have an owner."""

    added: int
    refused: tuple[str, ...]


def create(*, number: str = "", project_id: str = "", name: str = "", **limits: int | None) -> int:
    """Add a project; its id. Raises NotPossible."""
    check(number, project_id)
    try:
        with transaction.atomic():
            return Project.objects.create(number=number, project_id=project_id, name=name.strip(), **limits).pk
    except IntegrityError:
        raise NotPossible(_("This project is already here.")) from None


def change(project: int, **columns: object) -> None:
    """Set name, number, id or limits of a project. Raises NotPossible.

    A number or an id that another row has says that the two are one: `merge` them.
    """
    unknown = columns.keys() - {"name", "number", "project_id", *PROJECT_LIMITS}
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))}: not a column that operators set")
    check(str(columns.get("number", "")), str(columns.get("project_id", "")))
    try:
        with transaction.atomic():
            Project.objects.filter(pk=project).update(**columns)
    except IntegrityError:
        raise NotPossible(_("Another project has this number or ID. If they are the same, merge them.")) from None


def rename(project: int, name: str) -> None:
    """What people call a project; empty for its id or number."""
    change(project, name=name.strip())


def assign(account_ids: Collection[int], project: int | None) -> int:
    """Say that Gemini API keys are of a project, or (None) that nobody knows; how many changed.

    Where all accounts of another project without a number and an id go, that one was only their stand-in: it is merged.
    """
    with transaction.atomic():
        keys = Account.objects.filter(pk__in=account_ids, kind=Account.Kind.GEMINI_API)
        before = set(keys.exclude(owner_project=None).values_list("owner_project", flat=True)) - {project}
        changed = keys.exclude(owner_project=project).update(owner_project=project)
        if project is not None:
            for each in Project.objects.filter(pk__in=before, number="", project_id="", accounts=None):
                projects.merge(project, each.pk)
        return changed


def merge(into: int, other: int) -> None:
    """Two rows are one project. Raises NotPossible where each has a number, or an id, of its own."""
    rows = {row.pk: row for row in Project.objects.filter(pk__in=(into, other))}
    if into == other or len(rows) < 2:
        raise NotPossible(_("Merging takes two projects."))
    for name in ("number", "project_id"):
        if getattr(rows[into], name) and getattr(rows[other], name):
            raise NotPossible(_("Their numbers or IDs differ: these are two projects."))
    projects.merge(into, other)


def make_exclusive(project: int, group: int | None) -> None:
    """Let only this group's API keys use a project, or (None) all."""
    Project.objects.filter(pk=project).update(exclusive_to=group)


def import_names(
    project: int, names: Iterable[str], *, key: int | None = None, group: int | None = None, shared: str = ""
) -> Imported:
    """Give names that were made before the gateway, or past it, an owner.

    They become a key's, a group's, or with neither the operator's own, who may share them. Raises NotPossible.
    """
    if shared not in ("", USE, FULL):
        raise TypeError(f"shared: {shared!r}")
    if key is None and group is None and not shared:
        raise NotPossible(_("Choose a group, or share the names with all API keys."))
    wanted = dict.fromkeys(name.strip() for name in names if name.strip())
    refused = [name for name in wanted if not _is_name(name)]
    there = set(Resource.objects.filter(project=project, name__in=wanted).values_list("name", flat=True))
    made = [
        Resource(
            project_id=project,
            kind=name.partition("/")[0],
            name=name,
            api_key_id=OPERATOR if key is None and group is None else key,
            group_id=group,
            shared=shared,
        )
        for name in wanted
        if name not in there and name not in refused
    ]
    added = len(Resource.objects.bulk_create(made, ignore_conflicts=True))
    return Imported(added, (*refused, *sorted(there)))


def share(resource_ids: Collection[int], shared: str) -> int:
    """Let everybody use resources ("use"), change them too ("full"), or neither (""); how many changed."""
    return Resource.objects.filter(pk__in=resource_ids).exclude(shared=shared).update(shared=shared)


def lost_without(account_ids: Collection[int]) -> list[Kept]:
    """What nobody could reach any more if these accounts were deleted: the resources of projects without another."""
    others = Account.objects.exclude(pk__in=account_ids).exclude(owner_project=None).values("owner_project")
    lost = Project.objects.filter(accounts__in=account_ids).exclude(pk__in=others)
    return kept(shown().filter(project__in=lost.values("pk")))


def left_by(key: int) -> QuerySet[Resource]:
    """What an API key made and is alive: its jobs, caches, stores and files, the newest first."""
    return alive().filter(api_key=key).order_by("-created_at", "-pk")


def kept(rows: QuerySet[Resource] | None = None) -> list[Kept]:
    """How much of each kind is alive in each project."""
    found = (alive() if rows is None else rows & alive()).order_by("project", "kind").values_list("project", "kind")
    sums = found.annotate(Count("pk"), Sum("size_bytes"))
    return [Kept(project, kind, count, size or 0) for project, kind, count, size in sums]


def shown() -> QuerySet[Resource]:
    """What clients have made. Continuation tokens, which the gateway notes for a day, have rows of the same table."""
    return Resource.objects.exclude(kind=CONTINUATIONS)


def alive() -> QuerySet[Resource]:
    """Those that have not expired."""
    return shown().filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))


def check(number: str, project_id: str) -> None:
    """Whether these may be a project's number and id; either may be "". Raises NotPossible."""
    if number and not (number.isascii() and number.isdigit() and len(number) <= 32):
        raise NotPossible(_("A project number has digits only."))
    if project_id and (project_id.isdigit() or len(project_id) > 64 or not is_id(project_id)):
        raise NotPossible(
            _("“%(project)s” is not a project id; it has letters in it, unlike a project number.")
            % {"project": project_id}
        )


def _is_name(name: str) -> bool:
    segments = name.split("/")
    whole = len(segments) >= 2 and all(map(is_id, segments)) and len(name.encode()) <= LONGEST_NAME
    return whole and (segments[0] != MODELS or len(segments) > 2)
