"""One renewal of one account's tokens: settle whose turn it is, ask the token endpoint, store what it gave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from django.db import Error as DatabaseError

from accounts_app import journal, oauth, token_rows
from accounts_app.database_thread import in_database
from accounts_app.roster import AccountView, CredentialView
from accounts_app.token_rows import Claim, Turn

# A renewal takes a second at most; past this the token endpoint counts as unreachable.
RENEWAL_SECONDS = 30.0

# How often to look whether another process has finished its renewal.
LOOK_AGAIN_SECONDS = 0.1


class CredentialError(Exception):
    """An account cannot be asked for want of a token. The message may be shown to the operator."""


class NeedsSignIn(CredentialError):
    """Permanent: the account is parked, `parked` says as what, until a person signs in again."""

    def __init__(self, message: str, parked: str = "sign_in") -> None:
        super().__init__(message)
        self.parked = parked


class TokenUnavailable(CredentialError):
    """Transient: nothing is known against the account."""


async def renew(
    account: AccountView, known: CredentialView, is_good: Callable[[CredentialView], bool], now: float
) -> CredentialView:
    """
    1. Settle between processes whose turn it is; what another has stored meanwhile, and `is_good`, is taken over.
    2. Ask the token endpoint.
    3. A refusal for good parks the account. Any other failure gives the turn back and costs the account nothing.
    4. Store what was granted; a database that is away gets it from the journal later.

    `known` are the newest tokens this process has. Raises NeedsSignIn, TokenUnavailable.
    """
    mine = await _whose_turn(account, is_good, now)
    if mine.turn is Turn.NOBODYS:
        return mine.tokens
    # Where the row has not moved on, memory may: with a rotated token whose storing a lost database has held up.
    moved_on = mine.tokens.refresh_token != account.credential.refresh_token
    refresh_token = mine.tokens.refresh_token if moved_on else known.refresh_token
    replaced = {mine.tokens.refresh_token, refresh_token}
    try:
        grant = await _asked(account, refresh_token)
    except oauth.InvalidGrant as error:
        await _if_possible(token_rows.park, account.id, replaced, error.parked, str(error), now)
        await _if_possible(token_rows.release, account.id, mine)
        raise NeedsSignIn(str(error), error.parked) from error
    except oauth.OAuthError as error:
        await _if_possible(token_rows.release, account.id, mine)
        raise TokenUnavailable(str(error)) from error
    renewed = CredentialView(grant.refresh_token or refresh_token, grant.access_token, now + grant.expires_in, now)
    if not await _if_possible(token_rows.store, account.id, renewed, replaced):
        journal.append("tokens", (account.id, renewed, replaced))
    return renewed


async def _whose_turn(account: AccountView, is_good: Callable[[CredentialView], bool], now: float) -> Claim:
    """OURS or NOBODYS, in the end. Without a database every process renews for itself: Google allows it."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        try:
            found = await in_database(token_rows.claim, account.id, is_good, now + clock() - began)
        except DatabaseError:
            return Claim(Turn.OURS, account.credential)
        match found.turn:
            case Turn.OURS | Turn.NOBODYS:
                return found
            case Turn.GONE:
                raise NeedsSignIn("This account has been deleted.")
            case Turn.THEIRS:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _asked(account: AccountView, refresh_token: str) -> oauth.TokenGrant:
    if not refresh_token:
        raise oauth.InvalidGrant("invalid_grant", "no refresh token is stored")
    try:
        async with asyncio.timeout(RENEWAL_SECONDS):
            return await oauth.refresh(account, refresh_token)
    except TimeoutError:
        raise oauth.TokenEndpointUnavailable("The token endpoint does not answer in time.") from None


async def _if_possible(function: Callable[..., object], *args: Any) -> bool:
    """Run it on the database thread; False when the database is away."""
    try:
        await in_database(function, *args)
    except DatabaseError:
        return False
    return True


def _write_late(rows: list[tuple[int, CredentialView, Collection[str]]]) -> None:
    for account_id, renewed, replaced in rows:
        token_rows.store(account_id, renewed, replaced)


journal.register("tokens", _write_late, droppable=False)
