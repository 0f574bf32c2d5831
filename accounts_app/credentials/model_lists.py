"""The list of models of each Gemini API key: stored with its account. `quota.update_due` fetches it when it is due."""

from __future__ import annotations

import msgspec

from accounts_app.credentials import tokens
from accounts_app.google import model_lists
from accounts_app.google.code_assist import Unreachable
from accounts_app.google.model_lists import Found, Models, is_id
from accounts_app.models import Account
from accounts_app.roster import AccountView
from accounts_app.storage.worker import in_database

__all__ = ["Found", "Models", "Unreachable", "is_id", "look_up", "store", "update"]


async def update(account: AccountView, now: float) -> Models:
    """Fetch the account's list and store it. Raises CredentialError, CodeAssistError."""
    found = await model_lists.fetch(await tokens.access(account, now))
    await in_database(store, account.id, found)
    return found


async def look_up(account: AccountView, model: str, now: float) -> Found:
    """models.get of `model`, which `is_id`, asked of the account. Raises CredentialError, Unreachable."""
    return await model_lists.look_up(await tokens.access(account, now), model)


def store(account_id: int, found: Models) -> None:
    """Write a list, unless it is unchanged: then the roster need not read the row again."""
    text = msgspec.json.encode(found, order="sorted").decode()
    Account.objects.filter(pk=account_id).exclude(model_list=text).update(model_list=text)
