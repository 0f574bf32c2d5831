"""What a newly connected account still lacks: its project and tier, then its quota. Each may be asked for again."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from accounts_app import roster
from accounts_app.actions import accounts
from accounts_app.credentials import quota, tokens
from accounts_app.credentials.tokens import CredentialError, NotEligible
from accounts_app.google import onboarding
from accounts_app.google.code_assist import CodeAssistError, Refused
from accounts_app.google.onboarding import Ineligible, Onboarding
from accounts_app.models import Account
from accounts_app.roster import AccountView
from accounts_app.storage.worker import in_database

# What an account is parked for until Google gives it a project.
LET_IN = (Account.Parked.VERIFY, Account.Parked.MISCONFIGURED)


class Step(StrEnum):
    PROJECT = "project"
    QUOTA = "quota"


@dataclass(frozen=True, slots=True)
class SetupResult:
    """How a step went: `trouble` is empty when it went well. `reasons` are Google's, for tiers it does not give."""

    trouble: str = ""
    reasons: tuple[Ineligible, ...] = ()


# The mutable state of this module: sign-ups under way, of which an account needs one. Only touched on the event loop.
_under_way: dict[int, asyncio.Task[SetupResult]] = {}


async def run_step(
    account_id: int, step: Step, now: float, *, poll_seconds: float = onboarding.POLL_SECONDS
) -> SetupResult:
    """Take one step. `now` in seconds, epoch.

    A sign-up can take Google a minute: it goes on when the caller leaves, and a second caller joins it.
    """
    if step is Step.QUOTA:
        return await _quota(account_id, now)
    task = _under_way.get(account_id)
    if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
        task = _under_way[account_id] = asyncio.create_task(_project(account_id, now, poll_seconds))
        task.add_done_callback(lambda ended: _ended(account_id, ended))
    return await asyncio.shield(task)


def _ended(account_id: int, task: asyncio.Task[SetupResult]) -> None:
    if _under_way.get(account_id) is task:
        del _under_way[account_id]
    if not task.cancelled():
        task.exception()  # whoever waits gets it; when all have left nobody needs it


async def _project(account_id: int, now: float, poll_seconds: float) -> SetupResult:
    account = await _seen(account_id)
    if account is None:
        return SetupResult("This account has been deleted.")
    try:
        token = await tokens.access_token(account, now)
        found = await onboarding.onboard(account, token, poll_seconds=poll_seconds)
    except NotEligible as why:
        await in_database(onboarding.park, account_id, why, now)
        return SetupResult(str(why), why.reasons)
    except (CredentialError, CodeAssistError) as error:
        return SetupResult(_words(error))
    await in_database(onboarding.store, account_id, account.project, found)
    await in_database(accounts.unpark, account_id, LET_IN)
    return SetupResult(reasons=_worth_telling(found))


async def _quota(account_id: int, now: float) -> SetupResult:
    account = await _seen(account_id)
    if account is None:
        return SetupResult("This account has been deleted.")
    try:
        await quota.update(account, now)
    except (CredentialError, CodeAssistError) as error:
        return SetupResult(_words(error))
    return SetupResult()


async def _seen(account_id: int) -> AccountView | None:
    await roster.refresh()
    return roster.current().accounts.get(account_id)


def _worth_telling(found: Onboarding) -> tuple[Ineligible, ...]:
    """The tiers the account has not got, other than for having a better one."""
    return tuple(each for each in found.ineligible if each.tier != found.tier)


def _words(error: CredentialError | CodeAssistError) -> str:
    """Upstream's own sentence where there is one."""
    if isinstance(error, Refused):
        try:
            body = msgspec.json.decode(error.body)
            message = body["error"]["message"]
        except (msgspec.DecodeError, KeyError, TypeError):
            message = ""
        if isinstance(message, str) and message:
            return f"{error} {message[:500]}"
    return str(error)
