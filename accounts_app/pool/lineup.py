"""Who can answer for one model now, kept up to date so that a choice never has to look at everybody."""

from collections.abc import Collection
from heapq import heappop, heappush

from accounts_app.pool.breaker import Breaker
from accounts_app.pool.selection import Choice, FillOrder, Load, Ring, Strategy, by_affinity, in_turn

# When an account is only busy, nobody knows when it will be free; callers are told to look again after this many
# seconds.
SOON = 1.0


class Lineup:
    """The accounts of one model: those ready, those that come back at a known time, and the calls each has in flight.

    `members` may answer for the model at all. `ready` maps those that can now to the quarters of their places that
    count. `protection` is the part of each quota that was kept when everybody was last placed.
    """

    __slots__ = (
        *("model", "protection", "members", "ready", "weight", "load", "in_flight", "breaker"),
        *("_busy", "_fill", "_last", "_shares", "_wake_at", "_wakes"),
    )

    def __init__(self, model: str, protection: float = 0.0) -> None:
        self.model = model
        self.protection = protection
        self.members: set[int] = set()
        self.ready: dict[int, int] = {}
        self.weight = 0
        self.load: dict[int, int] = {}
        self.in_flight = 0
        self.breaker = Breaker()
        self._shares: dict[int, int] = {}  # of the ready ones: weight x quarters
        self._busy: set[int] = set()
        self._wake_at: dict[int, float] = {}
        self._wakes: list[tuple[float, int]] = []
        self._fill: FillOrder | None = None
        self._last = 0  # the account whose turn it was last

    def __repr__(self) -> str:
        return f"<Lineup {self.model}: {len(self.ready)} of {len(self.members)} ready, {self.in_flight} in flight>"

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
            self._wake_at[account] = until
            heappush(self._wakes, (until, account))

    def probing(self, account: int, deadline: float) -> None:
        """The account is being tried out by one call; others may try after `deadline` at the latest."""
        self.hold(account, deadline)
        self._busy.add(account)

    def admit(self, account: int, weight: int, quarters: int, priority: int) -> None:
        """The account can answer now."""
        self._out(account)
        self.members.add(account)
        self.ready[account] = quarters
        self._shares[account] = weight * quarters
        self.weight += weight * quarters
        if self._fill is not None:
            self._fill.add(account, priority)

    def due(self, now: float) -> list[int]:
        """The accounts whose time has come; each is to be looked at anew."""
        woken = []
        while self._wakes and self._wakes[0][0] <= now:
            when, account = heappop(self._wakes)
            if self._wake_at.get(account) == when:
                del self._wake_at[account]
                woken.append(account)
        return woken

    def soonest(self, now: float) -> float | None:
        """When the next account comes back, as far as anybody can know; None when none will by itself."""
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
        priority: dict[int, int],
    ) -> Choice | None:
        """An account that can answer now and has not been tried, by the operator's strategy, if there is one."""
        if not self.ready:
            return None
        match strategy:
            case Strategy.CONSISTENT_HASH:
                load = Load(self.load, self.in_flight)
                return by_affinity(ring, affinity, self.ready, total_weight=self.weight, load=load, tried=tried)
            case Strategy.ROUND_ROBIN:
                choice = in_turn(ring.accounts, self._last, self.ready, tried)
                self._last = choice.account if choice else self._last
                return choice
            case Strategy.FILL_FIRST:
                return self._fill_order(priority).first(self.ready.__contains__, tried)

    def borrow(self, account: int) -> None:
        """A call for this model begins on the account."""
        self.load[account] = self.load.get(account, 0) + 1
        self.in_flight += 1

    def give_back(self, account: int) -> None:
        """It is over."""
        self.in_flight -= 1
        if self.load[account] == 1:
            del self.load[account]
        else:
            self.load[account] -= 1

    def _out(self, account: int) -> None:
        if self.ready.pop(account, None) is not None:
            self.weight -= self._shares.pop(account)
        self._busy.discard(account)
        self._wake_at.pop(account, None)

    def _fill_order(self, priority: dict[int, int]) -> FillOrder:
        """Made when the strategy is first used: most gateways never do."""
        if self._fill is None:
            self._fill = FillOrder()
            for account in self.ready:
                self._fill.add(account, priority[account])
        return self._fill
