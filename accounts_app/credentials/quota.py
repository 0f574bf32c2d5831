"""What upstream says is left, per account and model: fetched, stored, and kept up to date for accounts in use.

It is a weight for choosing, never a proof that an account cannot answer: what upstream shows is not always what it
enforces.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from accounts_app import roster
from accounts_app.credentials import model_lists, tokens
from accounts_app.google import code_assist
from accounts_app.google.code_assist import CodeAssistError, Refused, either, objects
from accounts_app.models import Account
from accounts_app.roster import AccountView
from accounts_app.storage.worker import in_database

log = logging.getLogger(__name__)

# Accounts in use are looked at this often, each a little more or less so that they do not ask together.
EVERY = timedelta(minutes=15)
# The lists of models that Gemini API keys have change by the week.
LIST_EVERY = timedelta(hours=6)
SPREAD = timedelta(minutes=3)
FETCHES_AT_ONCE = 4
# What a node can fetch before it looks again; more would be claimed for nothing should it end meanwhile.
CLAIMS_AT_ONCE = 200

# Entries upstream lists for its own use.
INTERNAL = ("chat_", "tab_")


@dataclass(frozen=True, slots=True)
class ModelQuota:
    """One model of one account. `remaining` is 0..1, None when upstream does not say; `resets_at` is ISO 8601."""

    remaining: float | None = None
    resets_at: str | None = None
    display_name: str = ""
    input_limit: int = 0
    output_limit: int = 0
    thinking: bool = False


async def fetch(account: AccountView, token: str) -> dict[str, ModelQuota]:
    """What the account's models are and have left, by model id, internal ones left out.

    Two calls, either of which an account may not have: fetchAvailableModels (the models and their limits) and
    retrieveUserQuota (buckets). Where both speak of a model, the lower word holds.
    Raises the control plane's error when neither answers.
    """
    models, buckets = await asyncio.gather(_models(account, token), _buckets(account, token), return_exceptions=True)
    for failure in (models, buckets):
        if isinstance(failure, BaseException) and not isinstance(failure, CodeAssistError):
            raise failure
    if isinstance(models, BaseException):
        if isinstance(buckets, BaseException):
            raise models
        return dict(buckets)
    if isinstance(buckets, BaseException):
        return dict(models)
    return {model: _merged(models.get(model), buckets.get(model)) for model in sorted(models.keys() | buckets.keys())}


def store(account_id: int, found: Mapping[str, ModelQuota], now: float) -> bool:
    """Write a quota unless a later one is there; one that is much later was written by a clock that was wrong."""
    moment = datetime.fromtimestamp(now, UTC)
    earlier = Q(quota_fetched_at=None) | ~Q(quota_fetched_at__range=(moment, moment + EVERY))
    quota = {model: asdict(each) for model, each in found.items()}
    rows = Account.objects.filter(earlier, pk=account_id)
    return bool(rows.update(quota=quota, quota_fetched_at=moment, quota_asked_at=moment))


async def update(account: AccountView, now: float) -> dict[str, ModelQuota]:
    """Fetch and store; a token that is refused is renewed once.

    Raises credentials.CredentialError, code_assist.CodeAssistError.
    """
    token = await tokens.access_token(account, now)
    try:
        found = await fetch(account, token)
    except Refused as refused:
        if refused.status != 401:
            raise
        tokens.expire(account.id, token)
        found = await fetch(account, await tokens.access_token(account, now))
    await in_database(store, account.id, found, now)
    return found


async def update_due(now: float) -> int:
    """Update the accounts that are due, finding out their projects first; how many came out well.

    A Gemini API key has no quota to look at, but a list of models of its own.

    For a loop, every minute or so, on every node.
    """
    accounts = roster.current().accounts
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def one(account: AccountView) -> bool:
        async with gate:
            try:
                if account.kind == Account.Kind.GEMINI_API:
                    await model_lists.update(account, now)
                else:
                    access = await tokens.access(account, now)
                    await update(replace(account, project=access.project), now)
            except (tokens.CredentialError, tokens.NotEligible, CodeAssistError) as error:
                log.info("The quota or model list of account %d is not known: %s", account.id, error)
                return False
            return True

    claimed = [accounts[each] for each in await in_database(claim_due, now) if each in accounts]
    return sum(await asyncio.gather(*(one(account) for account in claimed)))


def claim_due(now: float) -> list[int]:
    """The accounts whose quota or list is to be looked at. Moving `quota_asked_at` on claims one: one node gets it.

    Due are those in use whose last look is a quarter of an hour ago, and each account once when it has been connected.
    A fetch that fails is tried again after the usual time, not at once. A look that is yet to come was noted by a clock
    that was wrong.
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
        # Not the stamping queryset: nothing has changed that the roster would have to read.
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


async def _models(account: AccountView, token: str) -> dict[str, ModelQuota]:
    asking = {"project": account.project} if account.project else {}
    try:
        answer = await code_assist.post(account, token, "fetchAvailableModels", asking)
    except Refused as refused:
        if refused.status != 403 or not asking:
            raise
        answer = await code_assist.post(account, token, "fetchAvailableModels", {})
    listed = either(answer.body, "models", {})
    if not isinstance(listed, dict):
        return {}
    return {
        model: _model(entry)
        for model, entry in listed.items()
        if isinstance(entry, dict) and not model.startswith(INTERNAL) and not either(entry, "isInternal", False)
    }


async def _buckets(account: AccountView, token: str) -> dict[str, ModelQuota]:
    asking = {"project": account.project} if account.project else {}
    answer = await code_assist.post(account, token, "retrieveUserQuota", asking)
    found: dict[str, ModelQuota] = {}
    for bucket in objects(answer.body, "buckets"):
        model = either(bucket, "modelId", "")
        if isinstance(model, str) and model and not model.startswith(INTERNAL):
            # Several buckets (requests, tokens) may limit one model: the emptiest counts.
            found[model] = _merged(found.get(model), _left(bucket))
    return found


def _model(entry: dict[str, Any]) -> ModelQuota:
    info = either(entry, "quotaInfo")
    left = _left(info) if isinstance(info, dict) else ModelQuota()
    return replace(
        left,
        display_name=str(either(entry, "displayName", "")),
        input_limit=_whole(either(entry, "maxTokens")),
        output_limit=_whole(either(entry, "maxOutputTokens")),
        thinking=bool(either(entry, "supportsThinking", False)),
    )


def _left(info: dict[str, Any]) -> ModelQuota:
    """A fraction that is left out is nothing left: proto JSON leaves defaults out."""
    fraction, resets_at = either(info, "remainingFraction", 0.0), either(info, "resetTime")
    left = float(fraction) if isinstance(fraction, int | float) else 0.0
    return ModelQuota(min(max(left, 0.0), 1.0), resets_at if isinstance(resets_at, str) else None)


def _merged(one: ModelQuota | None, other: ModelQuota | None) -> ModelQuota:
    """Both say something: the description of the first, the lower remainder with its own reset."""
    if one is None or other is None:
        return one or other or ModelQuota()
    if other.remaining is None or (one.remaining is not None and one.remaining <= other.remaining):
        return one
    return replace(one, remaining=other.remaining, resets_at=other.resets_at)


def _whole(value: object) -> int:
    """An int64, which proto JSON may write as a string."""
    try:
        return max(int(value), 0)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return 0
