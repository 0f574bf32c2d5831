"""The quota of accounts: stored with each, and kept up to date for those in use.

It is a weight for choosing, never a proof that an account cannot answer: what Google reports is not always what it
enforces.
"""

import asyncio
import logging
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db.models import Q, QuerySet

from accounts_app import roster
from accounts_app.credentials import model_lists, tokens
from accounts_app.google.code_assist import CodeAssistError, Refused
from accounts_app.google.quota import ModelQuota, fetch
from accounts_app.models import Account
from accounts_app.roster import AccountView
from accounts_app.storage.single_flight import SingleFlight
from accounts_app.storage.worker import in_database

# Quotas of accounts in use are fetched this often, give or take SPREAD, so that they are not fetched together.
EVERY = timedelta(minutes=15)
# The model lists of Gemini API keys change about once a week.
LIST_EVERY = timedelta(hours=6)
SPREAD = timedelta(minutes=3)
FETCHES_AT_ONCE = 4
# What a node can fetch in one round; more would be claimed for nothing if the node ended meanwhile.
CLAIMS_AT_ONCE = 200

_fetches: SingleFlight[int, dict[str, ModelQuota]] = SingleFlight("fetch quota of account", logging.INFO)
_lists: SingleFlight[int, model_lists.Models] = SingleFlight("fetch model list of account", logging.INFO)


def store(account_id: int, found: Mapping[str, ModelQuota], now: float) -> bool:
    """Write a quota unless a later one is stored; one that is much later was written by a node with a wrong clock."""
    moment = datetime.fromtimestamp(now, UTC)
    earlier = Q(quota_fetched_at=None) | ~Q(quota_fetched_at__range=(moment, moment + EVERY))
    quota = {model: asdict(each) for model, each in found.items()}
    rows = Account.objects.filter(earlier, pk=account_id)
    return bool(rows.update(quota=quota, quota_fetched_at=moment, quota_asked_at=moment))


async def update(account: AccountView, now: float) -> dict[str, ModelQuota]:
    """Fetch and store, once however many ask; a missing project is determined first, a refused token renewed.

    Raises CredentialError, NotEligible, CodeAssistError.
    """
    return await _fetches.run(account.id, partial(_update, account, now))


async def _update(account: AccountView, now: float) -> dict[str, ModelQuota]:
    access = await tokens.access(account, now)
    try:
        found = await fetch(access)
    except Refused as refused:
        if refused.status != 401:
            raise
        tokens.expire(account.id, access.token)
        found = await fetch(await tokens.access(account, now))
    await in_database(store, account.id, found, now)
    return found


async def update_due(now: float) -> int:
    """Update the accounts that are due. Returns how many succeeded. For a loop, about once a minute, on every node.

    A Gemini API key has no quota to fetch, but a list of models of its own.
    """
    accounts = roster.current().accounts
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def one(account: AccountView) -> bool:
        async with gate:
            try:
                if account.kind == Account.Kind.GEMINI_API:
                    await _lists.run(account.id, partial(model_lists.update, account, now))
                else:
                    await update(account, now)
            except (tokens.CredentialError, tokens.NotEligible, CodeAssistError):
                return False
            return True

    claimed = [accounts[each] for each in await in_database(claim_due, now) if each in accounts]
    return sum(await asyncio.gather(*(one(account) for account in claimed)))


async def cancel() -> None:
    """End the fetches in flight. For shutdown."""
    await asyncio.gather(_fetches.cancel(), _lists.cancel())


def claim_due(now: float) -> list[int]:
    """Claim the accounts whose quota or model list is due, by moving their `quota_asked_at`: one node gets each.

    Due are accounts in use whose last fetch is a quarter of an hour ago, and each account once after it was connected.
    A fetch that fails is tried again after the usual time. A fetch in the future was noted by a node with a wrong
    clock.
    """
    moment = datetime.fromtimestamp(now, UTC)
    serving = Account.objects.filter(enabled=True, parked="")
    connected = Q(quota_asked_at=None, is_demo=False)
    in_use = Q(last_used_at__gte=moment - EVERY) & (
        Q(quota_asked_at=None) | ~Q(quota_asked_at__range=(moment - EVERY + SPREAD, moment + EVERY))
    )
    claimed = []
    due = serving.filter(connected | in_use).values_list("pk", "kind", "quota_asked_at")
    for account_id, kind, asked_at in list(due):
        if asked_at is not None and -EVERY <= moment - asked_at < _period(account_id, kind):
            continue
        # Not the stamping queryset: the roster does not read this column.
        unclaimed = QuerySet[Account](Account).filter(pk=account_id, quota_asked_at=asked_at)
        if unclaimed.update(quota_asked_at=moment):
            claimed.append(account_id)
        if len(claimed) == CLAIMS_AT_ONCE:
            break
    return claimed


def _period(account_id: int, kind: str) -> timedelta:
    """A quarter of an hour, or six hours, three minutes more or less, always the same for one account."""
    every = LIST_EVERY if kind == Account.Kind.GEMINI_API else EVERY
    return every + SPREAD * (zlib.crc32(str(account_id).encode()) % 2001 / 1000 - 1)
