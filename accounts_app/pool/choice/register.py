"""What is known of each account, and the one rule that says whether it can answer."""

from collections.abc import Mapping
from math import inf

from accounts_app.pool.choice.eligibility import PATH, WHOLE_ACCOUNT, Candidate, Eligibility, Status
from accounts_app.pool.cooldowns.cooldown import CooldownState, state
from accounts_app.pool.cooldowns.cooldowns import Cooldowns
from accounts_app.pool.names.known_models import OTHERS
from accounts_app.pool.paths.paths import Paths, Shape
from accounts_app.pool.paths.ways import Ways


class Register:
    """The accounts, their cooldowns, tokens, paths and calls in flight. Times are seconds of one clock."""

    def __init__(self, paths: Paths) -> None:
        self.protection = 0.0  # an account with no more than this part of its quota left stands aside; 0: none does
        self.ahead = 0.0  # seconds by which the clock on the wall, which quotas are reset by, is ahead of ours
        self.accounts: Mapping[int, Candidate] = {}
        self.paths = paths
        self.ways = Ways(paths)
        self.cooldowns = Cooldowns()
        self.load: dict[int, int] = {}
        self.taken_out: dict[int, str] = {}  # need attention by a verdict of ours, before the row says so
        self.retry_at: dict[int, float] = {}  # need attention, but one call tries each then
        self.next_retry = inf  # the soonest of these that nobody has been placed for
        self.tokenless: dict[int, float] = {}  # no token before then

    def eligibility_of(self, account: int, model: str, now: float) -> Eligibility:
        """Whether the account can answer for the model now: the first reason against it, the lasting ones first."""
        candidate = self.accounts.get(account)
        if candidate is None:
            return Eligibility(account, Status.UNKNOWN)
        if not candidate.enabled:
            return Eligibility(account, Status.DISABLED)
        if candidate.standby:
            return Eligibility(account, Status.STANDBY)
        parked = candidate.parked or self.taken_out.get(account)
        if parked and not self._is_due(account, now):
            return Eligibility(account, Status.NEEDS_ATTENTION, detail=parked)
        if model is not OTHERS and model != WHOLE_ACCOUNT and not candidate.serves(model):
            return Eligibility(account, Status.NOT_ALLOWED)
        if out := self._out(account, model, now):
            return out
        return Eligibility(account, Status.HALF_OPEN, detail=parked) if parked else self._in(account, model, now)

    def eligibility(self, model: str, now: float) -> list[Eligibility]:
        """Every account's eligibility, in the order of their ids."""
        return [self.eligibility_of(account, model, now) for account in sorted(self.accounts)]

    def is_full(self, account: int) -> bool:
        """Whether it has as many calls in flight as its operator allows."""
        candidate = self.accounts.get(account)
        limit = candidate.max_concurrency if candidate else None
        return limit is not None and self.load.get(account, 0) >= limit

    def _is_due(self, account: int, now: float) -> bool:
        """Whether one that needs attention, but comes back by itself, is to be tried by a call."""
        return now >= self.retry_at.get(account, inf)

    def _out(self, account: int, model: str, now: float) -> Eligibility | None:
        """Why it cannot be asked, for longer or for shorter."""
        hard = [(of, cooldown) for of, cooldown in self.cooldowns.both(account, model) if not cooldown.is_guess]
        longest = max((cooldown for _, cooldown in hard), key=lambda cooldown: cooldown.until, default=None)
        kept = self._kept(account, model, now)
        if kept is not None and (longest is None or longest.until <= (kept.until or 0.0)):
            return kept
        if longest is not None and state(longest, now) is CooldownState.COOLING_DOWN:
            return Eligibility(account, Status.COOLING_DOWN, longest.until, f"{longest.reason}: {longest.message}")
        if account in self.tokenless and self.tokenless[account] > now:
            return Eligibility(account, Status.NO_TOKEN, self.tokenless[account])
        way = self.ways.get(account)
        if way is not None and way.shape is Shape.DOWN:
            return Eligibility(account, Status.NO_PATH)
        probes = [free_at for of, _ in hard if (free_at := self.cooldowns.probing_until(account, of, now)) is not None]
        if probes:
            return Eligibility(account, Status.PROBING, max(probes))
        if self.is_full(account):
            return Eligibility(account, Status.FULL, detail=f"{self.load[account]} calls in flight")
        return None

    def _in(self, account: int, model: str, now: float) -> Eligibility:
        """How well it can be asked."""
        cooldowns = self.cooldowns.both(account, model)
        guesses = [(of, cooldown) for of, cooldown in cooldowns if cooldown.is_guess]
        for of, cooldown in guesses:
            if state(cooldown, now) is CooldownState.COOLING_DOWN:
                return Eligibility(account, Status.LAST, cooldown.until, f"{cooldown.reason}: {cooldown.message}")
            if (free_at := self.cooldowns.probing_until(account, of, now)) is not None:
                return Eligibility(account, Status.LAST, free_at, f"{cooldown.reason}: {cooldown.message}")
        way = self.ways.get(account)
        if way is not None and way.shape is Shape.LAST:
            return Eligibility(account, Status.LAST, detail=PATH)
        if cooldowns:
            return Eligibility(account, Status.HALF_OPEN, detail=cooldowns[-1][1].reason)
        return Eligibility(account, Status.READY)

    def _kept(self, account: int, model: str, now: float) -> Eligibility | None:
        """Whether the operator keeps what the account has left for the model, and until when.

        A remainder that nobody knows the end of is used: kept, it might never be looked at anew.
        """
        candidate = self.accounts[account]
        left = candidate.remaining(model, now + self.ahead) if self.protection else None
        until = candidate.resets_at(model) if left is not None and left <= self.protection else None
        return None if until is None else Eligibility(account, Status.PROTECTED, until - self.ahead, f"{left:.0%} left")
