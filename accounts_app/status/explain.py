"""Account eligibility: which accounts can answer for a model as this process knows it, and what helps the others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts_app import leasing, roster
from accounts_app.leasing import Eligibility, Status
from accounts_app.models import Account
from accounts_app.pool.choice.eligibility import PATH
from accounts_app.roster import AccountView
from accounts_app.status import remedies
from accounts_app.status.account_state import spoken
from accounts_app.status.labels import cause_label
from accounts_app.status.remedies import REMEDIES, Action, Text
from accounts_app.status.translate import translated


@dataclass(frozen=True, slots=True)
class Label:
    """A status in the console: `tone` is one of its colours, `remedy` what its operator can do."""

    name: Text
    tone: str
    remedy: Text


LABELS = {
    Status.READY: Label(
        gettext_lazy("ready"), "success", gettext_lazy("Account selection decides which ready account answers.")
    ),
    Status.HALF_OPEN: Label(
        gettext_lazy("half-open"), "success", gettext_lazy("Its cooldown is over; the next call probes it.")
    ),
    Status.LAST: Label(
        gettext_lazy("deprioritized"), "warning", gettext_lazy("It is used when no other account is left.")
    ),
    Status.PROBING: Label(
        gettext_lazy("probing"), "info", gettext_lazy("One call is finding out whether it answers again.")
    ),
    Status.FULL: Label(
        gettext_lazy("busy"), "info", gettext_lazy("Wait for a call to end, or raise its max concurrent requests.")
    ),
    Status.COOLING_DOWN: Label(gettext_lazy("cooling down"), "warning", gettext_lazy("Wait, or clear its cooldowns.")),
    Status.NO_TOKEN: Label(
        gettext_lazy("no access token"), "warning", gettext_lazy("Its token endpoint cannot be reached now.")
    ),
    Status.NO_PATH: Label(
        gettext_lazy("no connection"), "warning", gettext_lazy("Check its proxy, and the network of this machine.")
    ),
    Status.PROTECTED: Label(
        gettext_lazy("below reserve"),
        "warning",
        gettext_lazy("Wait, fetch its quota again, or lower the quota reserve in the settings."),
    ),
    Status.NEEDS_ATTENTION: Label(gettext_lazy("needs attention"), "danger", ""),
    Status.NOT_ALLOWED: Label(
        gettext_lazy("model not allowed"), "info", gettext_lazy("Its page lists the models it may answer for.")
    ),
    Status.STANDBY: Label(
        gettext_lazy("standby"), "info", gettext_lazy("It answers only while no other account is connected.")
    ),
    Status.DISABLED: Label(gettext_lazy("disabled"), "info", gettext_lazy("Enable it on its page.")),
    Status.UNKNOWN: Label(gettext_lazy("deleted"), "info", gettext_lazy("It has just been deleted.")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One account's eligibility. `left` is the time to `until`, in words; `action` is a link that helps, if any."""

    account: int
    email: str
    label: Label
    reason: str
    until: datetime | None
    left: str
    remedy: Text
    action: Action | None = None


def eligibility(model: str, now: float) -> list[Eligibility]:
    """Every account's status for `model`, those that cannot answer last. Raises RosterUnavailable."""
    order = list(LABELS)
    return sorted(leasing.eligibility(model, now), key=lambda each: (order.index(each.status), each.account))


def in_words(found: Collection[Eligibility], model: str, now: float) -> list[Line]:
    """The same for people; reads the rows of the accounts that need attention. Raises RosterUnavailable."""
    accounts = roster.current().accounts
    parked = [each.account for each in found if each.status is Status.NEEDS_ATTENTION]
    rows = Account.objects.only("kind", "is_demo", "parked", "parked_message", "parked_link").in_bulk(parked)
    return [_line(each, accounts.get(each.account), rows.get(each.account), model, now) for each in found]


def named(accounts: str) -> set[int]:
    """The accounts whose email or label has `accounts` in it. Raises RosterUnavailable."""
    wanted = accounts.casefold()
    return {account.id for account in roster.current().accounts.values() if wanted in account.email.casefold()}


def models() -> list[str]:
    """The models worth asking about: of quotas, routes and cooldowns. Raises RosterUnavailable."""
    known = roster.current()
    names = {name for account in known.accounts.values() for name in account.quota}
    names.update(pattern for pattern in known.routes.targets if "*" not in pattern)
    return sorted(names | leasing.cooldown_models())


def _line(found: Eligibility, account: AccountView | None, row: Account | None, model: str, now: float) -> Line:
    until = None if found.until is None else datetime.fromtimestamp(found.until, UTC)
    left = "" if found.until is None else spoken(timedelta(seconds=found.until - now))
    email = account.email if account else ""
    if found.status is Status.NEEDS_ATTENTION:
        # A decision of this process reaches the row a second later: until then there is its reason alone.
        row = row or Account(pk=found.account, kind=account.kind if account else "")
        row.parked = row.parked or found.detail
        return _needs_attention(found, email, row, until, left)
    reason = _cause(found)
    if found.eligible and account is not None and (remaining := account.remaining(model, now)) is not None:
        reason = _("%(part)s of its quota left") % {"part": f"{remaining:.0%}"}
    label = LABELS[found.status]
    return Line(found.account, email, label, reason, until, left, label.remedy)


def _needs_attention(found: Eligibility, email: str, row: Account, until: datetime | None, left: str) -> Line:
    by_hand = row.parked == Account.Parked.BY_HAND
    label = LABELS[Status.DISABLED if by_hand else Status.NEEDS_ATTENTION]
    remedy = REMEDIES[Account.Parked(row.parked)].sentence
    return Line(found.account, email, label, remedies.message(row), until, left, remedy, remedies.action(row))


def _cause(found: Eligibility) -> str:
    """The cause of a status; of a cooldown it is an outcome, and upstream's message."""
    if found.status is Status.LAST and found.detail == PATH:
        return _("its path to Google is silent, blocked or does not answer as the API does")
    if found.status in (Status.COOLING_DOWN, Status.HALF_OPEN, Status.LAST):
        outcome, _colon, message = found.detail.partition(": ")
        return cause_label(outcome, message)
    return translated(found.detail)
