"""Relays an answer to the client: upstream's events one by one, and at the end everything is given back, once.

A `Relay` holds the account's slot, the upstream connection and the log entry. Reading it to its end, a failure in it
and closing it all lead to the same `aclose`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from time import monotonic

from accounts_app.leasing import AccountView, Lease, continuations
from accounts_app.pool.access.tenants import Tenant
from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app import errors
from proxy_app.forwarding.exchange import Interrupted
from proxy_app.forwarding.frames import Frames
from proxy_app.ledger.entries import LogEntry
from proxy_app.wire.dialects import NotAnAnswer, ReportedError
from proxy_app.wire.faults import faults
from proxy_app.wire.faults.error_bodies import error_body
from proxy_app.wire.framing.continuation import MARK, tokens_in
from proxy_app.wire.usage import Usage

# How long to wait for each further batch, or for the end of the body, after the last finish reason.
AFTER_FINISH_SECONDS = 2.0

_CUT = "The upstream interrupted its response."
_UNFINISHED = "The upstream ended its answer without finishing it."
_UNREADABLE = "The upstream sent something that is not an answer."


class Relay:
    """One committed answer. Iterate it for batches of events, or close it; both may be done more than once."""

    def __init__(
        self,
        first: list[bytes],
        frames: Frames,
        lease: Lease,
        entry: LogEntry,
        held: AsyncExitStack,
        status: int,
        headers: Mapping[str, str],
        tenant: Tenant | None = None,
    ) -> None:
        self.status = status
        self.headers = headers  # upstream's, which are meant for the client
        self._first = first
        self._frames = frames
        self._lease = lease
        self._entry = entry
        self._held = held
        self._tenant = tenant  # who may continue the answer; None where nobody reads it
        self._fault: Fault | None = None
        self._listener: Callable[[list[bytes]], None] | None = None

    def __repr__(self) -> str:
        state = self._fault.outcome if self._fault else "open"
        return f"<Relay {state} {self._entry.events} events>"

    @property
    def account(self) -> AccountView:
        """The account that answers."""
        return self._lease.account

    def __aiter__(self) -> AsyncIterator[list[bytes]]:
        return self

    async def __anext__(self) -> list[bytes]:
        """The events that arrived together. Raises BrokenStream when the answer ends without being finished."""
        frames = self._frames
        if self._first:
            batch, self._first = self._first, []
        elif frames.ended or self._fault is not None:
            batch = []
        elif frames.reader.settled:
            batch = await self._after_the_finish()
        else:
            try:
                batch = await frames.batch()
            except (Interrupted, NotAnAnswer, ReportedError) as error:
                raise await self._broken_by(error) from error
            if not batch and not frames.reader.complete:
                raise await self._broken(_UNFINISHED, error_body(503, _UNFINISHED))
        if not batch:
            await self.aclose()
            raise StopAsyncIteration
        self._entry.events += len(batch)
        if self._tenant is not None:
            for event in batch:
                if MARK in event:
                    await continuations.keep(tokens_in(event), self._lease.account.id, self._tenant)
        if self._listener:
            self._listener(batch)
        return batch

    @property
    def usage(self) -> Usage:
        """What upstream has counted so far."""
        return self._frames.reader.usage

    def has_made(self, name: str) -> None:
        """The answer, which is still open, has made this resource: the request log shows it."""
        self._entry.resource = name

    def keep(self, more: ExitStack, listener: Callable[[list[bytes]], None] | None = None) -> None:
        """Give `more` back as well, before all else. `listener` is called with every batch of events."""
        self._held.push(more)
        self._listener = listener

    async def aclose(self) -> None:
        """Give everything back: upstream connection, log entry, account. Only the first call does anything."""
        with self._lease:
            async with self._held:
                if self._fault is None:
                    self._settle(self._fault_so_far())

    async def _after_the_finish(self) -> list[bytes]:
        """What comes after the finish, usually counts. The answer is complete, so failures are ignored, except an error
        that upstream reports.
        """
        try:
            async with asyncio.timeout(AFTER_FINISH_SECONDS):
                return await self._frames.batch()
        except (Interrupted, NotAnAnswer, TimeoutError):
            return []
        except ReportedError as error:
            raise await self._broken_by(error) from error

    async def _broken_by(self, error: Exception) -> errors.BrokenStream:
        match error:
            case ReportedError():
                return await self._broken(faults.classify(200, error.error).message, error.error)
            case NotAnAnswer():
                return await self._broken(str(error), error_body(502, _UNREADABLE, status="UNKNOWN"))
        return await self._broken(str(error), error_body(503, _CUT))

    async def _broken(self, message: str, event: bytes) -> errors.BrokenStream:
        self._settle(Fault(Outcome.INTERRUPTED, status=200, message=message))
        await self.aclose()
        return errors.BrokenStream(event)

    def _fault_so_far(self) -> Fault:
        """The fault if the answer is closed now; a client that hangs up after the finish has had the whole answer."""
        reader = self._frames.reader
        if reader.reported:
            return Fault(Outcome.INTERRUPTED, status=200, message=faults.classify(200, reader.reported).message)
        return Fault(Outcome.SUCCEEDED if reader.complete else Outcome.ABANDONED, status=200)

    def _settle(self, fault: Fault) -> None:
        self._fault = self._entry.fault = fault
        self._entry.usage = self._frames.reader.usage
        self._entry.overhead += self._frames.busy
        self._lease.settle(fault, at=monotonic())
