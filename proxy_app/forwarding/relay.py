"""The answer on its way to the client: upstream's events one by one, and everything given back at the end, once.

Whoever holds a `Relay` holds the account's slot, the upstream connection and the ledger entry. Reading it to its end,
failing in it and closing it all lead to the same `aclose`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from time import monotonic

from accounts_app.leasing import Lease
from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app import errors
from proxy_app.forwarding.exchange import Exchange, Interrupted
from proxy_app.ledger.entries import Entry
from proxy_app.wire.dialects import Dialect, NotAnAnswer
from proxy_app.wire.faults import faults
from proxy_app.wire.framing import sse
from proxy_app.wire.usage import StreamState, peek

# How long upstream may be silent between its finish and the end of its answer.
AFTER_FINISH_SECONDS = 2.0

_CUT = "The upstream broke off its answer."
_UNFINISHED = "The upstream ended its answer without finishing it."
_UNREADABLE = "The upstream sent something that is not an answer."


class ErrorEvent(Exception):
    """Upstream reported an error inside a 200 stream; `error` is its JSON object."""

    def __init__(self, error: bytes) -> None:
        super().__init__("error event")
        self.error = error


class Events:
    """Upstream's events, unwrapped, in the batches they arrived in."""

    def __init__(self, exchange: Exchange, dialect: Dialect, candidates: int) -> None:
        self.state = StreamState(candidates)
        self.busy = 0.0  # seconds spent on reading what had arrived
        self._exchange = exchange
        self._decoder = sse.Decoder()
        self._dialect = dialect
        self._failure: ErrorEvent | NotAnAnswer | None = None

    async def batch(self) -> list[bytes]:
        """The events of the next chunk that brings any; empty at the end of the body.

        Raises Interrupted, ErrorEvent, NotAnAnswer, each once the events before it have been handed out.
        """
        if self._failure is not None:
            failure, self._failure = self._failure, None
            try:
                raise failure
            finally:
                del failure  # its frames, of which this is one, must not hold it
        while chunk := await self._exchange.chunk():
            began = monotonic()
            payloads = self._decoder.feed(chunk)
            batch = self._read_all(payloads)
            self.busy += monotonic() - began
            if batch:
                return batch
        return self._read_all(self._decoder.end())

    def _read_all(self, payloads: list[bytes]) -> list[bytes]:
        responses: list[bytes] = []
        for payload in payloads:
            try:
                responses.append(self._read(payload))
            except (ErrorEvent, NotAnAnswer) as error:
                if not responses:
                    raise
                self._failure = error.with_traceback(None)
                break
        return responses

    def _read(self, event: bytes) -> bytes:
        if event == sse.DONE:
            return event
        if error := faults.error_in(event):
            raise ErrorEvent(error)
        response = self._dialect.unwrap(event)
        self.state.add(peek(response))
        return response


class Relay:
    """One committed answer. Iterate it for batches of events, or close it; both may be done more than once."""

    def __init__(
        self,
        first: list[bytes],
        events: Events | None,
        lease: Lease,
        entry: Entry,
        held: AsyncExitStack,
        headers: Mapping[str, str],
    ) -> None:
        self.headers = headers  # upstream's, which speak to the client
        self._first = first
        self._events = events  # None when the first batch is the whole answer
        self._lease = lease
        self._entry = entry
        self._held = held
        self._fault: Fault | None = None
        self._listener: Callable[[list[bytes]], None] | None = None

    def __repr__(self) -> str:
        state = self._fault.outcome if self._fault else "open"
        return f"<Relay {state} {self._entry.events} events>"

    def __aiter__(self) -> AsyncIterator[list[bytes]]:
        return self

    async def __anext__(self) -> list[bytes]:
        """The events that arrived together. Raises BrokenStream when the answer ends other than by its own finish."""
        batch = await self._next()
        if not batch:
            await self.aclose()
            raise StopAsyncIteration
        self._entry.events += len(batch)
        if self._listener:
            self._listener(batch)
        return batch

    def keep(self, more: ExitStack, listener: Callable[[list[bytes]], None] | None = None) -> None:
        """Take `more` along: it is given back with the rest, before it. `listener` is told every batch of events."""
        self._held.push(more)
        self._listener = listener

    async def aclose(self) -> None:
        """Give everything back: upstream connection, ledger entry, account. Only the first call does anything."""
        with self._lease:
            async with self._held:
                if self._fault is None:
                    self._settle(Fault(self._outcome_so_far(), status=200))

    async def _next(self) -> list[bytes]:
        if self._first:
            batch, self._first = self._first, []
            return batch
        if self._events is None or self._fault is not None:
            return []
        if self._events.state.settled:
            return await self._rest(self._events)
        try:
            batch = await self._events.batch()
        except Interrupted as error:
            raise await self._broken(str(error), errors.error_object(503, _CUT)) from error
        except NotAnAnswer as error:
            raise await self._broken(str(error), errors.error_object(502, _UNREADABLE, status="UNKNOWN")) from error
        except ErrorEvent as error:
            raise await self._taken_back(error) from error
        if not batch and not self._events.state.complete:
            raise await self._broken(_UNFINISHED, errors.error_object(503, _UNFINISHED))
        return batch

    async def _rest(self, events: Events) -> list[bytes]:
        """What comes after the finish: counts, as a rule. The answer is whole, so that nothing can break it any more,
        except that upstream itself takes it back.
        """
        try:
            async with asyncio.timeout(AFTER_FINISH_SECONDS):
                return await events.batch()
        except (Interrupted, NotAnAnswer, TimeoutError):
            return []
        except ErrorEvent as error:
            raise await self._taken_back(error) from error

    async def _taken_back(self, error: ErrorEvent) -> errors.BrokenStream:
        return await self._broken(faults.classify(200, error.error).message, error.error)

    async def _broken(self, message: str, event: bytes) -> errors.BrokenStream:
        self._settle(Fault(Outcome.INTERRUPTED, status=200, message=message))
        await self.aclose()
        return errors.BrokenStream(event)

    def _outcome_so_far(self) -> Outcome:
        """A client that hangs up on the last event, before upstream's own end, has had the whole answer."""
        if self._events is None or self._events.state.complete:
            return Outcome.SUCCEEDED
        return Outcome.ABANDONED

    def _settle(self, fault: Fault) -> None:
        self._fault = self._entry.fault = fault
        if self._events is not None:
            self._entry.usage = self._events.state.usage
            self._entry.overhead += self._events.busy
        self._lease.settle(fault, at=monotonic())
