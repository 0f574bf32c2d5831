"""What a group of API keys may store and run upstream, over all nodes: read from the rows of what it has made.

A create is counted when its row is written, so creates in flight at the same time may go over a limit together.
"""

from dataclasses import dataclass

from accounts_app import roster
from accounts_app.leasing import owners
from accounts_app.leasing.owners import Stored
from accounts_app.leasing.usage import jobs
from accounts_app.pool.access.tenants import Tenant
from accounts_app.roster import GroupView

__all__ = ["Adds", "GroupFull", "Stored", "check", "limits_of"]


@dataclass(frozen=True, slots=True)
class Adds:
    """What a create adds; `size_bytes` is None where it stores no bytes, and 0 where their number is not known yet."""

    size_bytes: int | None = None
    files: int = 0
    running_jobs: int = 0


class GroupFull(Exception):
    """A create would go over a limit of its group; `field` is the limit's name, `used` what is counted now."""

    def __init__(self, group: str, field: str, allowed: int, used: int) -> None:
        super().__init__(f"{field} of {group}")
        self.group = group
        self.field = field
        self.allowed = allowed
        self.used = used


def limits_of(tenant: Tenant, adds: Adds) -> GroupView | None:
    """The tenant's group, if it limits what is added. From memory. Raises RosterUnavailable."""
    group = roster.current().groups.get(tenant.group) if tenant.group is not None else None
    return group if group is not None and _limited(group, adds) else None


async def check(group: GroupView, tenant: Tenant, adds: Adds, *, ended_jobs: int = 0) -> None:
    """Whether the group has room for what is added. `ended_jobs` have ended, though their rows do not say so yet.

    Raises GroupFull, Django's database errors.
    """
    stored = await owners.stored(tenant, jobs.RUNNING)
    used = {
        "max_stored_bytes": stored.size_bytes,
        "max_files": stored.files,
        "max_running_jobs": stored.running_jobs - ended_jobs,
    }
    for field, (allowed, more) in _limited(group, adds).items():
        if used[field] + more > allowed:
            raise GroupFull(group.name, field, allowed, used[field])


def _limited(group: GroupView, adds: Adds) -> dict[str, tuple[int, int]]:
    """The limits that what is added counts against, and how much it is at least."""
    added = {
        "max_stored_bytes": (group.max_stored_bytes, None if adds.size_bytes is None else max(1, adds.size_bytes)),
        "max_files": (group.max_files, adds.files or None),
        "max_running_jobs": (group.max_running_jobs, adds.running_jobs or None),
    }
    return {
        field: (allowed, more) for field, (allowed, more) in added.items() if allowed is not None and more is not None
    }
