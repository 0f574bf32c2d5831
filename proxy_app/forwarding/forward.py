"""The road of one call: exchanges, until one answers.

One turn of the loop in `forward` is one exchange with an upstream. What happened is read by `wire.faults`, whose fault
it was by `pool.outcomes`, and where to go next by `pool.attempts`; `journey` carries that out.
"""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from time import time

from accounts_app.credentials import tokens
from accounts_app.roster import timeouts
from proxy_app.forwarding import exchange as upstream
from proxy_app.forwarding.attempts import Journey, Step
from proxy_app.forwarding.failures import FAILURES, EmptyAnswer, ErrorAnswer
from proxy_app.forwarding.relay import Events, Relay
from proxy_app.ledger import entries
from proxy_app.ledger.attempt_log import Trail
from proxy_app.wire.calls import Call, Method
from proxy_app.wire.faults import faults
from proxy_app.wire.usage import candidates_wanted, peek


async def forward(call: Call, trail: Trail, *, only: int | None = None, why: str = "") -> Relay:
    """Find someone who answers `call`; the relay that comes back has its first event in hand.

    1. Step: an account, and the path to ask it by.
    2. Attempt it, up to the first event.
    3. The first event in hand is the commit point: the relay takes everything borrowed along.
    4. A failure before that is invisible to the client: the journey learns from it where to step next.

    `trail` takes every attempt down, for whoever may ask. `only` names the one account to ask, `why` says for what.

    Raises GatewayError: upstream's own answer to a request that is wrong, or what to tell when nobody could answer.
    """
    with Journey(call, trail, only, why) as journey:
        while True:
            step = await journey.step()
            if relay := await attempt(journey.call, step):
                return relay


async def attempt(call: Call, step: Step) -> Relay | None:
    """One exchange: token, request, first event. One that failed is told to its journey, and None is returned."""
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
                        fresh=step.lease.turn.fresh,
                        connect_timeout=step.connect_timeout,
                        silence=step.timeout,
                        connected=partial(step.connected, entry),
                    )
                )
                step.heard()
                first, events = await _first_answer(call, step, exchange, entry)
        except FAILURES as error:
            entry.fault = step.failed(error)
            return None
        entry.first_event()
        step.answered()
        return Relay(first, events, step.lease, entry, held.pop_all(), exchange.client_headers)


async def _first_answer(
    call: Call, step: Step, exchange: upstream.Exchange, entry: entries.Entry
) -> tuple[list[bytes], Events | None]:
    """The first events of a stream with the reader of the rest, or the whole of a plain answer and what it used.

    Raises ErrorAnswer, EmptyAnswer, NotAnAnswer, upstream.Interrupted.
    """
    if exchange.status != 200:
        told = exchange.client_headers
        raise ErrorAnswer(exchange.status, await exchange.read(), exchange.content_type, exchange.retry_after, told)
    if call.method is Method.STREAM:
        events = Events(exchange, step.dialect, candidates_wanted(call.body))
        if first := await events.batch():
            exchange.limit_silence(timeouts.idle_timeout())
            return first, events
        raise EmptyAnswer
    exchange.limit_silence(timeouts.idle_timeout())
    if not (body := await exchange.read()):
        raise EmptyAnswer
    if error := faults.error_in(body):
        raise ErrorAnswer(200, error)
    if call.method is Method.COUNT:
        return [step.dialect.unwrap_count(body)], None
    response = step.dialect.unwrap(body)
    await upstream.turn_of_others(len(response))
    seen = peek(response)
    if not seen.candidates and not seen.blocked:
        raise EmptyAnswer
    entry.usage = seen.usage or entry.usage
    return [response], None
