"""How the accounts are, all of them together, as this process knows it now: who is ready, who rests, who is parked."""

from dataclasses import dataclass
from datetime import UTC, datetime

from accounts_app import leasing, roster
from accounts_app.models import Account
from accounts_app.roster import AccountView


@dataclass(frozen=True, slots=True)
class Resting:
    """One rest that is on; `model` is empty when the whole account rests."""

    account: int
    email: str
    model: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    account: int
    email: str
    reason: Account.Parked


@dataclass(frozen=True, slots=True)
class Health:
    """`ready` accounts may rest for some models: those are in `partly` too. `aside` are disabled or stand by.

    `rests` come back soonest first.
    """

    ready: int
    partly: int
    resting: int
    parked: list[Parked]
    aside: int
    rests: list[Resting]
    under_way: int
    only_demo: bool

    @property
    def total(self) -> int:
        return self.ready + self.resting + len(self.parked)

    @property
    def next_recovery(self) -> Resting | None:
        return self.rests[0] if self.rests else None


def now(moment: float) -> Health:
    """At `moment` (seconds, epoch). Raises RosterUnavailable."""
    accounts = roster.current().accounts
    out = leasing.parked()
    serving = {one.id: one for one in accounts.values() if one.enabled and not one.standby}
    parked = {one.id: reason for one in serving.values() if (reason := one.parked or out.get(one.id, ""))}
    rests = [rest for rest in leasing.resting(moment) if rest[0] in serving and rest[0] not in parked]
    whole = {account for account, model, _ in rests if not model}
    told = [_resting(serving[account], model, rest.until, rest.reason) for account, model, rest in rests]
    return Health(
        ready=len(serving) - len(parked) - len(whole),
        partly=len({account for account, _, _ in rests} - whole),
        resting=len(whole),
        parked=[Parked(one, serving[one].email, Account.Parked(reason)) for one, reason in parked.items()],
        aside=len(accounts) - len(serving),
        rests=sorted(told, key=lambda rest: rest.until),
        under_way=leasing.in_flight(),
        only_demo=any(one.is_demo for one in serving.values()),
    )


def _resting(account: AccountView, model: str, until: float, reason: str) -> Resting:
    return Resting(account.id, account.email, model, datetime.fromtimestamp(until, UTC), reason)
