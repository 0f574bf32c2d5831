"""Hands out what calls to Google need of an account: a good access token, and its project.

    FRESH    from memory, without waiting for anything
    STALE    the same, and a renewal starts in the background
    INVALID  the caller waits for the renewal in flight

Within a process there is one renewal per account, which goes on when those who wait for it leave. Among processes the
database decides who renews (`store.claim`); the others use what that one has stored. Renewed tokens are in force
immediately, from memory, until the roster has them; so a lost database stops no renewal.

What can go wrong:

    CredentialError
      NeedsSignIn       Google refused the refresh token permanently; the account needs attention
      TokenUnavailable  no token for now: network trouble, or the operator's OAuth client is not set or not accepted
      NotEligible       (onboarding) Google gives the account no project; it needs attention, with reasons
      Refused           (code_assist) upstream's own error while the project was asked for
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from dataclasses import dataclass, field, replace
from functools import partial

from accounts_app import roster
from accounts_app.credentials import project, refresh
from accounts_app.credentials.refresh import CredentialError, NeedsSignIn, TokenUnavailable
from accounts_app.google.access import Access
from accounts_app.google.code_assist import Refused, Unreachable
from accounts_app.google.onboarding import NotEligible
from accounts_app.pool.freshness import STALE_BEFORE, Freshness, freshness
from accounts_app.roster import AccountView, CredentialView
from accounts_app.storage.single_flight import SingleFlight

__all__ = [
    "Access",
    "CredentialError",
    "NeedsSignIn",
    "NotEligible",
    "Refused",
    "TokenUnavailable",
    "access",
    "access_as_it_is",
    "access_token",
    "expire",
    "finish",
    "renew_due",
    "reset",
]

log = logging.getLogger(__name__)

# After a failed renewal the next one waits this long, doubling: an outage must not turn every call into a token
# request, and must not last much longer here than at Google.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0

# An endpoint may give tokens that are stale immediately: they are not renewed again before this time.
RENEWED_PAUSE = 60.0

# Tokens of accounts that were used within this time are renewed ahead; others when they are used again.
IN_USE_SECONDS = 3600.0

# Tokens that expire together would be renewed together: each account has its own offset within so many seconds.
SPREAD_SECONDS = 240.0

RENEWALS_AT_ONCE = 4


@dataclass(slots=True)
class _Held:
    """What this process knows of one account's tokens and the roster does not."""

    renewed: CredentialView | None = None
    outdated: set[CredentialView] = field(default_factory=set)  # bare; the roster may still show them
    refused: str = field(default="", repr=False)  # an access token upstream answered 401 to
    used_at: float = 0.0
    paused_at: float = 0.0
    not_before: float = 0.0
    failures: int = 0
    trouble: CredentialError | None = None

    def pauses(self, now: float) -> bool:
        """Whether renewals pause. A clock that was set back ends the pause."""
        return self.paused_at <= now < self.not_before

    def pause(self, now: float, seconds: float) -> None:
        self.paused_at, self.not_before = now, now + seconds

    def tokens(self, account: AccountView) -> CredentialView:
        if self.renewed is not None:
            if account.credential.bare in self.outdated:
                return self.renewed
            # The roster has the renewed tokens, or newer ones after a sign-in.
            self.renewed = None
            self.outdated.clear()
        return account.credential

    def take(self, account: AccountView, renewed: CredentialView) -> None:
        """Put renewed tokens in force. There may be several renewals before the roster shows the first."""
        self.outdated |= {account.credential.bare, self.tokens(account).bare}
        self.outdated.discard(renewed.bare)  # an endpoint may return the same token with a later expiry
        self.renewed = renewed
        self.refused = ""

    def freshness(self, tokens: CredentialView, now: float) -> Freshness:
        usable = bool(tokens.access_token) and tokens.access_token != self.refused
        return freshness(tokens.expires_at, usable, now)


# The mutable state of this module, only ever touched on the event loop's thread.
_held: dict[int, _Held] = {}
_renewals: SingleFlight[int, CredentialView] = SingleFlight("renew token of account")


async def access(account: AccountView, now: float) -> Access:
    """Token and project of an account; a missing project is determined by onboarding. `now` in seconds, epoch.

    Raises CredentialError, NotEligible, Refused.
    """
    found = await access_as_it_is(account, now)
    if account.project or account.kind != "cloud_code":
        return found
    try:
        return replace(found, project=await project.ensure(account, found, now))
    except Unreachable as error:
        raise TokenUnavailable(str(error)) from error


async def access_as_it_is(account: AccountView, now: float) -> Access:
    """The same without onboarding: the project may be empty. Raises NeedsSignIn, TokenUnavailable."""
    return Access(await access_token(account, now), account.project, account.bases, account.proxy_url)


async def access_token(account: AccountView, now: float) -> str:
    """The account's access token, or its API key. Raises NeedsSignIn, TokenUnavailable."""
    if account.kind == "gemini_api":
        if not account.credential.access_token:
            raise NeedsSignIn("No API key is stored for this account.")
        return account.credential.access_token
    held = _held.get(account.id)
    if held is None:
        held = _held[account.id] = _Held()
    held.used_at = now
    tokens = held.tokens(account)
    match held.freshness(tokens, now):
        case Freshness.FRESH:
            pass
        case Freshness.STALE:
            if not held.pauses(now):
                _renewals.start(account.id, partial(_renew, account, held, now))
        case Freshness.INVALID:
            return await _renewed(account, held, tokens, now)
    return tokens.access_token


def expire(account_id: int, token: str = "") -> None:
    """Upstream answered 401 to `token`: the next call renews it, unless it was renewed meanwhile.

    Without `token` the one in force is meant; pass it if it is known.
    """
    held = _held.setdefault(account_id, _Held())
    if not token:
        account = roster.current().accounts.get(account_id)
        token = held.tokens(account).access_token if account else ""
    held.refused = token


async def renew_due(now: float) -> int:
    """Renew the stale tokens of accounts in use. Returns how many were renewed. For a loop, about twice a minute."""
    accounts = roster.current().accounts
    gate = asyncio.Semaphore(RENEWALS_AT_ONCE)

    async def renew(account: AccountView, held: _Held) -> bool:
        async with gate:
            try:
                await _renewals.run(account.id, partial(_renew, account, held, now))
            except CredentialError:
                return False
            return True

    due = [
        (account, held)
        for account_id, held in _held.items()
        if (account := accounts.get(account_id)) is not None and _is_due(account, held, now)
    ]
    return sum(await asyncio.gather(*(renew(account, held) for account, held in due)))


async def finish(within: float = 5.0) -> None:
    """Wait that many seconds for the renewals in flight, so that a rotated token is not lost. For shutdown."""
    await _renewals.finish(within)


def reset() -> None:
    """Forget everything. For tests."""
    _held.clear()
    _renewals.reset()
    project.reset()


def _is_due(account: AccountView, held: _Held, now: float) -> bool:
    if account.kind != "cloud_code" or not account.available:
        return False
    if now - held.used_at > IN_USE_SECONDS or held.pauses(now):
        return False
    tokens = held.tokens(account)
    if held.freshness(tokens, now) is not Freshness.STALE:
        return held.freshness(tokens, now) is Freshness.INVALID
    place = zlib.crc32(str(account.id).encode()) % SPREAD_SECONDS
    return tokens.expires_at is None or now >= tokens.expires_at - STALE_BEFORE + place


async def _renewed(account: AccountView, held: _Held, tokens: CredentialView, now: float) -> str:
    """Wait for a renewal. If that fails for the network, a token in its last minute is still better than none."""
    try:
        if held.trouble is not None and held.pauses(now) and not _renewals.is_running(account.id):
            raise _again(held.trouble)
        return (await _renewals.run(account.id, partial(_renew, account, held, now))).access_token
    except TokenUnavailable:
        if tokens.access_token and tokens.access_token != held.refused and now < (tokens.expires_at or 0.0):
            return tokens.access_token
        raise


def _again(trouble: CredentialError) -> CredentialError:
    if isinstance(trouble, NeedsSignIn):
        return NeedsSignIn(str(trouble), trouble.parked)
    return TokenUnavailable(str(trouble))


async def _renew(account: AccountView, held: _Held, now: float) -> CredentialView:
    """Renewed tokens are in force at once; a failure delays the next renewal."""

    def is_good(tokens: CredentialView) -> bool:
        return tokens.bare not in held.outdated and held.freshness(tokens, now) is Freshness.FRESH

    try:
        renewed = await refresh.renew(account, held.tokens(account), held.outdated, is_good, now)
    except CredentialError as error:
        held.failures += 1
        held.pause(now, min(FIRST_PAUSE * 2 ** (held.failures - 1), LONGEST_PAUSE))
        held.trouble = _again(error)  # not itself: it has the frames of all who wait for it, and they the calls
        if isinstance(error, TokenUnavailable) and error.kept is not None:
            held.take(account, error.kept)
        raise
    held.take(account, renewed)
    held.trouble, held.failures = None, 0
    held.pause(now, RENEWED_PAUSE)
    return renewed
