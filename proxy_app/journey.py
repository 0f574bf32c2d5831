"""Where a call goes next: the accounts and endpoints it has tried, and what it may still try.

Only bookkeeping and the reading of verdicts; the attempts themselves are made in `gateway`.
"""

import asyncio
from dataclasses import dataclass, replace
from time import monotonic, time
from types import TracebackType
from typing import Self

from accounts_app import credentials, leasing, patience
from accounts_app.leasing import CallFaults, Lease, NothingAvailable
from accounts_app.pool.outcomes import Fault, Outcome, Retry, verdict_of
from proxy_app import errors
from proxy_app.explanation import Trail
from proxy_app.failures import Failed
from proxy_app.usage_log import Entry
from proxy_app.wire.calls import Call, Method
from proxy_app.wire.dialects import DIALECTS, Dialect, UpstreamRequest
from proxy_app.wire.pins import with_pins

# Rests that end by upstream's own word: worth waiting for.
_RECOVERS_BY_ITSELF = (Outcome.RATE_LIMITED, Outcome.QUOTA_EXHAUSTED)

_CONNECT_SOMEBODY = (
    "No account is connected to this gateway. Add one in its admin under Accounts, "
    "or with `python manage.py add_account`."
)
_SOMEBODY_LOOK = (
    "Every account of this gateway that could serve {model} is parked and waits for its owner. "
    "The admin says under Accounts what each one needs."
)
_NOBODY_SERVES = "No account of this gateway may serve {model}."
_ALL_REST = "Every account of this gateway that could serve {model} is resting. Please retry in {delay:.0f}s."

# Seconds by which the same rest, read back from the database, may end later: its columns hold microseconds.
_ROUNDING = 0.001


class Turn:
    """One account's turn in a call: its lease, the endpoints still to ask, and the second chances it has had."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.bases = list(lease.account.bases)
        self.token = ""
        self._refreshed = False
        self._waited = False

    async def stay(self, fault: Fault, patience: float) -> bool:
        """Whether this account can be asked again, after what `fault` takes: a wait, a new token, the next endpoint."""
        match verdict_of(fault).retry:
            case Retry.SAME_ACCOUNT if not self._waited:
                self._waited = True
                return await self._sat_out(fault, patience)
            case Retry.REFRESH if not self._refreshed:
                self._refreshed = True
                credentials.expire(self.lease.account.id, self.token)
            # Without a token no endpoint was asked, and none can be.
            case Retry.NEXT_ENDPOINT if self.token and len(self.bases) > 1:
                del self.bases[0]
            case _:
                return False
        self.lease.again(time())
        return True

    async def _sat_out(self, fault: Fault, patience: float) -> bool:
        """
        1. Settle the fault at once: while the account rests, other calls leave it alone.
        2. Wait for the end of the rest, unless that takes longer than `patience` seconds.
        3. Ask again, unless another call has heard worse of the account meanwhile.
        """
        self.lease.settle(fault, time())
        until = self.lease.rests_until
        if until - time() > patience:
            return False
        await asyncio.sleep(until - time())
        if self.lease.rests_until > until + _ROUNDING:
            return False
        # The two clocks may differ by a hair, and an attempt begun before the end proves nothing about the rest.
        self.lease.again(max(self.lease.rests_until, time()))
        return True

    def end(self, fault: Fault) -> Retry:
        """Settle `fault` with the account and give it back."""
        if fault.outcome is Outcome.UNAUTHENTICATED:
            if self._refreshed:
                # A new token did not help, so it is not the token.
                fault = replace(fault, parked="sign_in")
            credentials.expire(self.lease.account.id, self.token)
        with self.lease:
            return self.lease.settle(fault, time()).retry


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt to be made: who is asked, where, and the how-manieth this is."""

    call: Call
    turn: Turn
    number: int
    model: str
    waited: float
    faults: CallFaults
    trail: Trail

    @property
    def lease(self) -> Lease:
        return self.turn.lease

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.lease.account.kind]

    def judged(self, failure: Failed) -> Failed:
        """`failure` in the light of what the call has met before it."""
        failure.fault = self.faults.judged(self.lease.account.id, failure.fault)
        return failure

    def request(self, access: credentials.Access, entry: Entry) -> UpstreamRequest:
        """The request to send; from here on `entry` counts as sent."""
        began = monotonic()
        # Should upstream refuse it, this very token is void, and not one renewed meanwhile.
        self.turn.token = access.token
        request = self.dialect.build(
            self.call,
            model=self.model,
            project=access.project,
            token=access.token,
            base=self.turn.bases[0],
            instruction_prefix=leasing.instruction_prefix(),
        )
        entry.endpoint = self.turn.bases[0]
        entry.overhead += monotonic() - began
        return request

    def entry(self) -> Entry:
        """The ledger entry of this attempt, added to the call's trail."""
        account = self.lease.account
        before = monotonic() - self.call.arrived - self.waited if self.number == 1 and self.call.arrived else 0.0
        entry = Entry(
            call=self.call,
            attempt=self.number,
            account_id=account.id,
            account_label=account.email,
            dialect=account.kind,
            upstream_model=self.model,
            why=self.lease.why,
            waited=self.waited,
            overhead=before,
        )
        self.trail.entries.append(entry)
        return entry


class Journey:
    """What one call has tried. Leaving it by an exception gives back the account it still holds; otherwise a relay has
    taken that along.
    """

    def __init__(self, call: Call, trail: Trail) -> None:
        self._call = _with_pins(call)
        self._trail = trail
        self._model = leasing.routed(call.model)
        self._began = monotonic()
        self._tried: dict[int, Fault] = {}
        self._faults = CallFaults()
        self._attempts = 0
        self._waited = 0.0
        self._turn: Turn | None = None
        self._last: Failed | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._turn is not None and error is not None:
            self._turn.lease.give_back()

    async def step(self) -> Step:
        """The next attempt to make. Raises GatewayError when there is none."""
        if self._turn is None:
            self._turn = await self._borrow()
        self._attempts += 1
        return Step(self._call, self._turn, self._attempts, self._model, self._waited, self._faults, self._trail)

    async def learn(self, failure: Failed) -> None:
        """Stay with the account where the verdict allows it, or leave it; raises what the client has to hear."""
        assert self._turn is not None
        self._last = failure
        attempts_left = self._attempts < patience.max_attempts()
        if attempts_left and await self._turn.stay(failure.fault, self._patience()):
            return
        turn, self._turn = self._turn, None
        self._tried[turn.lease.account.id] = failure.fault
        if turn.end(failure.fault) is Retry.NO or not attempts_left:
            raise failure.answer

    async def _borrow(self) -> Turn:
        while True:
            try:
                return Turn(
                    leasing.lease(
                        self._model,
                        self._call.affinity,
                        tried=self._tried.keys(),
                        now=time(),
                        call=self._faults,
                    )
                )
            except NothingAvailable as nothing:
                await self._wait_for_recovery(nothing)

    async def _wait_for_recovery(self, nothing: NothingAvailable) -> None:
        """Wait for the soonest recovery if that is soon enough; raises what to tell the client otherwise."""
        delay = None if nothing.soonest is None else max(0.0, nothing.soonest - time())
        if delay is None or delay > self._patience() or not self._recovers():
            raise self._nobody(nothing, delay)
        await asyncio.sleep(delay)
        self._waited += delay
        self._tried.clear()

    def _recovers(self) -> bool:
        """Whether everybody tried so far was only told to come back later: after the wait they may be asked again."""
        return all(fault.outcome in _RECOVERS_BY_ITSELF for fault in self._tried.values())

    def _patience(self) -> float:
        """Seconds this call may still spend waiting: the operator's word, and the client's where it gave one."""
        operator = patience.max_wait() - self._waited
        if self._call.timeout is None:
            return operator
        return min(operator, self._call.timeout - (monotonic() - self._began))

    def _nobody(self, nothing: NothingAvailable, delay: float | None) -> errors.GatewayError:
        """What to tell when no account is left: the truth about this call first, the state of the pool else."""
        if self._last and self._last.fault.outcome not in _RECOVERS_BY_ITSELF:
            return self._last.answer
        if delay is not None:
            return errors.ResourceExhausted(_ALL_REST.format(model=self._call.model, delay=max(delay, 1.0)), delay)
        if self._last:
            return self._last.answer
        if not nothing.connected:
            return errors.Unavailable(_CONNECT_SOMEBODY)
        text = _SOMEBODY_LOOK if nothing.parked else _NOBODY_SERVES
        return errors.Unavailable(text.format(model=self._call.model))


def _with_pins(call: Call) -> Call:
    """`call` with the generationConfig its model's name brings along; a count has no use for one."""
    if call.method is Method.COUNT or not (pins := leasing.pins(call.model)):
        return call
    return replace(call, body=with_pins(call.body, pins))
