"""The road of one call: attempts, until one answers.

One turn of the loop in `forward` is one attempt, and one attempt is one exchange with an upstream. What happened is
read by `wire.faults`, whose fault it was by `pool.outcomes`, and where to go next by `journey` from that verdict.
"""

import asyncio
from contextlib import AsyncExitStack
from time import time

from accounts_app import credentials, patience
from proxy_app import upstream, usage_log
from proxy_app.explanation import Trail
from proxy_app.failures import FAILURES, ErrorAnswer, Failed, failed
from proxy_app.journey import Journey, Step
from proxy_app.relay import Events, Relay
from proxy_app.wire import faults
from proxy_app.wire.calls import Call, Method
from proxy_app.wire.dialects import NotAnAnswer
from proxy_app.wire.usage import peek


async def forward(call: Call, trail: Trail) -> Relay:
    """Find someone who answers `call`; the relay that comes back has its first event in hand.

    1. Step: an account not tried before, or the same one at its next endpoint.
    2. Attempt it, up to the first event.
    3. The first event in hand is the commit point: the relay takes everything borrowed along.
    4. A failure before that is invisible to the client: learn from it where to step next.

    `trail` takes every attempt down, for whoever may ask.

    Raises GatewayError: upstream's own answer to a request that is wrong, or what to tell when nobody could answer.
    """
    with Journey(call, trail) as journey:
        while True:
            step = await journey.step()
            try:
                return await attempt(call, step)
            except Failed as failure:
                await journey.learn(failure)


async def attempt(call: Call, step: Step) -> Relay:
    """One exchange: token, request, first event. Raises Failed, with everything but the account given back."""
    async with AsyncExitStack() as held:
        entry = held.enter_context(step.entry())
        try:
            async with asyncio.timeout(patience.first_event_timeout()):
                access = await credentials.access(step.lease.account, time())
                exchange = await held.enter_async_context(
                    await upstream.exchange(step.request(access, entry), step.lease.account.proxy_url)
                )
                first, events = await _first_answer(call, step, exchange, entry)
        except FAILURES as error:
            failure = step.judged(failed(error))
            entry.fault = failure.fault
            raise failure from error
        entry.first_event()
        step.lease.answered(time())
        return Relay(first, events, step.lease, entry, held.pop_all())


async def _first_answer(
    call: Call, step: Step, exchange: upstream.Exchange, entry: usage_log.Entry
) -> tuple[list[bytes], Events | None]:
    """The first events of a stream with the reader of the rest, or the whole of a plain answer and what it used.

    Raises ErrorAnswer, NotAnAnswer, upstream.Interrupted.
    """
    if exchange.status != 200:
        raise ErrorAnswer(exchange.status, await exchange.read(), exchange.content_type)
    if call.method is Method.STREAM:
        events = Events(exchange, step.dialect)
        if first := await events.batch():
            return first, events
        raise NotAnAnswer("an empty 200")
    body = await exchange.read()
    if error := faults.error_in(body):
        raise ErrorAnswer(200, error)
    if call.method is Method.COUNT:
        return [step.dialect.unwrap_count(body)], None
    response = step.dialect.unwrap(body)
    await upstream.turn_of_others(len(response))
    seen = peek(response)
    if not seen.candidates and not seen.blocked:
        raise NotAnAnswer("an empty 200")
    entry.usage = seen.usage or entry.usage
    return [response], None
