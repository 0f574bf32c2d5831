"""What requires an operator's action: accounts that need attention, and configuration warnings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.core.checks import CheckMessage
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts_app.models import Account
from accounts_app.status import checks, remedies
from accounts_app.status.remedies import REMEDIES, Action, Text
from accounts_app.status.translate import translated

# An operator who has disabled an account knows it.
NO_ACTION_REQUIRED = (Account.Parked.NO, Account.Parked.BY_HAND)
# The checks read files and tables: not anew for every page that shows how many there are.
CHECKS_KEPT_SECONDS = 20
# The checks that the settings page can fix.
ON_THE_SETTINGS_PAGE = ("gateway.W001", "gateway.W002", "gateway.W003")


@dataclass(frozen=True, slots=True)
class Item:
    """`key` names the event: another failure of the same account is another one. `account` is None for a check."""

    key: str
    reason: str
    title: Text
    detail: str
    action: Action | None
    since: datetime | None = None
    account: int | None = None
    email: str = ""
    remedy: Text = ""


def about_accounts() -> list[Item]:
    """The accounts that need attention, the longest first. Raises Django's database errors."""
    rows = Account.objects.filter(enabled=True).exclude(parked__in=NO_ACTION_REQUIRED).order_by("parked_at", "pk")
    fields = ("pk", "email", "kind", "is_demo", "parked", "parked_message", "parked_link", "parked_at")
    return [_about(account) for account in rows.only(*fields)]


def about_settings() -> list[Item]:
    """The configuration warnings. Raises Django's database errors."""
    kept = f"inbox:checks:{get_language()}"
    found = cache.get(kept)
    if found is None:
        found = [(str(one.id), str(one.msg), str(one.hint or "")) for one in _not_silenced(checks.check_gateway())]
        cache.set(kept, found, CHECKS_KEPT_SECONDS)
    return [_of_check(*one) for one in found]


def number_of_accounts() -> int:
    """How many accounts need attention. Raises Django's database errors."""
    return Account.objects.filter(enabled=True).exclude(parked__in=NO_ACTION_REQUIRED).count()


def _about(account: Account) -> Item:
    reason = Account.Parked(account.parked)
    page = reverse("admin:accounts_app_account_change", args=[account.pk])
    since = account.parked_at.isoformat() if account.parked_at else ""
    return Item(
        key=f"account:{account.pk}:{reason.value}:{since}",
        reason=reason.value,
        title=REMEDIES[reason].title,
        detail=translated(account.parked_message),
        action=remedies.action(account) or Action(_("Open the account"), page),
        since=account.parked_at,
        account=account.pk,
        email=account.email,
        remedy=REMEDIES[reason].sentence,
    )


def _not_silenced(found: Iterable[CheckMessage]) -> list[CheckMessage]:
    return [message for message in found if not message.is_silenced()]


def _of_check(check: str, message: str, hint: str) -> Item:
    action = None
    if check in ON_THE_SETTINGS_PAGE:
        action = Action(_("Open the settings"), reverse("admin:accounts_app_gatewaysettings_changelist"))
    return Item(key=f"check:{check}", reason=check, title=message, detail="", action=action, remedy=hint)
