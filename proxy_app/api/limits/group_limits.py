"""The limits that a group of API keys has on what it stores and runs upstream, looked at before a create."""

import asyncio
from contextlib import suppress
from time import monotonic

from django.db import Error as DatabaseError

from accounts_app.api_keys import groups
from accounts_app.api_keys.groups import Adds, GroupFull
from accounts_app.leasing.owners import Tenant
from accounts_app.leasing.usage import jobs
from accounts_app.pool.outcomes import Refusal
from accounts_app.roster import GroupView
from proxy_app import errors
from proxy_app.forwarding.checks import job_watch
from proxy_app.wire.operations import OPERATIONS, Cools, Operation
from proxy_app.wire.operations.rows.interactions import CREATES

# When a client may ask again: a job may have ended by then. What is stored stays until it expires or is deleted.
RETRY_SECONDS = 60.0
# Clients need not ask how their jobs are, so the gateway does before it refuses one more: so many, this long, and not
# again before so many seconds are over.
JOBS_ASKED, ASKED_SECONDS, NOT_AGAIN_SECONDS = 20, 2.0, 10.0

_LIMITS = {
    "max_stored_bytes": ("stored_bytes", "GatewayStoredBytesPerGroup", "{:,} stored bytes"),
    "max_files": ("files", "GatewayFilesPerGroup", "{:,} files"),
    "max_running_jobs": ("running_jobs", "GatewayRunningJobsPerGroup", "{:,} running jobs"),
}
_FULL = "The group of this API key has {used:,} of at most {limit} ({field}). {advice}"
_WAIT = "Wait for one to end, or cancel one."
_DELETE = "Delete some, or wait until they expire."

_asked: dict[str, float] = {}  # tenant -> when its jobs were last asked for


def reset() -> None:
    """Forget when jobs were asked for. For tests."""
    _asked.clear()


def adds(operation: Operation, size: int | None = None) -> Adds:
    """What a call of `operation` adds to what its group has; `size` is that of the bytes it brings, None if unknown."""
    if operation.cools in (Cools.FILES, Cools.STORES):
        return Adds(size or 0, files=int(operation.cools is Cools.FILES))
    return Adds(running_jobs=int(operation.starts_job))


async def check(operation: Operation, tenant: Tenant, size: int | None = None) -> None:
    """Whether the tenant's group has room for one more call of `operation`; most calls add nothing, and wait for
    nothing here. While the database is away, all have room. Raises ResourceExhausted.
    """
    if operation not in _ADDING:
        return
    added = adds(operation, size)
    group = groups.limits_of(tenant, added)
    if group is None:
        return
    try:
        with suppress(DatabaseError):
            await _room(group, tenant, added)
    except GroupFull as full:
        raise _refusal(full) from full


_ADDING = frozenset(each for each in (*OPERATIONS, *CREATES) if adds(each) != Adds())


async def _room(group: GroupView, tenant: Tenant, added: Adds) -> None:
    """Raises GroupFull where there is none, also after a look at the jobs themselves."""
    try:
        await groups.check(group, tenant, added)
    except GroupFull:
        if not added.running_jobs or not (ended := await _ended(tenant)):
            raise
        await groups.check(group, tenant, added, ended_jobs=ended)


async def _ended(tenant: Tenant) -> int:
    """How many of the tenant's jobs have ended, though their rows do not say so yet."""
    now = monotonic()
    if _asked.get(tenant.text, -NOT_AGAIN_SECONDS) + NOT_AGAIN_SECONDS > now:
        return 0
    for before in [each for each, at in _asked.items() if at + NOT_AGAIN_SECONDS <= now]:
        del _asked[before]
    _asked[tenant.text] = now
    running = await jobs.running(tenant, JOBS_ASKED)
    return sum(await asyncio.gather(*[job_watch.has_ended(job, ASKED_SECONDS) for job in running]))


def _refusal(full: GroupFull) -> errors.ResourceExhausted:
    metric, quota, words = _LIMITS[full.field]
    advice = _WAIT if full.field == "max_running_jobs" else _DELETE
    violation = {
        "quotaMetric": f"gemini-gateway/{metric}",
        "quotaId": quota,
        "quotaDimensions": {"group": full.group},
        "quotaValue": str(full.allowed),
    }
    return errors.ResourceExhausted(
        _FULL.format(used=full.used, limit=words.format(full.allowed), field=full.field, advice=advice),
        RETRY_SECONDS,
        [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}],
        Refusal.GROUP_LIMIT,
    )
