"""The road of one call: exchanges, until one answers.

One turn of the loop in `forward` is one exchange with an upstream. What happened is read by `wire.faults`, whose fault
it was by `pool.outcomes`, and where to go next by `pool.blame`; `attempts` carries that out.
"""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from time import time

from accounts_app.credentials import tokens
from proxy_app.forwarding import exchange as upstream
from proxy_app.forwarding.attempts import Forwarding, Step, connected
from proxy_app.forwarding.failures import FAILURES
from proxy_app.forwarding.frames import Frames
from proxy_app.forwarding.relay import Relay
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call


async def forward(call: Call, attempt_log: AttemptLog, *, only: int | None = None, why: str = "") -> Relay:
    """Find someone who answers `call`; the relay that comes back has its first event in hand.

    1. Step: an account, and the path to ask it by.
    2. Attempt it, up to the first event.
    3. The first event in hand is the commit point: the relay takes everything borrowed along.
    4. A failure before that is invisible to the client: it decides what the next step is.

    `attempt_log` gets an entry for every attempt. `only` names the one account to ask, `why` says for what.

    Raises GatewayError: upstream's own answer to a request that is wrong, or what to tell when nobody could answer.
    """
    with Forwarding(call, attempt_log, only, why) as forwarding:
        while True:
            step = await forwarding.step()
            if relay := await attempt(forwarding.call, step):
                return relay


async def attempt(call: Call, step: Step) -> Relay | None:
    """One exchange: token, request, first event. None where it failed, which `step` has been given then."""
    account = step.lease.account
    async with AsyncExitStack() as held:
        entry = held.enter_context(step.entry())
        try:
            async with asyncio.timeout(step.timeout):
                access = await tokens.access(account, time())
                exchange = await held.enter_async_context(
                    await upstream.exchange(
                        step.request(access, entry),
                        account.proxy_url,
                        fresh=step.lease.placement.fresh,
                        connect_timeout=step.connect_timeout,
                        silence=step.timeout,
                        connected=partial(connected, step.lease.placement, entry),
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
        return Relay(first, frames, step.lease, entry, held.pop_all(), exchange.client_headers)
