"""The pool's memory: every account's standing for every model in use, the calls in flight, the rests and the probes.

All of it is plain synchronous state over what it is told; time is an argument. `standing()` is the one rule that says
whether an account can answer; choosing and explaining both go by it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from accounts_app.pool.cooldown import Rest, RestState, state
from accounts_app.pool.lineup import Lineup
from accounts_app.pool.selection import Choice, Ring, Strategy, quarters

WHOLE_ACCOUNT = ""  # the model of a rest that is about all of them

# A probe that hears nothing for this long no longer keeps others from trying: upstream may think for minutes before it
# answers, and a pool of one must not stand still meanwhile.
PROBE_PATIENCE = 30.0

# Clients name the models, so the memory they may take has a bound; past it the one unused for longest is made anew.
LINEUPS = 64


class Candidate(Protocol):
    """What the pool has to know of an account."""

    @property
    def weight(self) -> int: ...
    @property
    def priority(self) -> int: ...
    @property
    def max_concurrency(self) -> int | None: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def parked(self) -> str: ...
    @property
    def standby(self) -> bool: ...
    def serves(self, model: str) -> bool: ...
    def remaining(self, model: str, now: float) -> float | None: ...
    def resets_at(self, model: str) -> float | None: ...


class Standing(StrEnum):
    """Whether an account can answer for a model now, and if not, why not."""

    READY = "ready"
    HALF_OPEN = "half_open"  # its rest is over: the next call tries it out
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    STANDBY = "standby"  # the demo account, while another one exists
    PARKED = "parked"
    NOT_ALLOWED = "not_allowed"  # its operator keeps it to other models
    PROTECTED = "protected"  # its operator keeps what is left of its quota
    RESTING = "resting"
    PROBING = "probing"  # one call is trying it out
    FULL = "full"  # as many calls in flight as its operator allows


@dataclass(frozen=True, slots=True)
class WhyNot:
    """An account's standing, with its end where that is known (seconds, epoch) and its cause in words."""

    account: int
    standing: Standing
    until: float | None = None
    detail: str = ""

    def __bool__(self) -> bool:
        """Whether there is a reason why not."""
        return self.standing not in (Standing.READY, Standing.HALF_OPEN)


class Board:
    """Who stands where. One object a process; everything happens on the event loop's thread."""

    def __init__(self) -> None:
        self.protection = 0.0  # an account with no more than this part of its quota left stands aside; 0: none does
        self.accounts: Mapping[int, Candidate] = {}
        self.ring = Ring()
        self.in_flight = 0
        self.load: dict[int, int] = {}
        self.parked: dict[int, str] = {}  # parked by a verdict of ours, before the row says so
        self._rests: dict[tuple[int, str], Rest] = {}
        self._probes: dict[tuple[int, str], float] = {}  # rest being tried out -> until when others wait
        self._priority: dict[int, int] = {}
        self._counted: dict[int, tuple[bool, bool]] = {}
        self._lineups: dict[str, Lineup] = {}  # the one used last stands last
        self.connected = 0
        self.out_of_service = 0

    def __repr__(self) -> str:
        return f"<Board {self.connected} connected, {self.out_of_service} parked, {self.in_flight} in flight>"

    def update(self, accounts: Mapping[int, Candidate], changed: Iterable[int], now: float) -> None:
        """Take over the accounts as they are now; `changed` names those that came, changed or went."""
        self.accounts = accounts
        changed = list(changed)
        weights = {}
        for account in changed:
            candidate = accounts.get(account)
            weights[account] = candidate.weight if candidate else 0
            if candidate:
                self._priority[account] = candidate.priority
            else:
                self._priority.pop(account, None)
            self._count(account)
        self.ring = self.ring.changed(weights)
        for account in changed:
            self._place_everywhere(account, now)

    def park(self, account: int, reason: str, now: float) -> None:
        """Out until a person looks; an empty `reason` leaves it to the account's row again."""
        if reason:
            self.parked[account] = reason
        else:
            self.parked.pop(account, None)
        self._count(account)
        self._place_everywhere(account, now)

    def rest(self, account: int, model: str) -> Rest | None:
        """The rest in force or to be tried out, if any."""
        return self._rests.get((account, model))

    def resting(self, now: float) -> list[tuple[int, str, Rest]]:
        """The rests that are on, by account and model. Only reads, and a copy: any thread may ask."""
        return [(*of, rest) for of, rest in self._rests.copy().items() if state(rest, now) is RestState.RESTING]

    def rests_until(self, account: int, model: str) -> float:
        """When the rests that keep the account from the model end; 0.0 when there are none."""
        rests = (self._rests.get((account, of)) for of in (WHOLE_ACCOUNT, model))
        return max((rest.until for rest in rests if rest), default=0.0)

    def set_rest(self, account: int, model: str, rest: Rest | None, now: float) -> None:
        """Lay a rest, or with None (or one without a streak) end it."""
        if rest is None or rest.streak == 0:
            self._rests.pop((account, model), None)
        else:
            self._rests[account, model] = rest
        self._probes.pop((account, model), None)
        if model == WHOLE_ACCOUNT:
            self._place_everywhere(account, now)
        elif lineup := self._lineups.get(model):
            self._place(lineup, account, now)

    def lineup(self, model: str, now: float) -> Lineup:
        """The lineup of a model, with everybody in it who is due back."""
        lineup = self._lineups.pop(model, None)
        if lineup is None:
            self._make_room()
            lineup = Lineup(model, self.protection)
            for account in self.accounts:
                self._place(lineup, account, now)
        self._lineups[model] = lineup
        if lineup.protection != self.protection:
            lineup.protection = self.protection
            for account in self.accounts:
                self._place(lineup, account, now)
        for account in lineup.due(now):
            self._place(lineup, account, now)
        return lineup

    def choose(
        self, strategy: Strategy, model: str, affinity: int, tried: Collection[int], now: float
    ) -> Choice | None:
        """Who answers; None when nobody who has not been tried can."""
        return self.lineup(model, now).choose(strategy, self.ring, affinity, tried, self._priority)

    def borrow(self, account: int, model: str, now: float) -> list[str]:
        """A call begins. Returns the models of the rests (its own, the whole account's) that it tries out."""
        lineup = self.lineup(model, now)
        lineup.borrow(account)
        self.in_flight += 1
        self.load[account] = self.load.get(account, 0) + 1
        if self._is_full(account):
            self._place_everywhere(account, now)
        return self.probe(account, model, now)

    def probe(self, account: int, model: str, now: float) -> list[str]:
        """A call asks the account: it tries out the rests that are over, and others wait. Returns their models."""
        probed = [of for of in {model, WHOLE_ACCOUNT} if self._half_open(account, of, now)]
        for of in probed:
            self._probes[account, of] = now + PROBE_PATIENCE
        if WHOLE_ACCOUNT in probed:
            self._place_everywhere(account, now)
        elif probed:
            self._place(self.lineup(model, now), account, now)
        return probed

    def give_back(self, account: int, model: str, probed: Iterable[str], now: float) -> None:
        """A call ends; what it tried out and did not settle may be tried by the next."""
        was_full = self._is_full(account)
        self._lineups[model].give_back(account)
        self.in_flight -= 1
        if self.load[account] == 1:
            del self.load[account]
        else:
            self.load[account] -= 1
        let_go = [of for of in probed if self._probes.pop((account, of), None) is not None]
        if WHOLE_ACCOUNT in let_go or was_full:
            self._place_everywhere(account, now)
        elif let_go:
            self._place(self._lineups[model], account, now)

    def standing(self, account: int, model: str, now: float) -> WhyNot:
        """Whether the account can answer for the model now: the first reason against it, the lasting ones first."""
        candidate = self.accounts.get(account)
        if candidate is None:
            return WhyNot(account, Standing.UNKNOWN)
        if not candidate.enabled:
            return WhyNot(account, Standing.DISABLED)
        if candidate.standby:
            return WhyNot(account, Standing.STANDBY)
        if parked := candidate.parked or self.parked.get(account):
            return WhyNot(account, Standing.PARKED, detail=parked)
        if not candidate.serves(model):
            return WhyNot(account, Standing.NOT_ALLOWED)
        return self._mood(account, model, now)

    def why_not(self, model: str, now: float) -> list[WhyNot]:
        """The standing of every account, in the order of their ids, for whoever asks why one does not answer."""
        return [self.standing(account, model, now) for account in sorted(self.accounts)]

    def _mood(self, account: int, model: str, now: float) -> WhyNot:
        rests = [(of, self._rests[account, of]) for of in (WHOLE_ACCOUNT, model) if (account, of) in self._rests]
        longest = max((rest for _, rest in rests), key=lambda rest: rest.until, default=None)
        kept = self._kept(account, model, now)
        if kept is not None and (longest is None or longest.until <= (kept.until or 0.0)):
            return kept
        if longest is not None and state(longest, now) is RestState.RESTING:
            return WhyNot(account, Standing.RESTING, longest.until, f"{longest.reason}: {longest.message}")
        probes = [until for of, _ in rests if (until := self._probes.get((account, of), 0.0)) > now]
        if probes:
            return WhyNot(account, Standing.PROBING, max(probes))
        if self._is_full(account):
            return WhyNot(account, Standing.FULL, detail=f"{self.load[account]} calls in flight")
        if longest is not None:
            return WhyNot(account, Standing.HALF_OPEN, detail=longest.reason)
        return WhyNot(account, Standing.READY)

    def _place(self, lineup: Lineup, account: int, now: float) -> None:
        found = self.standing(account, lineup.model, now)
        match found.standing:
            case Standing.READY | Standing.HALF_OPEN:
                candidate = self.accounts[account]
                counted = quarters(candidate.remaining(lineup.model, now))
                lineup.admit(account, candidate.weight, counted, candidate.priority)
            case Standing.RESTING | Standing.PROTECTED | Standing.FULL:
                lineup.hold(account, found.until)
            case Standing.PROBING:
                lineup.probing(account, found.until or now)
            case _:
                lineup.leave(account)

    def _place_everywhere(self, account: int, now: float) -> None:
        for lineup in self._lineups.values():
            self._place(lineup, account, now)

    def _kept(self, account: int, model: str, now: float) -> WhyNot | None:
        """Whether the operator keeps what the account has left for the model, and until when.

        A remainder that nobody knows the end of is used: kept, it might never be looked at anew.
        """
        candidate = self.accounts[account]
        left = candidate.remaining(model, now) if self.protection else None
        until = candidate.resets_at(model) if left is not None and left <= self.protection else None
        return None if until is None else WhyNot(account, Standing.PROTECTED, until, f"{left:.0%} left")

    def _half_open(self, account: int, model: str, now: float) -> bool:
        return state(self._rests.get((account, model)), now) is RestState.HALF_OPEN

    def _is_full(self, account: int) -> bool:
        candidate = self.accounts.get(account)
        limit = candidate.max_concurrency if candidate else None
        return limit is not None and self.load.get(account, 0) >= limit

    def _count(self, account: int) -> None:
        """Keep `connected` and `out_of_service` right without counting everybody."""
        connected, parked = self._counted.pop(account, (False, False))
        self.connected -= connected
        self.out_of_service -= parked
        candidate = self.accounts.get(account)
        if candidate is None:
            return
        connected = candidate.enabled and not candidate.standby
        parked = connected and bool(candidate.parked or self.parked.get(account))
        self._counted[account] = (connected, parked)
        self.connected += connected
        self.out_of_service += parked

    def _make_room(self) -> None:
        if len(self._lineups) >= LINEUPS:
            idle = next((model for model, lineup in self._lineups.items() if not lineup.in_flight), None)
            if idle is not None:
                del self._lineups[idle]
