"""The state of each account, and the one rule for whether it can answer."""

from collections.abc import Mapping, Set
from math import inf

from accounts_app.pool.choice.eligibility import BY_HAND, PATH, STORAGE, WHOLE_ACCOUNT, Candidate, Eligibility, Status
from accounts_app.pool.choice.membership import Membership
from accounts_app.pool.cooldowns.cooldown import OF_THE_PROJECT, CooldownState, state
from accounts_app.pool.cooldowns.cooldowns import Cooldowns
from accounts_app.pool.names.known_models import OTHERS
from accounts_app.pool.outcomes import Outcome
from accounts_app.pool.paths.paths import Paths, PathStatus
from accounts_app.pool.paths.ways import Ways

# Why accounts of a project wait whose operator lets it use no more.
OWN_LIMIT = "The limits of its project are used up."


class Register:
    """The accounts, their cooldowns, tokens, paths and calls in flight. Times are seconds of one clock."""

    def __init__(self, paths: Paths) -> None:
        self.protection = 0.0  # quota reserve: an account with no more than this part left is not asked; 0: no reserve
        self.ahead = 0.0  # seconds by which the wall clock, which quotas are reset by, is ahead of ours
        self.accounts: Mapping[int, Candidate] = {}
        self.membership = Membership()
        self.paths = paths
        self.ways = Ways(paths)
        self.cooldowns = Cooldowns()
        self.load: dict[int, int] = {}
        self.limited: dict[int, float] = {}  # owners whose own limits are used up, until then
        self.taken_out: dict[int, str] = {}  # account -> why; by verdicts of this process, before the row says so
        self.retry_at: dict[int, float] = {}  # account -> when a call probes it although it needs attention
        self.next_retry = inf  # the soonest of these whose time has not come yet
        self.tokenless: dict[int, float] = {}  # account -> when it is tried again, having got no token

    def eligibility_of(self, account: int, model: str, now: float, *, even_disabled: bool = False) -> Eligibility:
        """Whether the account can answer for the model now, or the first reason against it; lasting ones come first.

        With `even_disabled` it is none that an operator has disabled the account.
        """
        candidate = self.accounts.get(account)
        if candidate is None:
            return Eligibility(account, Status.UNKNOWN)
        if not candidate.enabled and not even_disabled:
            return Eligibility(account, Status.DISABLED)
        if candidate.standby:
            return Eligibility(account, Status.STANDBY)
        parked = candidate.parked or self.taken_out.get(account)
        if even_disabled and parked == BY_HAND:
            parked = ""
        if parked and not self._is_due(account, now):
            return Eligibility(account, Status.NEEDS_ATTENTION, detail=parked)
        if model is not OTHERS and model[:1] not in (WHOLE_ACCOUNT, STORAGE) and not candidate.serves(model):
            return Eligibility(account, Status.NOT_ALLOWED)
        if out := self._reason_against(account, model, now):
            return out
        return Eligibility(account, Status.HALF_OPEN, detail=parked) if parked else self._readiness(account, model, now)

    def eligibility(self, model: str, now: float) -> list[Eligibility]:
        """Every account's eligibility, in the order of their ids."""
        return [self.eligibility_of(account, model, now) for account in sorted(self.accounts)]

    def is_full(self, account: int) -> bool:
        """Whether it has as many calls in flight as its operator allows."""
        candidate = self.accounts.get(account)
        limit = candidate.max_concurrency if candidate else None
        return limit is not None and self.load.get(account, 0) >= limit

    def sharing(self, account: int, model: str) -> Set[int]:
        """The accounts that the account's cooldown for a model is for: a quota's is for all of its project."""
        cooldown = self.cooldowns.get(account, model)
        is_shared = cooldown is not None and cooldown.reason in OF_THE_PROJECT
        return self.membership.sharing(account) if is_shared else {account}

    def _is_due(self, account: int, now: float) -> bool:
        """Whether a call is to probe the account although it needs attention."""
        return now >= self.retry_at.get(account, inf)

    def _reason_against(self, account: int, model: str, now: float) -> Eligibility | None:
        """Why the account cannot be asked for some time, if so."""
        hard = [(of, cooldown) for of, cooldown in self.cooldowns.both(account, model) if not cooldown.is_guess]
        longest = max((cooldown for _, cooldown in hard), key=lambda cooldown: cooldown.until, default=None)
        below = self._below_reserve(account, model, now)
        if below is not None and (longest is None or longest.until <= (below.until or 0.0)):
            return below
        if longest is not None and state(longest, now) is CooldownState.COOLING_DOWN:
            return Eligibility(account, Status.COOLING_DOWN, longest.until, f"{longest.reason}: {longest.message}")
        of_a_model = model != WHOLE_ACCOUNT and not model.startswith("/")
        if of_a_model and self.limited and (until := self.limited.get(self.accounts[account].owner, 0.0)) > now:
            return Eligibility(account, Status.COOLING_DOWN, until, f"{Outcome.RATE_LIMITED.value}: {OWN_LIMIT}")
        if account in self.tokenless and self.tokenless[account] > now:
            return Eligibility(account, Status.NO_TOKEN, self.tokenless[account])
        way = self.ways.get(account)
        if way is not None and way.status is PathStatus.DOWN:
            return Eligibility(account, Status.NO_PATH)
        probes = [free_at for of, _ in hard if (free_at := self.cooldowns.probing_until(account, of, now)) is not None]
        if probes:
            return Eligibility(account, Status.PROBING, max(probes))
        if self.is_full(account):
            return Eligibility(account, Status.FULL, detail=f"{self.load[account]} calls in flight")
        return None

    def _readiness(self, account: int, model: str, now: float) -> Eligibility:
        """The status of an account that can be asked."""
        cooldowns = self.cooldowns.both(account, model)
        guesses = [(of, cooldown) for of, cooldown in cooldowns if cooldown.is_guess]
        for of, cooldown in guesses:
            if state(cooldown, now) is CooldownState.COOLING_DOWN:
                return Eligibility(account, Status.LAST, cooldown.until, f"{cooldown.reason}: {cooldown.message}")
            if (free_at := self.cooldowns.probing_until(account, of, now)) is not None:
                return Eligibility(account, Status.LAST, free_at, f"{cooldown.reason}: {cooldown.message}")
        way = self.ways.get(account)
        if way is not None and way.status is PathStatus.LAST:
            return Eligibility(account, Status.LAST, detail=PATH)
        if cooldowns:
            return Eligibility(account, Status.HALF_OPEN, detail=cooldowns[-1][1].reason)
        return Eligibility(account, Status.READY)

    def _below_reserve(self, account: int, model: str, now: float) -> Eligibility | None:
        """PROTECTED, until its quota is reset, if the account is below the reserve for the model.

        An account whose reset is unknown is not protected: nothing would end that.
        """
        candidate = self.accounts[account]
        left = candidate.remaining(model, now + self.ahead) if self.protection else None
        until = candidate.resets_at(model) if left is not None and left <= self.protection else None
        return None if until is None else Eligibility(account, Status.PROTECTED, until - self.ahead, f"{left:.0%} left")
