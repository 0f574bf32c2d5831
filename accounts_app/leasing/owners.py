"""Which project owns a named resource: found by any node, in force after a restart.

A tenant's own names are kept in memory for a minute; every other name costs one query, whether somebody else has it or
nobody. So the two cannot be told apart by time. A name that was made is in memory at once and in the database before
its client has it, as a rule: after a second the answer goes out, and the journal writes the row.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, time

from django.db import Error as DatabaseError

from accounts_app import roster
from accounts_app.leasing import owner_news, owner_rows
from accounts_app.leasing.homes import exclusive, home
from accounts_app.leasing.names_in_memory import NamesInMemory, meanings
from accounts_app.leasing.owner_news import RESOURCE, Begun, GoneRow, MadeRow, NotThereRow, SeenRow
from accounts_app.leasing.owner_rows import Position, Row, Source
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal
from accounts_app.storage.worker import soon_in_database

__all__ = [
    "Found", "Held", "Listed", "Position", "Source", "Stored", "Tenant", "discovered", "exclusive", "find", "gone",
    "held", "home", "look_up_again", "made", "not_there", "of_others", "own", "projects", "reset", "rows",
    "seen", "stored",
]  # fmt: skip

NAMES = 10_000  # in memory: some 10 MB
FRESH_SECONDS = 60.0  # what another node has deleted or shared is noticed after this
WRITE_SECONDS = 1.0  # a client waits no longer for the row of what it has made


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that a tenant may use. Times are seconds, epoch.

    `project_owner` is the number of its project, as in `Wanted.owner`; `account_id` made it, None when that one is
    gone. `resource_id` is None while its row is not written. `source` is where its bytes can be had again. `missed`
    says that upstream has said that it is not there, `has_job` that it is a job which may not be counted yet.
    `conversation` is that of the request log.
    """

    resource_id: int | None
    project_owner: int
    account_id: int | None
    kind: str
    name: str
    model: str
    state: str
    shared: str
    can_write: bool
    expires_at: float | None
    source: Source | None
    missed: bool = False
    has_job: bool = False
    conversation: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A resource in a list: `last_json` as upstream last showed it, and where the list goes on behind it."""

    found: Found
    created_at: float
    last_json: str
    position: Position


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds a chosen name: the tenant itself, or others, in these projects."""

    by_tenant: bool
    by_others: frozenset[int]


@dataclass(frozen=True, slots=True)
class Stored:
    """What a tenant has alive: bytes as far as known, files, and jobs that run."""

    size_bytes: int
    files: int
    running_jobs: int


_names = NamesInMemory(NAMES)


async def find(name: str, tenant: Tenant) -> Found | None:
    """The resource that a tenant means by `name`; None for one that is not there or not the tenant's.

    The name of something below a resource (an operation, a document) is found by the resource where it has no row of
    its own. Raises Django's database errors where the database is needed and away, RosterUnavailable.
    """
    known, is_fresh = _names.get(name, tenant, monotonic())
    if known is not None and is_fresh and (found := _found(known, tenant)) is not None:
        return found
    try:
        row = await soon_in_database(owner_rows.find, list(meanings(name)), tenant)
    except DatabaseError:
        if known is None:
            raise
        row = known
    if row is None and known is not None and known.id is None and journal.held(RESOURCE):
        row = known  # made a moment ago: its row waits in the journal
    if row is None:
        return None
    if row is not known:
        _names.put(name, tenant, row, monotonic() + FRESH_SECONDS)
    return as_found(row, tenant)


async def made(
    name: str,
    account: int,
    tenant: Tenant,
    *,
    kind: str = "",
    model: str = "",
    state: str = "",
    size_bytes: int | None = None,
    expires_at: float | None = None,
    last_json: str = "",
    begun: Begun | None = None,
    conversation: str = "",
) -> None:
    """An answer of `account` has made a name, with `begun` a job. `kind` is its collection where it is not given.

    Waits for the row for a second at most; what is not written by then is left to the journal. Raises no database
    error.
    """
    kind = kind or name.partition("/")[0]
    news = MadeRow(
        name, kind, account, tenant, time(), model, state, size_bytes, expires_at, last_json, begun, conversation
    )  # fmt: skip
    row = Row(
        None, None, account, tenant.key, tenant.group, kind, name, model, state, "", size_bytes, news.at, expires_at,
        has_job=begun is not None, conversation=conversation,
    )  # fmt: skip
    _names.forget(name)
    _names.put(name, tenant, row, monotonic() + FRESH_SECONDS)
    if (written := await _written(news)) is not None:
        _names.replace(name, tenant, row, written)


async def gone(name: str, owner: int) -> None:
    """A client has deleted a name of `owner`'s, and with it what stands below.

    Waits for the database for a second at most, and raises none of its errors.
    """
    _names.forget(name)
    await _written(GoneRow(name, owner))


def seen(
    found: Found,
    *,
    state: str = "",
    size_bytes: int | None = None,
    expires_at: float | None = None,
    last_json: str = "",
) -> None:
    """Upstream has shown a resource, with what is new of it. Never waits."""
    is_news = found.missed or state or last_json or size_bytes is not None or expires_at is not None
    if found.resource_id is not None and is_news:
        _names.note_missed(found.name, missed=False)
        journal.append(RESOURCE, SeenRow(found.resource_id, state, size_bytes, expires_at, last_json))


def not_there(found: Found) -> None:
    """Upstream says that a resource is not there: on two different days (UTC), and its row goes. Never waits."""
    if found.resource_id is not None:
        _names.note_missed(found.name, missed=True)
        journal.append(RESOURCE, NotThereRow(found.resource_id, datetime.now(UTC).date()))


async def held(name: str, tenant: Tenant) -> Held:
    """Who holds a chosen name, also where this process has not written its row yet.

    Raises Django's database errors, RosterUnavailable.
    """
    waiting = _names.unwritten(name, monotonic())
    holders = await soon_in_database(owner_rows.holders, name, time())
    holders += [(as_found(row, tenant).project_owner, row.api_key, row.group) for row in waiting]
    others = frozenset(owner for owner, key, group in holders if not tenant.made(key, group))
    return Held(any(tenant.made(key, group) for _, key, group in holders), others)


async def rows(
    kind: str, tenant: Tenant, after: Position | None = None, limit: int = 100, *, under: str = ""
) -> list[Listed]:
    """A tenant's resources of a kind, the newest first, from behind the position `after`.

    With `under` only those whose names begin so. Raises Django's database errors, RosterUnavailable.
    """
    listed = await soon_in_database(owner_rows.listed, kind, tenant, under, after, limit, time())
    return [Listed(as_found(row, tenant), row.created_at, row.last_json, row.position) for row in listed]


async def own(names: Collection[str], tenant: Tenant) -> set[str]:
    """Those of `names` that a tenant has, by themselves or by what they stand below. Raises Django's errors."""
    found = await soon_in_database(owner_rows.owned, [each for name in names for each in meanings(name)], tenant)
    return {name for name in names if not found.isdisjoint(meanings(name))}


async def of_others(names: Collection[str], tenant: Tenant) -> set[str]:
    """Those of `names` that others have and the tenant has not, as `own`. Raises Django's database errors."""
    theirs = await soon_in_database(owner_rows.of_others, [each for name in names for each in meanings(name)], tenant)
    return {name for name in names if not theirs.isdisjoint(meanings(name))}


async def projects(kind: str, tenant: Tenant) -> set[int]:
    """The projects that have resources of a kind for a tenant. Raises Django's database errors."""
    return await soon_in_database(owner_rows.projects, kind, tenant, time())


async def discovered(listed: list[MadeRow]) -> int:
    """Upstream has listed these to an account whose project is a tenant's alone: those that nobody has are its own.

    Returns how many these are. Raises Django's database errors.
    """
    return await soon_in_database(owner_news.discover, listed) if listed else 0


async def stored(tenant: Tenant, running: Collection[str]) -> Stored:
    """What a tenant's group has stored, and how many of its jobs are in a state that is `running`, for its limits.

    Raises Django's database errors.
    """
    return Stored(*await soon_in_database(owner_rows.stored, tenant, running, time()))


def as_found(row: Row, tenant: Tenant) -> Found:
    """A row as a call of the tenant needs it. Raises RosterUnavailable."""
    return _found(row, tenant) or _as_stored(row, tenant)


def look_up_again(name: str) -> None:
    """What is in memory of a name is out of date: its next call reads the row."""
    _names.forget(name)


def reset() -> None:
    """Forget every name. For tests."""
    _names.clear()


async def _written(news: MadeRow | GoneRow) -> Row | None:
    """Write it now, or leave it to the journal: when it takes too long, and when other names are waiting there."""
    is_written, row = False, None
    try:
        if not journal.held(RESOURCE):
            with suppress(DatabaseError, TimeoutError):
                async with asyncio.timeout(WRITE_SECONDS):
                    row = await soon_in_database(owner_news.write_one, news)
                is_written = True
    finally:  # also when the client has left
        if not is_written:
            journal.append(RESOURCE, news)
    return row


def _found(row: Row, tenant: Tenant) -> Found | None:
    """As a call needs it; None when this process knows of no account that is its owner's."""
    snapshot = roster.current()
    if row.project in snapshot.projects:
        return _as_stored(row, tenant)
    # Its project was made, or merged into another, a moment ago: the account leads there.
    account = snapshot.accounts.get(row.account) if row.account is not None else None
    return None if account is None else _as_stored(row, tenant, account.owner)


def _as_stored(row: Row, tenant: Tenant, owner: int | None = None) -> Found:
    return Found(
        resource_id=row.id,
        project_owner=owner or row.project or -(row.account or 0),
        account_id=row.account,
        kind=row.kind,
        name=row.name,
        model=row.model,
        state=row.state,
        shared=row.shared,
        can_write=tenant.may_change(row.api_key, row.group, row.shared),
        expires_at=row.expires_at,
        source=row.source,
        missed=row.missed,
        has_job=row.has_job,
        conversation=row.conversation,
    )
