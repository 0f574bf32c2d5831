"""Forwards one call: exchanges with upstreams, until one answers.

One iteration of the loop in `forward` is one exchange. `wire.faults` says what happened, `pool.outcomes` whose fault it
was, and `pool.blame` which account is next; `attempts` carries that out.
"""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from time import time

from accounts_app.credentials import tokens
from proxy_app.forwarding import exchange as upstream
from proxy_app.forwarding.attempts import Forwarding, Preparation, Step, connected
from proxy_app.forwarding.failures import FAILURES
from proxy_app.forwarding.frames import Frames
from proxy_app.forwarding.passing import Passing
from proxy_app.forwarding.relay import Relay
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import Gives


async def forward(
    call: Call,
    attempt_log: AttemptLog,
    *,
    owner: int | None = None,
    only: int | None = None,
    why: str = "",
    files: Preparation | None = None,
) -> Relay:
    """Find an account that answers `call`; the returned relay has the first event already.

    1. Step: an account, and the path to its upstream.
    2. Attempt it, up to the first event.
    3. The first event is the commit point: the relay takes over everything that is held.
    4. A failure before that is invisible to the client: it decides what the next step is.

    `attempt_log` gets an entry for every attempt. Only accounts of the project `owner` are asked; where it is None,
    those of all projects. `only` is the one account to ask, `why` the reason for that in the log. `files` prepares the
    call for each account that it goes to.

    Raises GatewayError: upstream's own answer to an invalid request, or the reason why no account could answer.
    """
    with Forwarding(call, attempt_log, owner, only, why, files) as forwarding:
        while True:
            step = await forwarding.step()
            if relay := await attempt(forwarding.call, step):
                return relay


async def attempt(call: Call, step: Step) -> Relay | None:
    """One exchange: token, request, first event. None where it failed, after `step` has taken in the failure."""
    account = step.lease.account
    async with AsyncExitStack() as held:
        entry = held.enter_context(step.entry())
        try:
            async with asyncio.timeout(step.timeout) as limit:
                if isinstance(call.content, Passing):
                    call.content.renews(limit, step.forwarding.limit.seconds)
                access = await tokens.access(account, time())
                call = await step.prepared(call)
                exchange = await held.enter_async_context(
                    await upstream.exchange(
                        step.request(call, access, entry),
                        account.proxy_url,
                        fresh=step.lease.assignment.fresh,
                        connect_timeout=step.connect_timeout,
                        silence=step.idle_timeout,
                        connected=partial(connected, step.lease.assignment, entry),
                    )
                )
                step.heard()
                frames = Frames(exchange, step.dialect.reader(call), step.secrets)
                first = await frames.first()
        except FAILURES as error:
            entry.fault = step.failed(error)
            return None
        entry.first_event()
        step.answered()
        tenant = None if call.operation.gives is Gives.BYTES else call.tenant
        return Relay(first, frames, step.lease, entry, held.pop_all(), exchange.status, exchange.answer_headers, tenant)
