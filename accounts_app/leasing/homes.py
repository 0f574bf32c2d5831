"""Where a tenant's creates go that name nothing: its home project, chosen once and stored.

It moves only when it has no quota left today for what the tenant uses and nothing of the tenant is alive there, or when
none of its accounts is in service.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from hashlib import blake2b
from time import time

from django.db import Error as DatabaseError

from accounts_app import leasing, roster
from accounts_app.leasing import owner_rows
from accounts_app.models import Account
from accounts_app.pool.access.tenants import Tenant
from accounts_app.pool.choice.eligibility import STORAGE, WHOLE_ACCOUNT
from accounts_app.pool.outcomes import Outcome
from accounts_app.roster import AccountView, Roster
from accounts_app.storage.worker import soon_in_database

Owners = Mapping[int, list[AccountView]]  # their accounts in service

_sole: tuple[int, str | None] = (0, None)  # the roster's version, and its only tenant


async def home(
    tenant: Tenant, model: str = "", *, operation: str = "", storage: str = "", avoid: Collection[int] = ()
) -> int | None:
    """The owner that a tenant's creates go to; None when no account can take them. Raises RosterUnavailable.

    Owners in `avoid` (where others hold the name) are passed over for this call, and so are those whose `storage` (what
    its cooldowns are for) is full, unless all are. The first create of a tenant waits for its home to be stored;
    without a database it goes where that would be.
    """
    snapshot = roster.current()
    in_service = _in_service(snapshot, tenant, operation)
    able = {
        owner: views for owner, views in in_service.items() if not model or any(view.serves(model) for view in views)
    }
    if storage and (full := _full(able, storage)) and able.keys() - full - set(avoid):
        avoid = full | set(avoid)
    stored = snapshot.homes.get(tenant.text)
    others = {owner: views for owner, views in able.items() if owner not in avoid and owner != stored}
    if stored is not None and stored in in_service:
        if stored not in able or stored in avoid:
            return _choice(snapshot, tenant, model, others)
        spent = _spent(able[stored])
        if not _covers(spent, model) or not others or not await _may_leave(tenant, stored, spent):
            return stored
    choice = _choice(snapshot, tenant, model, others)
    return None if choice is None else await _settle(tenant, choice, stored)


def exclusive(tenant: Tenant) -> list[int]:
    """The owners that are the tenant's group's alone, its home first: they are asked for names that nobody here knows.

    While there is one tenant only, these are all. Raises RosterUnavailable.
    """
    snapshot = roster.current()
    owners = _in_service(snapshot, tenant)
    if _only_tenant(snapshot) != tenant.text:
        owners = {owner: views for owner, views in owners.items() if _group_of(snapshot, owner) is not None}
    home = snapshot.homes.get(tenant.text)
    return sorted(owners, key=lambda owner: (owner != home, owner))


async def storage_is_full(owner: int, storage: str, kind: str) -> None:
    """Let an owner's cooldown for a storage end when the first resource of a kind expires there.

    Without one it ends after a day, as all cooldowns do. Raises no database error.
    """
    with suppress(DatabaseError):
        first = await soon_in_database(owner_rows.first_to_expire, owner, kind, time())
        if first is not None:
            leasing.shorten(owner, storage, first)


def storage_has_room(owner: int, storage: str) -> None:
    """Something was deleted at an owner's: the next call finds out whether that was enough."""
    leasing.shorten(owner, storage, time())


def _in_service(snapshot: Roster, tenant: Tenant, operation: str = "") -> Owners:
    """The owners that a tenant may use, each with its accounts in service that support the operation."""
    owners: dict[int, list[AccountView]] = {}
    for view in snapshot.accounts.values():
        supports = view.can(operation) if operation else view.kind == Account.Kind.GEMINI_API
        if supports and view.available and _group_of(snapshot, view.owner) in (None, tenant.group):
            owners.setdefault(view.owner, []).append(view)
    return owners


def _group_of(snapshot: Roster, owner: int) -> int | None:
    """The group that an owner's project is exclusive to."""
    project = snapshot.projects.get(owner)
    return project.exclusive_to if project is not None else None


def _only_tenant(snapshot: Roster) -> str | None:
    """The tenant, where there is one only."""
    global _sole
    if _sole[0] != snapshot.version:
        tenants = {Tenant(key.id, key.group).text for key in snapshot.keys.values() if key.enabled}
        tenants = tenants or {Tenant().text}
        _sole = (snapshot.version, tenants.pop() if len(tenants) == 1 else None)
    return _sole[1]


def _choice(snapshot: Roster, tenant: Tenant, model: str, owners: Owners) -> int | None:
    """The tenant's first choice by rendezvous hashing: of owners with quota left, of its own exclusive ones."""

    def rank(owner: int) -> tuple[bool, bool, bytes]:
        place = blake2b(f"{tenant.text}/{owner}".encode(), digest_size=8).digest()
        return not _covers(_spent(owners[owner]), model), _group_of(snapshot, owner) is not None, place

    return max(owners, key=rank, default=None)


def _full(owners: Owners, storage: str) -> set[int]:
    """Those all of whose accounts cool down for a storage."""
    cooling = {account for account, model, _ in leasing.cooldowns(time()) if model == storage}
    return {owner for owner, views in owners.items() if all(view.id in cooling for view in views)}


def _spent(views: Collection[AccountView]) -> frozenset[str]:
    """The models whose quota is used up for today on all of these accounts; "" stands for every model."""
    spent: dict[int, set[str]] = {view.id: set() for view in views}
    for account, model, cooldown in leasing.cooldowns(time()):
        if account in spent and cooldown.reason == Outcome.QUOTA_EXHAUSTED and not model.startswith(STORAGE):
            spent[account].add(model)
    partly = [models for models in spent.values() if WHOLE_ACCOUNT not in models]
    return frozenset(set.intersection(*partly) if partly else {WHOLE_ACCOUNT})


def _covers(spent: Collection[str], model: str) -> bool:
    """Whether the quota for `model` is among what is spent; where no model is named, whether any is."""
    return bool(spent) if model == WHOLE_ACCOUNT else WHOLE_ACCOUNT in spent or model in spent


async def _may_leave(tenant: Tenant, project: int, spent: Collection[str]) -> bool:
    used = None if WHOLE_ACCOUNT in spent else spent
    with suppress(DatabaseError):
        return await soon_in_database(owner_rows.may_leave, tenant, project, used, time())
    return False


async def _settle(tenant: Tenant, choice: int, instead_of: int | None) -> int:
    """Store the home; the one that counts, which another node may have stored before."""
    with suppress(DatabaseError):
        winner = await soon_in_database(owner_rows.set_home, tenant.text, choice, instead_of)
        await roster.refresh()
        if winner is not None and winner in roster.current().projects:
            return winner
    return choice
