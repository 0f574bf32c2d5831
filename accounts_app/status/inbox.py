"""What needs a person: accounts whose owner has to do something, and settings that would fail quietly."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.core.checks import CheckMessage
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts_app.models import Account
from accounts_app.status import checks
from accounts_app.status.translate import translated

WEB = ("https://", "http://")
# An operator's own doing needs nobody else.
SETTLED = (Account.Parked.NO, Account.Parked.BY_HAND)
# The checks read files and tables: not anew for every page that shows how many there are.
CHECKS_KEPT_SECONDS = 20
# What the settings page can put right.
ON_THE_SETTINGS_PAGE = ("gateway.W001", "gateway.W002", "gateway.W003")

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing to do: a page to open, at Google's if `elsewhere`."""

    name: Text
    url: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """`key` names the event: the same account parked again is another one. `account` is None for a check."""

    key: str
    reason: str
    title: Text
    detail: str
    action: Action | None
    since: datetime | None = None
    account: int | None = None
    email: str = ""
    remedy: Text = ""


_TITLES = {
    Account.Parked.SIGN_IN: _("Sign in again"),
    Account.Parked.VERIFY: _("Google wants to know that it is you"),
    Account.Parked.TERMS: _("Google says that its terms were violated"),
    Account.Parked.SUBSCRIPTION: _("Its subscription is needed"),
    Account.Parked.SERVICE_DISABLED: _("A service is not enabled in its project"),
    Account.Parked.MISCONFIGURED: _("Misconfigured"),
    Account.Parked.BILLING: _("Out of credits, or at its spending cap"),
    Account.Parked.SUSPENDED: _("Suspended by Google"),
    Account.Parked.DEAD_KEY: _("Its API key was leaked or deleted"),
}
_REMEDIES = {
    Account.Parked.SIGN_IN: _("It answers again as soon as its owner has signed in."),
    Account.Parked.VERIFY: _("Open Google's page as its owner, then revive the account."),
    Account.Parked.TERMS: _("Only its owner can appeal, at Google. Revive the account when the appeal was granted."),
    Account.Parked.SUBSCRIPTION: _("Renew it, then revive the account."),
    Account.Parked.SERVICE_DISABLED: _("Enable it in the Google Cloud console, then revive the account."),
    Account.Parked.MISCONFIGURED: _("Correct on its page what the message says, then revive the account."),
    Account.Parked.BILLING: _(
        "Add credits or raise the cap at Google. A call tries it each hour, and it is back by itself."
    ),
    Account.Parked.SUSPENDED: _("Settle it with Google. It is asked now and then, and is back by itself."),
    Account.Parked.DEAD_KEY: _("Make a new key at Google and set it on the account's page."),
}
_AT_GOOGLE = {
    Account.Parked.VERIFY: _("Verify at Google"),
    Account.Parked.TERMS: _("Appeal at Google"),
    Account.Parked.SUBSCRIPTION: _("Renew at Google"),
    Account.Parked.SERVICE_DISABLED: _("Enable at Google"),
}


def about_accounts() -> list[Item]:
    """The accounts that wait for their owners, the longest first. Raises Django's database errors."""
    rows = Account.objects.filter(enabled=True).exclude(parked__in=SETTLED).order_by("parked_at", "pk")
    fields = ("pk", "email", "kind", "is_demo", "parked", "parked_message", "parked_link", "parked_at")
    return [_about(account) for account in rows.only(*fields)]


def about_settings() -> list[Item]:
    """What the system checks say. Raises Django's database errors."""
    kept = f"inbox:checks:{get_language()}"
    found = cache.get(kept)
    if found is None:
        found = [(str(one.id), str(one.msg), str(one.hint or "")) for one in _said(checks.check_gateway())]
        cache.set(kept, found, CHECKS_KEPT_SECONDS)
    return [_of_check(*one) for one in found]


def number_of_accounts() -> int:
    """How many accounts wait for their owners. Raises Django's database errors."""
    return Account.objects.filter(enabled=True).exclude(parked__in=SETTLED).count()


def _about(account: Account) -> Item:
    reason = Account.Parked(account.parked)
    page = reverse("admin:accounts_app_account_change", args=[account.pk])
    since = account.parked_at.isoformat() if account.parked_at else ""
    return Item(
        key=f"account:{account.pk}:{reason.value}:{since}",
        reason=reason.value,
        title=_TITLES[reason],
        detail=translated(account.parked_message),
        action=_action(account, reason, page),
        since=account.parked_at,
        account=account.pk,
        email=account.email,
        remedy=_REMEDIES[reason],
    )


def _action(account: Account, reason: Account.Parked, page: str) -> Action:
    if reason is Account.Parked.SIGN_IN and account.kind == Account.Kind.CLOUD_CODE and not account.is_demo:
        return Action(_("Sign in again"), reverse("admin:accounts_app_account_sign_in_again", args=[account.pk]))
    if account.parked_link.startswith(WEB) and reason in _AT_GOOGLE:
        return Action(_AT_GOOGLE[reason], account.parked_link, elsewhere=True)
    return Action(_("Open the account"), page)


def _said(found: Iterable[CheckMessage]) -> list[CheckMessage]:
    return [message for message in found if not message.is_silenced()]


def _of_check(check: str, message: str, hint: str) -> Item:
    action = None
    if check in ON_THE_SETTINGS_PAGE:
        action = Action(_("Open the settings"), reverse("admin:accounts_app_gatewaysettings_changelist"))
    return Item(key=f"check:{check}", reason=check, title=message, detail="", action=action, remedy=hint)
