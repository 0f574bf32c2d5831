"""Why each account answers for a model or does not, as this process knows it now: in words, and what to do about it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts_app import leasing, roster
from accounts_app.leasing import Eligibility, Status
from accounts_app.models import Account
from accounts_app.pool.choice.eligibility import PATH
from accounts_app.roster import AccountView
from accounts_app.status.account_state import spoken
from accounts_app.status.labels import cause_label
from accounts_app.status.translate import translated

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Label:
    """A standing in the console: `tone` is one of its colours, `remedy` what its operator can do."""

    name: Text
    tone: str
    remedy: Text


LABELS = {
    Status.READY: Label(
        gettext_lazy("ready"), "success", gettext_lazy("Which of the ready ones answers goes by the settings.")
    ),
    Status.HALF_OPEN: Label(
        gettext_lazy("to be tried out"), "success", gettext_lazy("Its rest is over; the next call finds out.")
    ),
    Status.LAST: Label(
        gettext_lazy("stands last"), "warning", gettext_lazy("It is asked when no other account is left.")
    ),
    Status.PROBING: Label(
        gettext_lazy("being tried out"), "info", gettext_lazy("One call is finding out whether it answers again.")
    ),
    Status.FULL: Label(
        gettext_lazy("busy"), "info", gettext_lazy("Wait for a call to end, or allow it more calls at once.")
    ),
    Status.COOLING_DOWN: Label(gettext_lazy("resting"), "warning", gettext_lazy("Wait, or end its rests.")),
    Status.NO_TOKEN: Label(
        gettext_lazy("no access token"), "warning", gettext_lazy("Its token endpoint cannot be reached now.")
    ),
    Status.NO_PATH: Label(
        gettext_lazy("no connection"), "warning", gettext_lazy("Look at its proxy, and at the network of this machine.")
    ),
    Status.PROTECTED: Label(
        gettext_lazy("keeps its quota"),
        "warning",
        gettext_lazy("Wait, fetch its quota anew, or keep less of every quota in the settings."),
    ),
    Status.PARKED: Label(gettext_lazy("parked"), "danger", ""),
    Status.NOT_ALLOWED: Label(
        gettext_lazy("not for this model"), "info", gettext_lazy("Its page lists the models it may answer for.")
    ),
    Status.STANDBY: Label(
        gettext_lazy("stands by"), "info", gettext_lazy("It answers only while no other account is connected.")
    ),
    Status.DISABLED: Label(gettext_lazy("disabled"), "info", gettext_lazy("Enable it on its page.")),
    Status.UNKNOWN: Label(gettext_lazy("gone"), "info", gettext_lazy("It has just been deleted.")),
}

PARKED_REMEDIES = {
    Account.Parked.SIGN_IN: gettext_lazy("Sign in again with this account."),
    Account.Parked.VERIFY: gettext_lazy("Open the link as this account's owner, then revive the account."),
    Account.Parked.TERMS: gettext_lazy("Settle it with Google as this account's owner, then revive the account."),
    Account.Parked.SUBSCRIPTION: gettext_lazy("Renew its subscription, then revive the account."),
    Account.Parked.SERVICE_DISABLED: gettext_lazy("Enable the service in its Google Cloud project, then revive it."),
    Account.Parked.MISCONFIGURED: gettext_lazy("Correct what the message says on its page, then revive the account."),
    Account.Parked.BILLING: gettext_lazy(
        "Add credits or raise the spending cap at Google; it then comes back by itself."
    ),
    Account.Parked.SUSPENDED: gettext_lazy("Settle it with Google; it then comes back by itself."),
    Account.Parked.DEAD_KEY: gettext_lazy("Make a new key at Google and set it on its page."),
    Account.Parked.BY_HAND: gettext_lazy("Revive it in the list of accounts."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One account's standing. `still` counts down to `until`; `link` is where its owner puts it right, or ""."""

    account: int
    email: str
    standing: Status
    why: str
    until: datetime | None
    still: str
    remedy: Text
    link: str = ""

    @property
    def words(self) -> Label:
        return LABELS[self.standing]


def eligibility(model: str, now: float) -> list[Eligibility]:
    """Every account's standing for `model`, those that cannot answer last. Raises RosterUnavailable."""
    order = list(LABELS)
    return sorted(leasing.eligibility(model, now), key=lambda each: (order.index(each.status), each.account))


def in_words(found: Collection[Eligibility], model: str, now: float) -> list[Line]:
    """The same in words; reads the rows of those that are parked. Raises RosterUnavailable."""
    accounts = roster.current().accounts
    parked = [each.account for each in found if each.status is Status.PARKED]
    rows = Account.objects.only("parked", "parked_message", "parked_link").in_bulk(parked)
    return [_line(each, accounts.get(each.account), rows.get(each.account), model, now) for each in found]


def named(accounts: str) -> set[int]:
    """The accounts whose email or label has `accounts` in it. Raises RosterUnavailable."""
    wanted = accounts.casefold()
    return {account.id for account in roster.current().accounts.values() if wanted in account.email.casefold()}


def models() -> list[str]:
    """The models worth asking about: of quotas, routes and rests. Raises RosterUnavailable."""
    known = roster.current()
    names = {name for account in known.accounts.values() for name in account.quota}
    names.update(pattern for pattern in known.routes.targets if "*" not in pattern)
    names.update(model for _, model in known.cooldowns if model)
    return sorted(names)


def _line(found: Eligibility, account: AccountView | None, row: Account | None, model: str, now: float) -> Line:
    until = None if found.until is None else datetime.fromtimestamp(found.until, UTC)
    still = "" if found.until is None else spoken(timedelta(seconds=found.until - now))
    email = account.email if account else ""
    if found.status is Status.PARKED:
        # A verdict of this moment may not have reached the row yet.
        reason = Account.Parked((row and row.parked) or found.detail)
        message = (row and row.parked_message) or str(reason.label)
        link = row.parked_link if row else ""
        return Line(
            found.account, email, found.status, translated(message), until, still, PARKED_REMEDIES[reason], link
        )
    why = _cause(found)
    if found.eligible and account is not None and (left := account.remaining(model, now)) is not None:
        why = _("%(part)s of its quota left") % {"part": f"{left:.0%}"}
    return Line(found.account, email, found.status, why, until, still, LABELS[found.status].remedy)


def _cause(found: Eligibility) -> str:
    """The cause of a standing; of a rest it is an outcome, and what upstream said."""
    if found.status is Status.LAST and found.detail == PATH:
        return _("its path to Google is silent, blocked or does not answer as the API does")
    if found.status in (Status.COOLING_DOWN, Status.HALF_OPEN, Status.LAST):
        outcome, _colon, message = found.detail.partition(": ")
        return cause_label(outcome, message)
    return translated(found.detail)
