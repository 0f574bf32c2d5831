"""The steps after an account was connected: its project and tier, then its quota. Each may be taken again."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from accounts_app import roster
from accounts_app.actions import accounts
from accounts_app.credentials import project, quota, tokens
from accounts_app.credentials.tokens import CredentialError, NotEligible
from accounts_app.google import onboarding
from accounts_app.google.code_assist import CodeAssistError, Refused
from accounts_app.google.onboarding import Ineligible, Onboarding
from accounts_app.models import Account
from accounts_app.pool import foreign_text
from accounts_app.roster import AccountView
from accounts_app.storage.single_flight import SingleFlight
from accounts_app.storage.worker import in_database

# The reasons that are over once Google gives the account a project.
LET_IN = (Account.Parked.VERIFY, Account.Parked.MISCONFIGURED)


class Step(StrEnum):
    PROJECT = "project"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class SetupResult:
    """The result of a step: `trouble` is empty when it succeeded, `reasons` are Google's for tiers it does not give."""

    trouble: str = ""
    reasons: tuple[Ineligible, ...] = ()


_setups: SingleFlight[int, SetupResult] = SingleFlight("set up account")


async def run_step(
    account_id: int, step: Step, now: float, *, poll_seconds: float = onboarding.POLL_SECONDS
) -> SetupResult:
    """Take one step. `now` in seconds, epoch.

    A sign-up can take Google a minute: it goes on when the caller leaves, and a second caller joins it.
    """
    if step is Step.QUOTA:
        return await _quota(account_id, now)
    return await _setups.run(account_id, partial(_project, account_id, now, poll_seconds))


async def _project(account_id: int, now: float, poll_seconds: float) -> SetupResult:
    account = await _current(account_id)
    if account is None:
        return SetupResult("This account has been deleted.")
    try:
        found = await onboarding.onboard(await tokens.access_as_it_is(account, now), poll_seconds=poll_seconds)
    except NotEligible as why:
        await in_database(project.take_out, account_id, why, now)
        return SetupResult(str(why), why.reasons)
    except (CredentialError, CodeAssistError) as error:
        return SetupResult(_message(error))
    await in_database(project.store, account_id, account.project, found)
    await in_database(accounts.put_back, account_id, LET_IN)
    return SetupResult(reasons=_other_tiers(found))


async def _quota(account_id: int, now: float) -> SetupResult:
    account = await _current(account_id)
    if account is None:
        return SetupResult("This account has been deleted.")
    try:
        await quota.update(account, now)
    except NotEligible as why:
        return SetupResult(str(why), why.reasons)
    except (CredentialError, CodeAssistError) as error:
        return SetupResult(_message(error))
    return SetupResult()


async def _current(account_id: int) -> AccountView | None:
    await roster.refresh()
    return roster.current().accounts.get(account_id)


def _other_tiers(found: Onboarding) -> tuple[Ineligible, ...]:
    """Google's reasons for tiers that the account does not get, without the tier it has."""
    return tuple(each for each in found.ineligible if each.tier != found.tier)


def _message(error: CredentialError | CodeAssistError) -> str:
    """The error, with Google's own sentence where there is one."""
    if isinstance(error, Refused):
        try:
            message = foreign_text.decoded(error.body)["error"]["message"]
        except (foreign_text.NotJson, KeyError, TypeError):
            message = ""
        if isinstance(message, str) and message:
            return f"{error} {message[:500]}"
    return str(error)
