"""Which accounts can answer for one model now, kept up to date so that a choice need not look at every account."""

from collections import OrderedDict
from collections.abc import Collection
from heapq import heapify, heappop, heappush

from accounts_app.pool.blame.retry_budget import RetryBudget
from accounts_app.pool.choice.selection import (
    Choice,
    FillOrder,
    Load,
    Ring,
    Strategy,
    by_affinity,
    first_by_priority,
    in_turn,
)

Among = Collection[int] | None  # the only accounts that may be chosen; None: every one

# When the next call on a busy account will end is unknown: look again after this many seconds.
SOON = 1.0

# Accounts that answered lately are asked first by a call that others refused: for how long, and how many.
LATELY_SECONDS, LATELY = 600.0, 32


class Tier:
    """Accounts of equal rank: each with the quarters of its places on the ring that count."""

    __slots__ = ("_fill", "_last", "_shares", "accounts", "weight")

    def __init__(self) -> None:
        self.accounts: dict[int, int] = {}
        self.weight = 0
        self._shares: dict[int, int] = {}  # weight x quarters
        self._fill: FillOrder | None = None
        self._last = 0  # the account chosen last

    def add(self, account: int, weight: int, quarters: int, priority: int) -> None:
        self.accounts[account] = quarters
        self._shares[account] = weight * quarters
        self.weight += weight * quarters
        if self._fill is not None:
            self._fill.add(account, priority)

    def remove(self, account: int) -> None:
        if self.accounts.pop(account, None) is not None:
            self.weight -= self._shares.pop(account)

    def choose(
        self,
        strategy: Strategy,
        ring: Ring,
        affinity: int,
        load: Load,
        tried: Collection[int],
        order: dict[int, int],
        among: Among = None,
    ) -> Choice | None:
        """An account that has not been tried, by the operator's strategy; None if none is left."""
        accounts, weight = self.accounts, self.weight
        if among is not None:
            accounts = {account: accounts[account] for account in among if account in accounts}
            weight = sum(self._shares[account] for account in accounts)
        if not accounts:
            return None
        match strategy:
            case Strategy.CONSISTENT_HASH:
                return by_affinity(ring, affinity, accounts, total_weight=weight, load=load, tried=tried)
            case Strategy.ROUND_ROBIN:
                choice = in_turn(ring.accounts, self._last, accounts, tried)
                self._last = choice.account if choice else self._last
                return choice
            case Strategy.FILL_FIRST if among is None:
                return self._fill_order(order).first(accounts.__contains__, tried)
            case Strategy.FILL_FIRST:
                return first_by_priority(accounts, order, tried)

    def _fill_order(self, order: dict[int, int]) -> FillOrder:
        """Made when the strategy is first used: most gateways never use it."""
        if self._fill is None:
            self._fill = FillOrder()
            for account in self.accounts:
                self._fill.add(account, order[account])
        return self._fill


class Lineup:
    """The accounts of one model: those ready, those asked last, those that come back at a known time.

    `members` may answer for the model at all. `lists` is None for a known model; for unknown names, it is the
    allow-lists that have them. `protection` is the quota reserve by which all accounts were last placed. `budget` are
    the model's retries.
    """

    __slots__ = (
        *("model", "lists", "protection", "members", "ready", "last", "load", "in_flight", "budget", "finished_at"),
        *("_answered", "_busy", "_wake_at", "_wakes"),
    )

    def __init__(self, model: str, protection: float = 0.0, lists: frozenset[tuple[str, ...]] | None = None) -> None:
        self.model = model
        self.lists = lists
        self.protection = protection
        self.members: set[int] = set()
        self.ready = Tier()
        self.last = Tier()
        self.load: dict[int, int] = {}
        self.in_flight = 0
        self.budget = RetryBudget()
        self.finished_at = 0.0  # when an answer last ran to its end
        self._answered: OrderedDict[int, float] = OrderedDict()
        self._busy: set[int] = set()
        self._wake_at: dict[int, float] = {}
        self._wakes: list[tuple[float, int]] = []

    def __repr__(self) -> str:
        counts = f"{len(self.ready.accounts)} of {len(self.members)} ready, {len(self.last.accounts)} last"
        return f"<Lineup {self.model}: {counts}, {self.in_flight} in flight>"

    def leave(self, account: int) -> None:
        """The account may not answer for this model."""
        self._out(account)
        self.members.discard(account)

    def hold(self, account: int, until: float | None) -> None:
        """The account cannot answer now: not before `until`, or (None) not before a call of its own ends."""
        self._out(account)
        self.members.add(account)
        if until is None:
            self._busy.add(account)
        else:
            self._wake(account, until)

    def probing(self, account: int, deadline: float) -> None:
        """One call probes the account; the next one may when it ends, or after `deadline`."""
        self.hold(account, deadline)
        self._busy.add(account)

    def admit(self, account: int, weight: int, quarters: int, priority: int) -> None:
        """The account can answer now."""
        self._out(account)
        self.members.add(account)
        self.ready.add(account, weight, quarters, priority)

    def admit_last(self, account: int, weight: int, quarters: int, priority: int, until: float | None) -> None:
        """The account can answer now, and is asked when no other is left; placed anew at `until`, if that is known."""
        self._out(account)
        self.members.add(account)
        self.last.add(account, weight, quarters, priority)
        if until is not None:
            self._wake(account, until)

    def due(self, now: float) -> list[int]:
        """The accounts whose time has come; each is to be placed anew."""
        woken = []
        while self._wakes and self._wakes[0][0] <= now:
            when, account = heappop(self._wakes)
            if self._wake_at.get(account) == when:
                del self._wake_at[account]
                woken.append(account)
        return woken

    def soonest(self, now: float) -> float | None:
        """When the next account comes back, as far as is known; None when none will by itself."""
        while self._wakes and self._wake_at.get(self._wakes[0][1]) != self._wakes[0][0]:
            heappop(self._wakes)
        times = [self._wakes[0][0]] if self._wakes else []
        if self._busy:
            times.append(now + SOON)
        return min(times, default=None)

    def choose(
        self,
        strategy: Strategy,
        ring: Ring,
        affinity: int,
        tried: Collection[int],
        order: dict[int, int],
        among: Among = None,
    ) -> Choice | None:
        """An account that can answer now and has not been tried: a ready one, else one of the last."""
        load = Load(self.load, self.in_flight)
        choice = self.ready.choose(strategy, ring, affinity, load, tried, order, among)
        if choice is None and self.last.accounts:
            choice = self.last.choose(strategy, ring, affinity, load, tried, order, among)
            return choice and Choice(choice.account, f"{choice.why}, of the deprioritized")
        return choice

    def borrow(self, account: int) -> None:
        """A call for this model begins on the account."""
        self.load[account] = self.load.get(account, 0) + 1
        self.in_flight += 1

    def give_back(self, account: int) -> None:
        """A call for this model ends on the account."""
        self.in_flight -= 1
        if self.load[account] == 1:
            del self.load[account]
        else:
            self.load[account] -= 1

    def answered(self, account: int, now: float) -> None:
        """The account has answered for this model."""
        self._answered[account] = now
        self._answered.move_to_end(account)
        if len(self._answered) > LATELY:
            self._answered.popitem(last=False)

    def lately(self, now: float) -> list[int]:
        """The accounts that answered for this model within the last minutes, the last one first."""
        return [each for each, at in reversed(self._answered.items()) if now - at <= LATELY_SECONDS]

    def _out(self, account: int) -> None:
        self.ready.remove(account)
        self.last.remove(account)
        self._busy.discard(account)
        self._wake_at.pop(account, None)

    def _wake(self, account: int, when: float) -> None:
        """Have it looked at anew. The heap keeps what has been overtaken, but never more than half of it."""
        self._wake_at[account] = when
        heappush(self._wakes, (when, account))
        if len(self._wakes) > 2 * len(self._wake_at) + 16:
            self._wakes = [(at, each) for each, at in self._wake_at.items()]
            heapify(self._wakes)
