"""What makes a file servable beyond its project: its bytes in the spool, and its copies in other projects.

Copies that this process has met are kept in memory, and for a minute that there is none.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from time import time

from django.db import Error as DatabaseError
from django.db.models import Q
from django.db.models.functions import Now

from accounts_app.leasing import owners
from accounts_app.leasing.owner_rows import moment, project_of
from accounts_app.models import FileCopy
from accounts_app.storage.single_flight import SingleFlight
from accounts_app.storage.spool import Tee
from accounts_app.storage.worker import soon_in_database

KEEP_SECONDS = 1.0  # a client waits no longer for its file to be kept
COPIES = 10_000  # in memory
FRESH_SECONDS = 60.0  # what other nodes have copied is noticed after this
LEFT_SECONDS = 60.0  # a copy that expires sooner is not used: upstream has to read it first
CLAIM_SECONDS = 60.0  # other nodes wait no longer for a copy that one makes

Copied = tuple[int, int]  # a file's resource, and the number of a project's owner

_keeping: SingleFlight[str, None] = SingleFlight("A file is not kept in the spool")
_names: OrderedDict[Copied, tuple[str, float]] = OrderedDict()  # "" for none, and until when


async def keep(tee: Tee, name: str, account: int, sha256_hash: str, size: int) -> None:
    """An upload that `tee` was fed with has become the file `name` of an account, and its row is made.

    `sha256_hash` and `size` are as upstream tells them. Waits for a second at most, and raises nothing.
    """

    async def kept() -> None:
        if await tee.keep(name, account, sha256_hash, size):
            owners.look_up_again(name)

    with suppress(TimeoutError):
        async with asyncio.timeout(KEEP_SECONDS):
            await _keeping.run(name, kept)


async def find(resource: int, owner: int) -> str:
    """The name of a file's copy in a project; "" for none. While the database is away, what is in memory counts."""
    name, until = _names.get((resource, owner), ("", 0.0))
    if time() < until:
        _names.move_to_end((resource, owner))
        return name
    with suppress(DatabaseError):
        name, until = await soon_in_database(_find, resource, owner, time() + LEFT_SECONDS)
        _put(resource, owner, name, until - LEFT_SECONDS if name else time() + FRESH_SECONDS)
        return name
    return ""


async def of(resource: int) -> list[tuple[str, int]]:
    """All copies of a file: the name of each, and the project that it is in. Raises Django's database errors."""
    return await soon_in_database(_all, resource)


async def claim(resource: int, owner: int, account: int) -> str | None:
    """Ask to make a file's copy in the project of an account, which is `owner`'s: "" where this node is to make it, its
    name where another node has, None while one does.

    Raises no database error: without a database this node makes it.
    """
    with suppress(DatabaseError):
        claimed = await soon_in_database(_claim, resource, owner, account)
        if claimed is None:
            return None
        name, until = claimed
        if name:
            _put(resource, owner, name, until - LEFT_SECONDS)
        return name
    return ""


async def made(resource: int, owner: int, account: int, name: str, expires_at: float) -> None:
    """An account of `owner` has got a copy of a file. Raises no database error: then only this process knows of it."""
    _put(resource, owner, name, expires_at - LEFT_SECONDS)
    with suppress(DatabaseError):
        await soon_in_database(_write, resource, owner, account, name, expires_at)


async def gone(resource: int, owner: int) -> None:
    """Upstream has not, or refuses, the copy of a file in a project, or it could not be made: the next call makes one.

    As `made`.
    """
    _names.pop((resource, owner), None)
    with suppress(DatabaseError):
        await soon_in_database(_delete, resource, owner)


def reset() -> None:
    """Forget every copy. For tests."""
    _names.clear()


def _put(resource: int, owner: int, name: str, until: float) -> None:
    _names[resource, owner] = name, until
    _names.move_to_end((resource, owner))
    if len(_names) > COPIES:
        _names.popitem(last=False)


# On the database thread.


def _find(resource: int, owner: int, alive_at: float) -> tuple[str, float]:
    """The name, and when it expires (seconds, epoch)."""
    copies = FileCopy.objects.filter(resource=resource, expires_at__gt=moment(alive_at)).exclude(name="")
    copies = copies.filter(project=owner) if owner > 0 else copies.filter(project__accounts=-owner)
    found = copies.values_list("name", "expires_at").first()
    return ("", 0.0) if found is None else (found[0], found[1].timestamp())


def _all(resource: int) -> list[tuple[str, int]]:
    return list(FileCopy.objects.filter(resource=resource).exclude(name="").values_list("name", "project_id"))


def _claim(resource: int, owner: int, account: int) -> tuple[str, float] | None:
    """The name, and when it expires; the name is "" for a claim of this node's, by the clock that all nodes share."""
    project = owner if owner > 0 else project_of(account)
    if project is None:
        return "", 0.0
    now, until = Now(), Now() + timedelta(seconds=CLAIM_SECONDS)
    free = FileCopy(resource_id=resource, project_id=project, name="", expires_at=now - timedelta(seconds=1))
    FileCopy.objects.bulk_create([free], ignore_conflicts=True)
    copies = FileCopy.objects.filter(resource=resource, project=project)
    is_old = ~Q(name="") & Q(expires_at__lte=now + timedelta(seconds=LEFT_SECONDS))
    if copies.filter(Q(name="", expires_at__lte=now) | is_old).update(name="", expires_at=until):
        return "", 0.0
    found = copies.exclude(name="").values_list("name", "expires_at").first()
    return None if found is None else (found[0], found[1].timestamp())


def _write(resource: int, owner: int, account: int, name: str, expires_at: float) -> None:
    project = owner if owner > 0 else project_of(account)
    if project is not None:
        fields = {"name": name, "expires_at": moment(expires_at)}
        FileCopy.objects.update_or_create(resource_id=resource, project_id=project, defaults=fields)


def _delete(resource: int, owner: int) -> None:
    copies = FileCopy.objects.filter(resource=resource)
    (copies.filter(project=owner) if owner > 0 else copies.filter(project__accounts=-owner)).delete()
