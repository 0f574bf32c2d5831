"""What is learnt about accounts' projects: their numbers, from upstream's errors, and that two of them are one.

`named` is called on the event loop; everything else runs on the database thread, or in a command.
"""

import logging
import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from accounts_app import roster
from accounts_app.models import Account, FileCopy, HomeProject, Project, ProjectUse, Resource, Rest, UploadSession
from accounts_app.models.projects import PROJECT_LIMITS
from accounts_app.pool.cooldowns.cooldown import OF_THE_PROJECT
from accounts_app.storage import journal
from accounts_app.storage.upsert import add_up

log = logging.getLogger(__name__)

PROJECT = "project"

# Google's: a number, or an id of up to 30 characters, once with the domain before it ("example.com:id").
_CONSUMER = re.compile(r"projects/(?:(?P<number>\d{4,32})|(?P<id>[a-z][a-z0-9.:-]{3,62}))")


@dataclass(frozen=True, slots=True)
class NamedRow:
    """An account's project as upstream has named it: by its number, or else by its id."""

    account: int
    number: str
    project_id: str


def named(account: int, consumer: str) -> None:
    """Upstream has named the project that an account's calls are counted for (`projects/123`). Never waits.

    What is known already, or is no project's name, changes nothing; nor does what an account that is no Gemini API key
    is told. Raises RosterUnavailable.
    """
    found = _CONSUMER.fullmatch(consumer)
    view = roster.current().accounts.get(account)
    if found is None or view is None or view.kind != Account.Kind.GEMINI_API:
        return
    number, project_id = found["number"] or "", found["id"] or ""
    known = roster.current().projects.get(view.owner)
    if known is None or (number or known.number, project_id or known.project_id) != (known.number, known.project_id):
        journal.append(PROJECT, NamedRow(account, number, project_id))


def write(rows: list[NamedRow]) -> None:
    """Take over what upstream has named."""
    for row in dict.fromkeys(rows):
        learn(row.account, row.number, row.project_id)


def learn(account: int, number: str = "", project_id: str = "") -> int | None:
    """An account's project has this number or id; its row's id, None when the account is gone.

    1. An account without a project gets the one that is known by that name, or a new one.
    2. Where its project has no such name yet, it gets it; if another has the name, the two are merged.
    3. Where its project has another name, the account has moved: it has a key of another project now.
    """
    known_by = Q(number=number) if number else Q(project_id=project_id)
    with transaction.atomic():
        row = Account.objects.select_for_update(of=["self"]).filter(pk=account).first()
        if row is None:
            return None
        other = Project.objects.filter(known_by).first()
        own = row.owner_project
        if own is not None and not (own.number if number else own.project_id):
            if other is not None:
                merge(other.pk, own.pk)
                return other.pk
            Project.objects.filter(pk=own.pk).update(**({"number": number} if number else {"project_id": project_id}))
            return own.pk
        if own is not None and own == other:
            return own.pk
        if own is not None:
            log.warning("Account %d has a key of another project than before.", account)
        other = other or Project.objects.create(number=number, project_id="" if number else project_id)
        Account.objects.filter(pk=account).update(owner_project=other)
        _share_cooldowns(other.pk)
        return other.pk


def merge(into: int, other: int) -> None:
    """Two rows are one project: everything of `other` becomes that of `into`, in one transaction. Raises DoesNotExist.

    Of two resources of one name the one made later stays. What `into` does not know or limit is taken from `other`.
    """
    if into == other:
        return
    with transaction.atomic():
        rows = {row.pk: row for row in Project.objects.select_for_update().filter(pk__in=(into, other)).order_by("pk")}
        if len(rows) < 2:
            raise Project.DoesNotExist(f"There is no project {other if into in rows else into}.")
        Account.objects.filter(owner_project=other).update(owner_project=into)
        _merge_resources(into, other)
        UploadSession.objects.filter(project=other).update(project=into)
        HomeProject.objects.filter(project=other).update(project=into)
        _add_up_use(into, other)
        _share_cooldowns(into)
        given = {
            name: getattr(rows[other], name)
            for name in ("number", "project_id", "name", "exclusive_to_id", *PROJECT_LIMITS)
            if getattr(rows[into], name) in (None, "")
        }
        rows[other].delete()
        Project.objects.filter(pk=into).update(**given)


def _merge_resources(into: int, other: int) -> None:
    same = Resource.objects.filter(project=into, kind=OuterRef("kind"), name=OuterRef("name"))
    twice = Resource.objects.filter(project=other).annotate(ours=Subquery(same.values("pk")[:1])).exclude(ours=None)
    twice = twice.annotate(made=Subquery(same.values("created_at")[:1]))
    pairs = twice.values_list("pk", "created_at", "ours", "made")
    older = [theirs if created <= made else ours for theirs, created, ours, made in pairs]
    for start in range(0, len(older), 500):
        Resource.objects.filter(pk__in=older[start : start + 500]).delete()
    Resource.objects.filter(project=other).update(project=into)
    # A file needs no copy in its own project, and one copy in each other.
    FileCopy.objects.filter(project__in=(into, other), resource__project=into).delete()
    there = FileCopy.objects.filter(project=into).values("resource")
    FileCopy.objects.filter(project=other, resource__in=there).delete()
    FileCopy.objects.filter(project=other).update(project=into)


def _add_up_use(into: int, other: int) -> None:
    rows = ProjectUse.objects.filter(project=other).values("hour", "requests", "tokens")
    stamp = timezone.now()
    added = [{"project": into, "updated_at": stamp, **row} for row in rows]
    add_up(ProjectUse, ("project", "hour"), added, newest=("updated_at",))


def _share_cooldowns(project: int) -> None:
    """A cooldown of the project's quota that one of its accounts has is every account's, the longest of each model."""
    accounts = list(Account.objects.filter(owner_project=project).order_by("pk").values_list("pk", flat=True))
    rows = Rest.objects.filter(account__in=accounts, reason__in=OF_THE_PROJECT, until__gt=timezone.now())
    longest: dict[str, Rest] = {}
    for row in rows.order_by("until"):
        longest[row.model] = row
    for model, row in sorted(longest.items()):
        fields = {name: getattr(row, name) for name in ("until", "reason", "message", "streak", "window_until")}
        later = Rest.objects.filter(account__in=accounts, model=model, until__gte=row.until)
        have = set(later.values_list("account_id", flat=True))
        Rest.objects.bulk_create(
            [Rest(account_id=account, model=model, **fields) for account in accounts if account not in have],
            update_conflicts=True,
            unique_fields=["account", "model"],
            update_fields=list(fields),
        )


journal.register(PROJECT, write, droppable=True)
