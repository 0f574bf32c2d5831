"""What is known of each account, and the one rule that says whether it can answer."""

from collections.abc import Mapping
from math import inf

from accounts_app.pool.choice.standing import PATH, WHOLE_ACCOUNT, Candidate, Standing, WhyNot
from accounts_app.pool.cooldowns.cooldown import RestState, state
from accounts_app.pool.cooldowns.rests import Rests
from accounts_app.pool.names.known_models import OTHERS
from accounts_app.pool.paths.paths import Paths, Shape
from accounts_app.pool.paths.ways import Ways


class Register:
    """The accounts, their rests, tokens, paths and calls in flight. Times are seconds of one clock."""

    def __init__(self, paths: Paths) -> None:
        self.protection = 0.0  # an account with no more than this part of its quota left stands aside; 0: none does
        self.ahead = 0.0  # seconds by which the clock on the wall, which quotas are reset by, is ahead of ours
        self.accounts: Mapping[int, Candidate] = {}
        self.paths = paths
        self.ways = Ways(paths)
        self.rests = Rests()
        self.load: dict[int, int] = {}
        self.parked: dict[int, str] = {}  # parked by a verdict of ours, before the row says so
        self.retry_at: dict[int, float] = {}  # parked, but one call tries it then
        self.next_retry = inf  # the soonest of these that nobody has been placed for
        self.tokenless: dict[int, float] = {}  # no token before then

    def standing(self, account: int, model: str, now: float) -> WhyNot:
        """Whether the account can answer for the model now: the first reason against it, the lasting ones first."""
        candidate = self.accounts.get(account)
        if candidate is None:
            return WhyNot(account, Standing.UNKNOWN)
        if not candidate.enabled:
            return WhyNot(account, Standing.DISABLED)
        if candidate.standby:
            return WhyNot(account, Standing.STANDBY)
        parked = candidate.parked or self.parked.get(account)
        if parked and not self._is_due(account, now):
            return WhyNot(account, Standing.PARKED, detail=parked)
        if model is not OTHERS and model != WHOLE_ACCOUNT and not candidate.serves(model):
            return WhyNot(account, Standing.NOT_ALLOWED)
        if out := self._out(account, model, now):
            return out
        return WhyNot(account, Standing.HALF_OPEN, detail=parked) if parked else self._in(account, model, now)

    def why_not(self, model: str, now: float) -> list[WhyNot]:
        """The standing of every account, in the order of their ids, for whoever asks why one does not answer."""
        return [self.standing(account, model, now) for account in sorted(self.accounts)]

    def is_full(self, account: int) -> bool:
        """Whether it has as many calls in flight as its operator allows."""
        candidate = self.accounts.get(account)
        limit = candidate.max_concurrency if candidate else None
        return limit is not None and self.load.get(account, 0) >= limit

    def _is_due(self, account: int, now: float) -> bool:
        """Whether one that is parked, but comes back by itself, is to be tried by a call."""
        return now >= self.retry_at.get(account, inf)

    def _out(self, account: int, model: str, now: float) -> WhyNot | None:
        """Why it cannot be asked, for longer or for shorter."""
        hard = [(of, rest) for of, rest in self.rests.both(account, model) if not rest.is_guess]
        longest = max((rest for _, rest in hard), key=lambda rest: rest.until, default=None)
        kept = self._kept(account, model, now)
        if kept is not None and (longest is None or longest.until <= (kept.until or 0.0)):
            return kept
        if longest is not None and state(longest, now) is RestState.RESTING:
            return WhyNot(account, Standing.RESTING, longest.until, f"{longest.reason}: {longest.message}")
        if account in self.tokenless and self.tokenless[account] > now:
            return WhyNot(account, Standing.NO_TOKEN, self.tokenless[account])
        way = self.ways.get(account)
        if way is not None and way.shape is Shape.DOWN:
            return WhyNot(account, Standing.NO_PATH)
        probes = [free_at for of, _ in hard if (free_at := self.rests.probing_until(account, of, now)) is not None]
        if probes:
            return WhyNot(account, Standing.PROBING, max(probes))
        if self.is_full(account):
            return WhyNot(account, Standing.FULL, detail=f"{self.load[account]} calls in flight")
        return None

    def _in(self, account: int, model: str, now: float) -> WhyNot:
        """How well it can be asked."""
        rests = self.rests.both(account, model)
        guesses = [(of, rest) for of, rest in rests if rest.is_guess]
        for of, rest in guesses:
            if state(rest, now) is RestState.RESTING:
                return WhyNot(account, Standing.LAST, rest.until, f"{rest.reason}: {rest.message}")
            if (free_at := self.rests.probing_until(account, of, now)) is not None:
                return WhyNot(account, Standing.LAST, free_at, f"{rest.reason}: {rest.message}")
        way = self.ways.get(account)
        if way is not None and way.shape is Shape.LAST:
            return WhyNot(account, Standing.LAST, detail=PATH)
        if rests:
            return WhyNot(account, Standing.HALF_OPEN, detail=rests[-1][1].reason)
        return WhyNot(account, Standing.READY)

    def _kept(self, account: int, model: str, now: float) -> WhyNot | None:
        """Whether the operator keeps what the account has left for the model, and until when.

        A remainder that nobody knows the end of is used: kept, it might never be looked at anew.
        """
        candidate = self.accounts[account]
        left = candidate.remaining(model, now + self.ahead) if self.protection else None
        until = candidate.resets_at(model) if left is not None and left <= self.protection else None
        return None if until is None else WhyNot(account, Standing.PROTECTED, until - self.ahead, f"{left:.0%} left")
