"""Bulk actions: renew tokens, fetch quotas or test, for the accounts that an operator has selected."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from asgiref.sync import async_to_sync

from accounts_app import http_client, roster
from accounts_app.credentials import quota, tokens
from accounts_app.credentials.tokens import CredentialError, NotEligible
from accounts_app.google.code_assist import CodeAssistError
from accounts_app.models import Account
from accounts_app.roster import AccountView

P = ParamSpec("P")
T = TypeVar("T")

# An operator may select a page of accounts; so many requests at once would look like an attack.
AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class BulkResult:
    """The result for one account: `trouble` is empty when it succeeded."""

    email: str
    trouble: str = ""


def renew_tokens(ids: Collection[int]) -> list[BulkResult]:
    """Renew access tokens, even if the present ones are still good."""
    return run(_each, ids, _renew)


def fetch_quotas(ids: Collection[int]) -> list[BulkResult]:
    """Fetch project, tier and quota."""
    return run(_each, ids, _fetch)


def ask_each(ids: Collection[int], ask: Callable[[int], Awaitable[T]]) -> list[tuple[str, T]]:
    """The result of `ask` for each account, with its email; deleted accounts are left out."""
    return run(_asked, ids, ask)


def run(work: Callable[P, Awaitable[T]], *args: P.args, **options: P.kwargs) -> T:
    """Run `work` from the thread of a view or a command and wait: on the server's event loop if there is one."""
    return async_to_sync(_and_close)(work, *args, **options)


async def _and_close(work: Callable[P, Awaitable[T]], *args: P.args, **options: P.kwargs) -> T:
    try:
        return await work(*args, **options)
    finally:
        # An event loop that async_to_sync made for this call ends with it, and its HTTP clients with it.
        if len(asyncio.all_tasks()) == 1:
            await http_client.close_all()


async def _each(ids: Collection[int], run: Callable[[AccountView], Awaitable[object]]) -> list[BulkResult]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def result(account: AccountView) -> BulkResult:
        async with gate:
            try:
                await run(account)
            except (CredentialError, CodeAssistError, NotEligible) as error:
                return BulkResult(account.email, str(error))
            return BulkResult(account.email)

    await roster.refresh()
    known = roster.current().accounts
    return list(await asyncio.gather(*(result(known[each]) for each in ids if each in known)))


async def _asked(ids: Collection[int], ask: Callable[[int], Awaitable[T]]) -> list[tuple[str, T]]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(account: AccountView) -> tuple[str, T]:
        async with gate:
            return account.email, await ask(account.id)

    await roster.refresh()
    known = roster.current().accounts
    return list(await asyncio.gather(*(one(known[each]) for each in ids if each in known)))


async def _renew(account: AccountView) -> None:
    if account.kind == Account.Kind.GEMINI_API:
        return
    tokens.expire(account.id)
    await tokens.access_token(account, time.time())


async def _fetch(account: AccountView) -> None:
    if account.kind == Account.Kind.GEMINI_API:
        return
    await tokens.access(account, time.time())
    await quota.update(account, time.time())
