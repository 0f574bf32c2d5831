"""Borrow an account for a call, and give it back with a verdict. Synchronous, from memory: nothing here is awaited."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from accounts_app import known_models, roster
from accounts_app.leasing import rows as leasing_rows
from accounts_app.leasing.lender import Borrowed, CallFaults, Lender, NothingAvailable
from accounts_app.pool.board import Standing, WhyNot
from accounts_app.pool.cooldown import Rest
from accounts_app.pool.outcomes import Fault, Verdict, verdict_of
from accounts_app.roster import AccountView, RosterUnavailable

__all__ = [
    "AccountView",
    "CallFaults",
    "Lease",
    "NothingAvailable",
    "RosterUnavailable",
    "Standing",
    "WhyNot",
    "in_flight",
    "instruction_prefix",
    "known",
    "last_used",
    "lease",
    "lease_this",
    "load",
    "not_ready",
    "parked",
    "pins",
    "reset",
    "resting",
    "routed",
    "why_not",
]


class Lease:
    """One account, borrowed. Leaving it gives the slot back exactly once, whether or not it was settled.

    `why` says why this account. `fault` is what the last attempt came to, as settled.
    """

    __slots__ = ("_borrowed", "_call", "_given_back", "_lender", "_since", "fault")

    def __init__(self, lender: Lender, borrowed: Borrowed, call: CallFaults, now: float) -> None:
        self.fault: Fault | None = None
        self._lender = lender
        self._borrowed = borrowed
        self._call = call
        self._since = now
        self._given_back = False

    def __repr__(self) -> str:
        held = "given back" if self._given_back else "held"
        settled = self.fault.outcome.value if self.fault else "unsettled"
        return f"<Lease of account {self.account.id} for {self._borrowed.model}: {held}, {settled}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    @property
    def account(self) -> AccountView:
        return self._borrowed.account

    @property
    def why(self) -> str:
        return self._borrowed.why

    @property
    def rests_until(self) -> float:
        """When the account may answer for this model again, by all its rests (seconds, epoch); 0.0 without any."""
        return self._lender.board.rests_until(self.account.id, self._borrowed.model)

    def settle(self, fault: Fault, now: float) -> Verdict:
        """Say what the attempt came to: the account rests, is parked, or is well. The verdict says where to go next.

        Only the first fault of an attempt counts. `again()` begins another attempt on the same lease.
        """
        if self.fault is None:
            self.fault = self._lender.settle(self._borrowed, fault, self._call, self._since, now)
        return verdict_of(self.fault)

    def answered(self, now: float) -> None:
        """The first event is in hand: what this account rested for is over, and others need not wait for the end."""
        known_models.learn(self._borrowed.model, now)
        self._lender.clear(self.account.id, self._borrowed.model, self._since, now)

    def give_back(self) -> None:
        """The call is through with the account. Only the first time does anything."""
        if not self._given_back:
            self._given_back = True
            self._lender.give_back(self._borrowed)

    def again(self, now: float) -> None:
        """Another attempt with the same account begins."""
        self._borrowed = self._lender.again(self._borrowed, now)
        self.fault = None
        self._since = now


_lender = Lender()


@roster.on_change
def _catch_up(_: roster.Roster) -> None:
    """What changed takes effect at once, and a large pool's ring is not left for the first call to build."""
    _lender.catch_up()


def lease(
    model: str, affinity: int, *, tried: Collection[int] = (), now: float, call: CallFaults | None = None
) -> Lease:
    """Borrow an account that can answer for `model` now and is not among `tried`. A context manager.

    `affinity` (64 bits) keeps a conversation with its account. `call` carries what the call has met on other accounts.
    Raises NothingAvailable, RosterUnavailable.
    """
    borrowed = _lender.borrow(model, affinity, tried, now)
    return Lease(_lender, borrowed, call or CallFaults(), now)


def known(account: int) -> AccountView:
    """An account as calls see it. Raises KeyError for one that is not there, RosterUnavailable."""
    return roster.current().accounts[account]


def lease_this(account: int, model: str, why: str, now: float) -> Lease:
    """Borrow one account to see whether it answers, also one that rests or is parked. A context manager.

    Raises KeyError for one that is not there, RosterUnavailable.
    """
    return Lease(_lender, _lender.borrow_this(account, model, why, now), CallFaults(), now)


def in_flight() -> int:
    """Calls that hold an account now."""
    return _lender.board.in_flight


def why_not(model: str, now: float) -> list[WhyNot]:
    """Every account's standing for `model`, by id. Only reads, so any thread may ask. Raises RosterUnavailable."""
    roster.current()
    return _lender.board.why_not(model, now)


def resting(now: float) -> list[tuple[int, str, Rest]]:
    """The rests that are on: account, model ("" for all of them), rest. Any thread may ask."""
    return _lender.board.resting(now)


def parked() -> dict[int, str]:
    """The accounts that verdicts of this process have parked, why, before their rows say so."""
    return _lender.board.parked.copy()


def load() -> dict[int, int]:
    """The calls under way, by account, in this process. Any thread may ask."""
    return _lender.board.load.copy()


def last_used(account: int) -> float | None:
    """When this process last borrowed the account, within `USE_NOTED_EVERY` seconds; None if it never did."""
    return _lender.last_used.get(account)


def not_ready(now: float) -> list[str]:
    """Why no call can be answered, in words for /readyz; empty when one can."""
    try:
        roster.current()
    except RosterUnavailable as error:
        return [str(error)]
    board = _lender.board
    if not board.connected:
        return ["No account is connected."]
    if board.connected == board.out_of_service:
        return ["Every account is parked and waits for its owner."]
    return []


def routed(model: str) -> str:
    """The model to ask upstream for, by the operator's routes. Raises RosterUnavailable."""
    return roster.current().routes.resolve(model)


def pins(model: str) -> Mapping[str, object]:
    """The generationConfig that the operator pinned to the name `model`. Raises RosterUnavailable."""
    route = roster.current().routes.find(model)
    return route.generation_config if route else {}


def instruction_prefix() -> str:
    """What the operator puts before every system instruction. Raises RosterUnavailable."""
    return roster.current().settings.system_instruction_prefix


def reset() -> None:
    """As at start: nothing borrowed, nothing remembered. For tests."""
    global _lender
    leasing_rows.reset()
    _lender = Lender()
    with suppress(RosterUnavailable):
        _lender.catch_up()


# The roster may have been read before anybody imported this.
with suppress(RosterUnavailable):
    _lender.catch_up()
