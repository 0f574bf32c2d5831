"""Interactions whose use is counted later: those that go on in the background, and those whose stream was left.

Who first sees the end of one counts it, on the API key that began it: its client, or the node that asks for all, after
1, 2 and 5 minutes and then every 10. As often it asks each trigger for what it has begun by itself: interactions of the
API key that made the trigger, counted as all others.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from time import time

from django.db import Error as DatabaseError
from msgspec.structs import astuple

from accounts_app.leasing import owners
from accounts_app.leasing.owner_news import Begun, MadeRow
from accounts_app.leasing.owner_rows import ACTIVE, TRIGGERS
from accounts_app.leasing.owners import Found, Tenant
from accounts_app.leasing.usage import jobs
from accounts_app.leasing.usage.jobs import Job
from accounts_app.pool.backoff import JOBS, step
from accounts_app.storage import claims
from accounts_app.storage.worker import in_database
from proxy_app import errors
from proxy_app.forwarding.placement import on_behalf
from proxy_app.ledger import late_use
from proxy_app.wire.calls import Call
from proxy_app.wire.interactions import events
from proxy_app.wire.names.resource_names import INTERACTIONS, Name
from proxy_app.wire.operations import Family
from proxy_app.wire.operations.columns import Made
from proxy_app.wire.operations.made_names import told_in
from proxy_app.wire.operations.rows.interactions import RUNS
from proxy_app.wire.operations.shown import shown_in
from proxy_app.wire.usage import Usage

# One node asks, for so long.
CLAIM, LASTS = "jobs", timedelta(seconds=8)
# Jobs that it asks about at once, and one round.
AT_ONCE, MOST = 4, 100
# After a stream has begun: its node will have counted it by then, unless it has died.
STREAMED_SECONDS = 3600.0
# Upstream has lost a job, or will never say how it ended, after so many looks: two days.
MOST_LOOKS = 290


def begun(call: Call, made: Name, answer: bytes) -> Begun | None:
    """The job that an answer to `call` has begun: a trigger, or an interaction that is not over; None for all else."""
    if made.collection == TRIGGERS:
        return Begun(call.request_id, time() + JOBS[0])
    operation = call.operation
    if not operation.makes or operation.family is not Family.INTERACTIONS or not events.goes_on(answer):
        return None
    return Begun(call.request_id, time() + (STREAMED_SECONDS if call.form is not None else JOBS[0]))


def found(request_id: str, told: Name) -> Begun | None:
    """The job that a client was told of: an interaction that a trigger has begun, and that may be over."""
    return Begun(request_id, time()) if told.collection == INTERACTIONS else None


def left(name: str, account: int, counted: Usage) -> None:
    """The stream of an interaction has ended before the interaction has, with so much counted. Never waits."""
    jobs.left(name, account, time() + JOBS[0], astuple(counted))


async def seen(found: Found, answer: bytes) -> None:
    """A client has been shown a job: if it is over, count it, unless its own stream does that, which is still read.

    What the database does not tell now is counted later.
    """
    if found.has_job and found.kind != TRIGGERS and (use := events.use_in(answer)) is not None:
        with suppress(DatabaseError):
            if job := await jobs.take(found, time() + JOBS[-1]):
                _count(job, use)


async def look_at_due(now: float) -> None:
    """Ask upstream about the jobs that are due at `now` (seconds, epoch), if no other node does; for a loop of seconds.

    Raises Django's database errors, RosterUnavailable.
    """
    if not await in_database(claims.claim, CLAIM, LASTS):
        return
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: Job) -> None:
        async with gate:
            await _look_at(job, now)

    results = await asyncio.gather(*map(one, await jobs.due(now, MOST)), return_exceptions=True)
    if failed := next((each for each in results if each is not None), None):
        raise failed


async def has_ended(job: Found, within: float) -> bool:
    """Whether a job of a client's has ended, as upstream says within so many seconds."""
    try:
        async with asyncio.timeout(within):
            answer = await on_behalf.ask("GET", job.name, job.project_owner)
    except errors.UpstreamError as error:
        if error.code not in (403, 404):
            return False
        owners.not_there(job)
        return True
    except (errors.GatewayError, errors.BrokenStream, on_behalf.NoSuchMethod, TimeoutError):
        return False
    new = shown_in(answer)
    owners.seen(job, state=new.state, expires_at=new.expires_at, last_json=new.json)
    await seen(job, answer)
    return new.state not in ("", ACTIVE) if job.kind == TRIGGERS else new.state not in ("", *jobs.RUNNING)


async def _look_at(job: Job, now: float) -> None:
    if job.name.startswith(f"{TRIGGERS}/"):
        return await _look_at_trigger(job, now)
    use = None
    with suppress(errors.GatewayError, errors.BrokenStream, on_behalf.NoSuchMethod):
        answer = await on_behalf.ask("GET", job.name, job.owner)
        jobs.seen(job, shown_in(answer).state)
        use = events.use_in(answer)
    if use is None and job.looks < MOST_LOOKS:
        await jobs.look_again(job, now + step(JOBS, job.looks + 2))
    elif await jobs.taken(job) and use is not None:
        _count(job, use)


async def _look_at_trigger(job: Job, now: float) -> None:
    """Write down how a trigger is, and what it has begun since: jobs that are due at once."""
    try:
        jobs.seen(job, shown_in(await on_behalf.ask("GET", job.name, job.owner)).state)
        runs = await on_behalf.answer("GET", job.name, job.owner, verb="executions", query=f"page_size={MOST}")
        told = told_in(RUNS, runs.body)
        await owners.discovered([_run(job, runs.account, name, row, now) for name, row in told])
    except (errors.GatewayError, errors.BrokenStream, on_behalf.NoSuchMethod) as error:
        if isinstance(error, errors.UpstreamError) and error.code == 404:
            jobs.missed(job)
    await jobs.look_again(job, now + JOBS[-1], counts=False)


def _run(job: Job, account: int, name: Name, row: Made, now: float) -> MadeRow:
    """What a trigger has begun, or where: its owner's."""
    return MadeRow(
        str(name),
        name.kind,
        account,
        Tenant(job.key, job.group),
        now,
        job.model,
        expires_at=None if row.lives is None else now + row.lives,
        begun=found(job.request_id, name),
    )


def _count(job: Job, use: Usage) -> None:
    """Count what has not been counted of it."""
    counted = astuple(Usage(*job.counted))
    uncounted = Usage(*[max(0, used - before) for used, before in zip(astuple(use), counted, strict=True)])
    late_use.count(job.request_id, job.key, job.account, job.model, uncounted)
