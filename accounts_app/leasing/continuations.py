"""Continuation tokens bind like names: a call with one goes to the project whose answer had it.

Each is written down before the client has it, by its hash, for a day.
"""

from collections.abc import Iterable
from hashlib import sha256
from time import time

from accounts_app import leasing
from accounts_app.leasing import owners
from accounts_app.leasing.owner_rows import CONTINUATIONS
from accounts_app.pool.access.tenants import Tenant

LIVES = 24 * 3600.0


async def keep(tokens: Iterable[str], account: int, tenant: Tenant) -> None:
    """Write down tokens in an answer of `account`. Waits for a second each at most. Raises no database error."""
    for token in tokens:
        await owners.made(_name(token), account, tenant, expires_at=time() + LIVES)


async def owner_of(tokens: Iterable[str], tenant: Tenant) -> int | None:
    """The owner that one of `tokens` is of; None for those that are not the tenant's.

    Raises Django's database errors, RosterUnavailable.
    """
    for token in tokens:
        found = await owners.find(_name(token), tenant)
        if found is not None and leasing.has_accounts(found.project_owner):
            return found.project_owner
    return None


def _name(token: str) -> str:
    return f"{CONTINUATIONS}/{sha256(token.encode(errors='replace')).hexdigest()}"
