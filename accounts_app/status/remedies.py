"""What is wrong with an account that needs attention, and what to do about it: the only place that says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts_app.models import Account
from accounts_app.status.translate import translated

Text = str | Promise

_WEB = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Remedy:
    """`title` says what is wrong, `sentence` what helps, `link_name` what Google's link is for, if it gives one."""

    title: Text
    sentence: Text
    link_name: Text = ""


REMEDIES: Mapping[Account.Parked, Remedy] = {
    Account.Parked.SIGN_IN: Remedy(
        _("Sign in again"), _("It answers again as soon as its owner has signed in to it here.")
    ),
    Account.Parked.VERIFY: Remedy(
        _("Google wants the account verified"),
        _("Open Google's page as the account's owner, then re-enable the account."),
        _("Verify at Google"),
    ),
    Account.Parked.TERMS: Remedy(
        _("Google says that its terms were violated"),
        _("Only the account's owner can appeal, at Google. Re-enable the account when the appeal was granted."),
        _("Appeal at Google"),
    ),
    Account.Parked.SUBSCRIPTION: Remedy(
        _("A subscription is required"), _("Renew it, then re-enable the account."), _("Renew at Google")
    ),
    Account.Parked.SERVICE_DISABLED: Remedy(
        _("A service is not enabled in its project"),
        _("Enable it in the Google Cloud console, then re-enable the account."),
        _("Enable at Google"),
    ),
    Account.Parked.MISCONFIGURED: Remedy(
        _("Misconfigured"), _("Correct on the account's page what the message says, then re-enable the account.")
    ),
    Account.Parked.BILLING: Remedy(
        _("Out of credits, or at its spending cap"),
        _("Add credits or raise the cap at Google. One call an hour tries the account, so it comes back by itself."),
    ),
    Account.Parked.SUSPENDED: Remedy(
        _("Suspended by Google"),
        _("Resolve it with Google. The account is checked regularly and comes back by itself."),
    ),
    Account.Parked.DEAD_KEY: Remedy(
        _("Its API key was leaked or deleted"), _("Make a new key at Google and set it on the account's page.")
    ),
    Account.Parked.BY_HAND: Remedy(_("Disabled by an operator"), _("Re-enable it in the list of accounts.")),
}


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing to do: a page to open, at Google's if `elsewhere`."""

    name: Text
    url: str
    elsewhere: bool = False


def message(account: Account) -> str:
    """Why it needs attention: Google's words or ours in the reader's language, else the name of the reason."""
    return translated(account.parked_message) or str(account.get_parked_display())


def action(account: Account) -> Action | None:
    """The link that helps, if any: to sign in again, or the one that Google gave."""
    if account.parked == Account.Parked.SIGN_IN and account.kind == Account.Kind.CLOUD_CODE and not account.is_demo:
        return Action(_("Sign in again"), reverse("admin:accounts_app_account_sign_in_again", args=[account.pk]))
    if account.parked and account.parked_link.startswith(_WEB):
        name = REMEDIES[Account.Parked(account.parked)].link_name
        return Action(name or _("Fix at Google"), account.parked_link, elsewhere=True)
    return None
