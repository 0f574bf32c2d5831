"""One renewal of one account's tokens: claim it, ask the token endpoint, store the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from django.db import Error as DatabaseError

from accounts_app.credentials import store
from accounts_app.credentials.store import Claim, Renewer
from accounts_app.google import oauth
from accounts_app.roster import AccountView, CredentialView
from accounts_app.storage import journal
from accounts_app.storage.worker import soon_in_database

# A renewal takes a second at most; past this the token endpoint counts as unreachable.
RENEWAL_SECONDS = 30.0

# How often to look whether another process has finished its renewal.
LOOK_AGAIN_SECONDS = 0.1


class CredentialError(Exception):
    """There is no token for an account. The message may be shown to the operator."""


class NeedsSignIn(CredentialError):
    """Permanent: the account needs attention for the reason `parked`, until its owner signs in again."""

    def __init__(self, message: str, parked: str = "sign_in") -> None:
        super().__init__(message)
        self.parked = parked


class TokenUnavailable(CredentialError):
    """Transient: the account is not to blame. `kept` are its tokens if they have changed all the same."""

    def __init__(self, message: str, kept: CredentialView | None = None) -> None:
        super().__init__(message)
        self.kept = kept


async def renew(
    account: AccountView,
    known: CredentialView,
    outdated: Collection[CredentialView],
    is_good: Callable[[CredentialView], bool],
    now: float,
) -> CredentialView:
    """
    1. Claim the renewal among processes; tokens that another has stored meanwhile, and that `is_good`, are used.
    2. Ask the token endpoint.
    3. A permanent refusal takes the account out of service. Any other failure only releases the claim.
    4. Store the new tokens, also a refresh token alone, through the journal if the database is away.

    `known` are the newest tokens this process has, `outdated` those they replace. Raises NeedsSignIn, TokenUnavailable.
    """
    mine = await _claimed(account, is_good)
    if mine.renewer is Renewer.NOBODY:
        return mine.tokens
    # Memory may be newer than the row: a rotated token that could not be stored while the database was away.
    replaced = {view.refresh_token for view in (account.credential, known, *outdated)}
    refresh_token = known.refresh_token if mine.tokens.refresh_token in replaced else mine.tokens.refresh_token
    replaced.add(refresh_token)
    is_claimed = mine.until is not None
    try:
        renewed = await _granted(account, refresh_token, now)
        is_claimed = False  # what stores the tokens ends the claim too
        await _store(account.id, renewed, replaced, mine)
        return renewed
    except oauth.InvalidGrant as error:
        await _if_possible(store.take_out, account.id, replaced, error.parked, str(error), now)
        raise NeedsSignIn(str(error), error.parked) from error
    except oauth.OAuthError as error:
        kept = None
        if isinstance(error, oauth.TokenEndpointUnavailable) and error.refresh_token:
            kept = replace(known, refresh_token=error.refresh_token)
            is_claimed = False
            await _store(account.id, kept, replaced, mine)
        raise TokenUnavailable(str(error), kept) from error
    finally:
        if is_claimed:
            await _if_possible(store.release, account.id, mine)


async def _store(account_id: int, renewed: CredentialView, replaced: Collection[str], mine: Claim) -> None:
    """Store them in the database, or in the journal if the database is away or was a moment ago."""
    stored = False
    try:
        stored = mine.until is not None and await _if_possible(store.store, account_id, renewed, replaced)
    finally:
        if not stored:
            journal.append("tokens", (account_id, renewed, replaced))


async def _claimed(account: AccountView, is_good: Callable[[CredentialView], bool]) -> Claim:
    """A claim of ours, or tokens that need no renewal. Without a database every process renews: Google allows that."""
    while True:
        try:
            found = await soon_in_database(store.claim, account.id, is_good)
        except DatabaseError:
            return Claim(Renewer.OURS, account.credential)
        match found.renewer:
            case Renewer.OURS | Renewer.NOBODY:
                return found
            case Renewer.GONE:
                raise NeedsSignIn("This account has been deleted.")
            case Renewer.THEIRS:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _granted(account: AccountView, refresh_token: str, now: float) -> CredentialView:
    grant = await _asked(account, refresh_token)
    return CredentialView(grant.refresh_token or refresh_token, grant.access_token, now + grant.expires_in, now)


async def _asked(account: AccountView, refresh_token: str) -> oauth.TokenGrant:
    if not refresh_token:
        raise oauth.InvalidGrant("invalid_grant", "no refresh token is stored")
    try:
        async with asyncio.timeout(RENEWAL_SECONDS):
            return await oauth.refresh(refresh_token, token_url=account.token_url, proxy_url=account.proxy_url)
    except TimeoutError:
        raise oauth.TokenEndpointUnavailable("The token endpoint does not answer in time.") from None


async def _if_possible(function: Callable[..., object], *args: Any) -> bool:
    """Run it on the database thread. False when the database is away or slow."""
    try:
        await soon_in_database(function, *args)
    except DatabaseError:
        return False
    return True


def _write_late(rows: list[tuple[int, CredentialView, Collection[str]]]) -> None:
    for account_id, renewed, replaced in rows:
        store.store(account_id, renewed, replaced)


journal.register("tokens", _write_late, droppable=False, name_of=lambda row: f"account {row[0]}")
