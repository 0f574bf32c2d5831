"""Which accounts can answer for each model in use, and the calls in flight.

Synchronous state, without I/O; time is an argument. Choosing and explaining both go by `Register.eligibility_of()`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf

from accounts_app.pool.backoff import HOUR
from accounts_app.pool.choice.eligibility import COMES_BACK, WHOLE_ACCOUNT, Candidate, Status
from accounts_app.pool.choice.lineup import Among, Lineup
from accounts_app.pool.choice.loans import Loan
from accounts_app.pool.choice.register import Register
from accounts_app.pool.choice.selection import Choice, Ring, Strategy, quarters
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.names.allow_lists import AllowLists, Names
from accounts_app.pool.names.known_models import OTHERS
from accounts_app.pool.paths.paths import Paths

__all__ = ["OTHERS", "WHOLE_ACCOUNT", "Board", "Candidate", "Loan", "Status"]

# Clients can make models known, so the number of lineups is bounded; past it the one unused for longest is dropped.
LINEUPS = 64

# Unknown models share a lineup if the same accounts may answer for them.
LINEUPS_OF_OTHERS = 8

Key = str | frozenset[Names]  # a known model, or the allow-lists that have an unknown one in them

# An account without a token is tried by one call at a time; a renewal takes no longer than so many seconds.
TOKEN_SECONDS = 30.0

# Seconds between two looks at whether a path hangs or is silent.
LOOK_EVERY = 0.25


class Board(Register):
    """The lineups of all models, over the register of accounts. One object a process, used by the event loop."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths)
        self.is_known: Callable[[str], bool] = lambda model: True  # only such models have a lineup of their own
        self.ring = Ring()
        self.in_flight = 0
        self._look_again_at = 0.0
        self._priority: dict[int, int] = {}
        self._allow_lists = AllowLists()
        self._counted: dict[int, tuple[bool, bool]] = {}
        self._lineups: dict[Key, Lineup] = {}  # in the order of their last use
        self.connected = 0
        self.out_of_service = 0

    def __repr__(self) -> str:
        return f"<Board {self.connected} connected, {self.out_of_service} out of service, {self.in_flight} in flight>"

    def update(self, accounts: Mapping[int, Candidate], changed: Iterable[int], now: float) -> None:
        """Apply a new set of accounts; `changed` are those that are new, changed or gone."""
        self.accounts = accounts
        changed = list(changed)
        weights = {}
        for account in changed:
            candidate = accounts.get(account)
            weights[account] = candidate.weight if candidate else 0
            self.ways.put(account, candidate, now)
            for known in (self._priority, self.tokenless):
                known.pop(account, None)
            self._allow_lists.put(account, candidate.allowed_models if candidate else ())
            if candidate:
                self._priority[account] = candidate.priority
            else:
                self.cooldowns.forget(account)
            self.membership.put(account, candidate)
            if not candidate or not (candidate.parked or account in self.taken_out):
                self.retry_at.pop(account, None)
            self._count(account)
        self.ways.tidy()
        self.ring = self.ring.changed(weights)
        self.place(changed, now)

    def take_out(self, account: int, reason: str, now: float) -> None:
        """Take the account out of service for `reason`; with an empty one, its row alone decides again."""
        if reason:
            self.taken_out[account] = reason
        else:
            self.taken_out.pop(account, None)
        self._count(account)
        self.place([account], now)

    def set_cooldown(self, account: int, model: str, cooldown: Cooldown | None, now: float) -> None:
        """Begin a cooldown or, with None or one without a streak, end it."""
        self.cooldowns.put(account, model, cooldown)
        self._place_for(account, [model], now)

    def limit(self, owner: int, until: float | None, now: float) -> None:
        """An owner's own limits are used up until then, or (None) no longer."""
        if self.limited.get(owner) == until:
            return
        self.limited.pop(owner, None)
        if until is not None:
            self.limited[owner] = until
        self.place(self.membership.of_owner(owner), now)

    def await_token(self, account: int, until: float | None, now: float) -> None:
        """The account has no token before `until`, or (None) has one again."""
        if until is None:
            if self.tokenless.pop(account, None) is None:
                return
        else:
            self.tokenless[account] = until
        self.place([account], now)

    def look_at_paths(self, now: float) -> None:
        """Place the accounts anew whose paths have gone down, come back, or become detours."""
        if not self.paths.uneasy or (now < self._look_again_at and not self.paths.has_changed):
            return
        self._look_again_at = now + LOOK_EVERY
        if changed := self.ways.changed(now):
            self.place(changed, now)

    def place(self, accounts: Iterable[int], now: float) -> None:
        """Place the accounts anew in every lineup."""
        for lineup in self._lineups.values():
            for account in accounts:
                self._place(lineup, account, now)

    def try_again(self, account: int, at: float) -> None:
        """Have one call probe the account at that time, although it needs attention."""
        self.retry_at[account] = at
        self.next_retry = min(self.next_retry, at)

    def lineup(self, model: str, now: float) -> Lineup:
        """The lineup of a model, with all accounts back in it that are due by `now`."""
        key = model if model == WHOLE_ACCOUNT or self.is_known(model) else self._allow_lists.naming(model)
        lineup = self._lineups.pop(key, None)
        if lineup is None:
            self._make_room(key)
            lineup = Lineup(key, self.protection) if isinstance(key, str) else Lineup(OTHERS, self.protection, key)
            self._place_all(lineup, now)
        self._lineups[key] = lineup
        if lineup.protection != self.protection:
            lineup.protection = self.protection
            self._place_all(lineup, now)
        if now >= self.next_retry:
            self._call_back(now)
        for account in lineup.due(now):
            self._place(lineup, account, now)
        return lineup

    def among(self, operation: str, owner: int | None, group: int | None = None) -> Among:
        """The only accounts that a call of this group's may go to; None where it may go to any.

        Those that support the operation (every account supports "") and are the owner's; without an owner those whose
        project is not another group's alone.
        """
        return self.membership.among(self.accounts, operation, owner, group)

    def choose(
        self, strategy: Strategy, model: str, affinity: int, tried: Collection[int], now: float, among: Among = None
    ) -> Choice | None:
        """The account to ask; None when none of those not tried can answer."""
        lineup = self.lineup(model, now)
        if lineup.lists is not None:
            out, last = self.apart(model, now)
            if out or last:
                choice = lineup.choose(strategy, self.ring, affinity, {*tried, *out, *last}, self._priority, among)
                return choice or lineup.choose(strategy, self.ring, affinity, {*tried, *out}, self._priority, among)
        return lineup.choose(strategy, self.ring, affinity, tried, self._priority, among)

    def apart(self, model: str, now: float) -> tuple[set[int], set[int]]:
        """For an unknown model: the accounts that cannot answer, and those asked last, because of its own cooldowns."""
        out, last = set(), set()
        for account in self.cooldowns.accounts_with(model):
            found = self.eligibility_of(account, model, now)
            if not found.eligible:
                out.add(account)
            elif found.status is Status.LAST:
                last.add(account)
        return out, last

    def is_ready(self, account: int, model: str, now: float) -> bool:
        """Whether it can answer, and is not among the last."""
        return self.eligibility_of(account, model, now).status in (Status.READY, Status.HALF_OPEN)

    def borrow(self, account: int, model: str, now: float) -> Loan:
        """A call begins."""
        lineup = self.lineup(model, now)
        lineup.borrow(account)
        self.in_flight += 1
        self.load[account] = self.load.get(account, 0) + 1
        if self.is_full(account):
            self.place([account], now)
        if account in self.retry_at and now >= self.retry_at[account]:
            self.try_again(account, now + HOUR)
            self.place([account], now)
        if account in self.tokenless:
            self.await_token(account, now + TOKEN_SECONDS, now)
        loan = Loan(account, model, lineup)
        self.probe(loan, now)
        return loan

    def probe(self, loan: Loan, now: float) -> None:
        """The call probes the account's half-open cooldowns, and other calls wait."""
        half_open = self.cooldowns.half_open(loan.account, loan.model, now)
        if half_open:
            for model in half_open:
                for account in self.sharing(loan.account, model) - {loan.account}:
                    if model in self.cooldowns.half_open(account, model, now):
                        loan.shared += [(account, each) for each in self.cooldowns.probe(account, [model], now)]
                        self._place_for(account, [model], now)
            loan.probed += self.cooldowns.probe(loan.account, half_open, now)
            self._place_for(loan.account, half_open, now)

    def give_back(self, loan: Loan, now: float) -> None:
        """A call ends; cooldowns that it probed without a result may be probed by the next."""
        account = loan.account
        was_full = self.is_full(account)
        loan.lineup.give_back(account)
        self.in_flight -= 1
        if self.load[account] == 1:
            del self.load[account]
        else:
            self.load[account] -= 1
        for other, probe in loan.shared:
            self._place_for(other, self.cooldowns.let_go(other, [probe]), now)
        let_go = self.cooldowns.let_go(account, loan.probed)
        if was_full:
            self.place([account], now)
        elif let_go:
            self._place_for(account, let_go, now)

    def _place(self, lineup: Lineup, account: int, now: float) -> None:
        if lineup.lists is not None and not self._allow_lists.lets(account, lineup.lists):
            return lineup.leave(account)
        found = self.eligibility_of(account, lineup.model, now)
        match found.status:
            case Status.READY | Status.HALF_OPEN | Status.LAST:
                candidate = self.accounts[account]
                counted = quarters(candidate.remaining(lineup.model, now + self.ahead))
                if found.status is Status.LAST:
                    lineup.admit_last(account, candidate.weight, counted, candidate.priority, found.until)
                else:
                    lineup.admit(account, candidate.weight, counted, candidate.priority)
            case Status.PROBING:
                lineup.probing(account, found.until or now)
            case status if status in COMES_BACK:
                lineup.hold(account, found.until)
            case _:
                lineup.leave(account)

    def _place_all(self, lineup: Lineup, now: float) -> None:
        for account in self.accounts:
            self._place(lineup, account, now)

    def _place_for(self, account: int, models: Iterable[str], now: float) -> None:
        """Place the account anew in the lineups that a cooldown for these models concerns."""
        if WHOLE_ACCOUNT in models:
            self.place([account], now)
        else:
            for model in models:
                if lineup := self._lineups.get(model):
                    self._place(lineup, account, now)

    def _call_back(self, now: float) -> None:
        """Let calls probe the accounts that need attention and whose time has come."""
        due = [account for account, at in self.retry_at.items() if at <= now]
        self.next_retry = min((at for at in self.retry_at.values() if at > now), default=inf)
        self.place(due, now)

    def _count(self, account: int) -> None:
        """Update `connected` and `out_of_service` without counting all accounts."""
        connected, parked = self._counted.pop(account, (False, False))
        self.connected -= connected
        self.out_of_service -= parked
        candidate = self.accounts.get(account)
        if candidate is None:
            return
        connected = candidate.enabled and not candidate.standby
        parked = connected and bool(candidate.parked or self.taken_out.get(account))
        self._counted[account] = (connected, parked)
        self.connected += connected
        self.out_of_service += parked

    def _make_room(self, key: Key) -> None:
        """Drop the idle lineup unused for longest if there are too many of its kind: known models, or unknown ones."""
        alike = [each for each in self._lineups if isinstance(each, str) == isinstance(key, str)]
        if len(alike) >= (LINEUPS if isinstance(key, str) else LINEUPS_OF_OTHERS):
            idle = next((each for each in alike if not self._lineups[each].in_flight), None)
            if idle is not None:
                del self._lineups[idle]
