"""Imports many accounts: recognises known ones, names those without a name, and goes on after a bad one."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from django.utils import timezone

from accounts_app import http_client
from accounts_app.actions import accounts
from accounts_app.actions.accounts import NewAccount, Unusable
from accounts_app.actions.import_formats import ImportEntry
from accounts_app.google import oauth
from accounts_app.google.oauth import InvalidGrant, OAuthError
from accounts_app.models import Account

Identify = Callable[[NewAccount], NewAccount]


class Result(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    KNOWN = "already here"
    REFUSED = "rejected"


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of one entry; `name` is the account's email or label, `why` is set for a rejected one.

    `account_id` is that of an account that was added or updated.
    """

    place: str
    result: Result
    name: str = ""
    why: str = ""
    account_id: int | None = None


def import_all(entries: Iterable[ImportEntry], identify: Identify) -> Iterator[Imported]:
    """Connect each entry's account, in order, and yield its result.

    1. An entry that is no account is rejected with its reason.
    2. A token or key that is stored already is left alone, whatever it is called.
    3. A Google account without a name goes through `identify`, which returns it unchanged when Google cannot be asked,
       and raises Unusable when Google refuses the token. One still without a name gets one made from its token.
    4. It is connected: an account of that name gets the new token.
    """
    known = accounts.known_secrets()
    for entry in entries:
        if entry.new is None:
            yield Imported(entry.place, Result.REFUSED, why=entry.trouble)
            continue
        mark = accounts.fingerprint(entry.new.refresh_token or entry.new.api_key)
        if mark in known:
            yield Imported(entry.place, Result.KNOWN, known[mark])
            continue
        try:
            new = _named(entry.new, mark, identify)
            connected = accounts.connect(new)
        except Unusable as error:
            yield Imported(entry.place, Result.REFUSED, entry.new.email, str(error))
            continue
        known[mark] = connected.email
        result = Result.ADDED if connected.is_new else Result.UPDATED
        yield Imported(entry.place, result, connected.email, account_id=connected.account_id)


class Google:
    """An `identify` that redeems the token to learn its owner. Stops asking once Google cannot be reached."""

    def __init__(self, runner: asyncio.Runner, reachable: bool) -> None:
        self.reachable = reachable
        self._runner = runner

    def __call__(self, new: NewAccount) -> NewAccount:
        if not self.reachable:
            return new
        try:
            return self._runner.run(_identified(new))
        except InvalidGrant as error:
            raise Unusable(str(error)) from error
        except OAuthError:
            # If the account has a proxy of its own, that may be what failed.
            self.reachable = bool(new.proxy_url)
            return new


@contextmanager
def asking_google(reachable: bool = True) -> Iterator[Google]:
    """For the duration of an import; `reachable` as the batch before has found it."""
    with asyncio.Runner() as runner:
        try:
            yield Google(runner, reachable)
        finally:
            runner.run(http_client.close_all())


async def _identified(new: NewAccount) -> NewAccount:
    grant = await oauth.refresh(new.refresh_token, proxy_url=new.proxy_url)
    person = await oauth.userinfo(grant.access_token, proxy_url=new.proxy_url)
    return replace(
        new,
        email=person.email.lower(),
        refresh_token=grant.refresh_token or new.refresh_token,
        access_token=grant.access_token,
        expires_at=timezone.now() + timedelta(seconds=grant.expires_in),
    )


def _named(new: NewAccount, mark: str, identify: Identify) -> NewAccount:
    if new.email:
        return new
    if new.kind == Account.Kind.GEMINI_API:
        return replace(new, email=f"key {mark[:8]}")
    found = identify(new)
    return found if found.email else replace(found, email=f"unnamed-{mark[:8]}@import.invalid")
