"""The state of all accounts together, as this process knows it now: how many are ready, and why the others are not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from accounts_app import leasing, roster
from accounts_app.models import Account
from accounts_app.roster import AccountView


@dataclass(frozen=True, slots=True)
class CoolingDown:
    """A cooldown in force; `model` is empty when it is the whole account's."""

    account: int
    email: str
    model: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class NeedsAttention:
    """An account that is out of service until its owner acts, and the reason."""

    account: int
    email: str
    reason: Account.Parked


@dataclass(frozen=True, slots=True)
class PoolSummary:
    """Each account counts once: as ready, cooling down, in need of attention or out of service (disabled, standby).

    `partly` counts the ready accounts that are cooling down for some models. `cooldowns` are sorted by their end.
    """

    ready: int
    partly: int
    cooling_down: int
    needs_attention: list[NeedsAttention]
    out_of_service: int
    cooldowns: list[CoolingDown]
    in_flight: int
    only_demo: bool

    @property
    def total(self) -> int:
        """The accounts that are in service, or are to be again."""
        return self.ready + self.cooling_down + len(self.needs_attention)

    @property
    def next_recovery(self) -> CoolingDown | None:
        return self.cooldowns[0] if self.cooldowns else None


def now(moment: float) -> PoolSummary:
    """At `moment` (seconds, epoch). Raises RosterUnavailable."""
    accounts = roster.current().accounts
    decided = leasing.taken_out()
    reasons = {one.id: one.parked or decided.get(one.id, "") for one in accounts.values()}
    serving = {
        one.id: one
        for one in accounts.values()
        if one.enabled and not one.standby and reasons[one.id] != Account.Parked.BY_HAND
    }
    parked = [
        NeedsAttention(one.id, one.email, Account.Parked(reasons[one.id]))
        for one in serving.values()
        if reasons[one.id]
    ]
    cooling = [each for each in leasing.cooldowns(moment) if each[0] in serving and not reasons[each[0]]]
    whole = {account for account, model, _ in cooling if not model}
    cooldowns = [_cooling_down(serving[account], model, each.until, each.reason) for account, model, each in cooling]
    return PoolSummary(
        ready=len(serving) - len(parked) - len(whole),
        partly=len({account for account, _, _ in cooling} - whole),
        cooling_down=len(whole),
        needs_attention=parked,
        out_of_service=len(accounts) - len(serving),
        cooldowns=sorted(cooldowns, key=lambda each: each.until),
        in_flight=leasing.in_flight(),
        only_demo=any(one.is_demo for one in serving.values()),
    )


def _cooling_down(account: AccountView, model: str, until: float, reason: str) -> CoolingDown:
    return CoolingDown(account.id, account.email, model, datetime.fromtimestamp(until, UTC), reason)
