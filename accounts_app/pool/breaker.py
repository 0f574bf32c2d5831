"""The pool-wide breaker: when most accounts fail alike within seconds, the accounts are not to blame.

It is the upstream, or the network. One breaker watches one model. While it is open nobody is given a rest for what
everybody suffers from.
"""

from accounts_app.pool.outcomes import Outcome

# Fewer accounts than this are no crowd: each has its own chance to be at fault.
CROWD = 5
WITHIN = 10.0

# An outage is looked at anew after this long, so that an account at fault by itself is not excused for ever.
OPEN_FOR = 30.0

# What an outage looks like from here. Quotas and permissions are an account's own.
COMMON_TROUBLE = frozenset({Outcome.OVERLOADED, Outcome.UNREACHABLE})


class Breaker:
    """The last result of each account within `WITHIN` seconds, and whether most of them failed alike."""

    __slots__ = ("_last", "_open_until", "_tally")

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, Outcome]] = {}  # oldest first
        self._tally: dict[Outcome, int] = {}
        self._open_until = 0.0

    def __repr__(self) -> str:
        return f"<Breaker {len(self._last)} accounts heard, open until {self._open_until:.0f}>"

    def record(self, account: int, outcome: Outcome, now: float) -> bool:
        """Take in one account's result; True when this very result opens the breaker."""
        self._forget(account)
        self._last[account] = (now, outcome)
        self._tally[outcome] = self._tally.get(outcome, 0) + 1
        while self._last:
            oldest = next(iter(self._last))
            if self._last[oldest][0] > now - WITHIN:
                break
            self._forget(oldest)
        was_open = self.is_open(now)
        if not self._most_fail_alike():
            self._open_until = 0.0
            return False
        if was_open:
            return False
        self._open_until = now + OPEN_FOR
        return True

    def is_open(self, now: float) -> bool:
        """Whether common trouble is nobody's fault now."""
        return now < self._open_until

    def accounts_with(self, outcome: Outcome) -> list[int]:
        """The accounts whose last result within the window was `outcome`."""
        return [account for account, (_, last) in self._last.items() if last is outcome]

    def _most_fail_alike(self) -> bool:
        heard = len(self._last)
        return heard >= CROWD and any(2 * self._tally.get(outcome, 0) >= heard for outcome in COMMON_TROUBLE)

    def _forget(self, account: int) -> None:
        known = self._last.pop(account, None)
        if known is not None:
            self._tally[known[1]] -= 1
