"""The project of an account's calls: determined by onboarding when it is first needed, and stored."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from django.db import Error as DatabaseError

from accounts_app import roster
from accounts_app.google import onboarding
from accounts_app.google.access import Access
from accounts_app.google.onboarding import NotEligible, Onboarding
from accounts_app.models import Account
from accounts_app.roster import AccountView
from accounts_app.storage.single_flight import SingleFlight
from accounts_app.storage.worker import soon_in_database

# Projects that the roster may not show yet. Only touched on the event loop's thread.
_found: dict[int, str] = {}
_onboarding: SingleFlight[int, str] = SingleFlight("find project of account")


async def ensure(account: AccountView, access: Access, now: float) -> str:
    """The account's project, asked for once however many wait. `now` in seconds, epoch.

    Raises NotEligible (the account then needs attention), code_assist.Refused, code_assist.Unreachable.
    """
    if project := account.project or _found.get(account.id):
        return project
    return await _onboarding.run(account.id, partial(_find, account.id, access, now))


def store(account_id: int, seen_project: str, outcome: Onboarding) -> bool:
    """Write project and tier; False when the project is no longer what it was: an operator's word stands."""
    unchanged = Account.objects.filter(pk=account_id, project=seen_project)
    return bool(unchanged.update(project=outcome.project, tier=outcome.tier))


def take_out(account_id: int, why: NotEligible, now: float) -> bool:
    """Take an account out of service that Google gives no project, unless it has got one or is out by now."""
    without = Account.objects.filter(pk=account_id, project="", parked="")
    moment = datetime.fromtimestamp(now, UTC)
    return bool(without.update(parked=why.parked, parked_message=str(why), parked_link=why.link, parked_at=moment))


def reset() -> None:
    """Forget everything. For tests."""
    _found.clear()
    _onboarding.reset()


@roster.on_change
def _forget_shown(snapshot: roster.Roster) -> None:
    """Forget the projects that are in the roster now: one that an operator clears after that is asked for anew."""
    for account_id in list(_found):
        account = snapshot.accounts.get(account_id)
        if account is None or account.project:
            del _found[account_id]


async def _find(account_id: int, access: Access, now: float) -> str:
    try:
        outcome = await onboarding.onboard(access)
    except NotEligible as why:
        with suppress(DatabaseError):
            await soon_in_database(take_out, account_id, why, now)
        raise
    _found[account_id] = outcome.project
    # Without a database the project is known in this process, and asked for again after a restart.
    with suppress(DatabaseError):
        await soon_in_database(store, account_id, access.project, outcome)
    return outcome.project
