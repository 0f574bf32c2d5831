"""An account's tokens in the database: who may renew them, what came of it, and what Google refused.

Everything here is synchronous and runs on the database thread. Between processes a claim decides who renews: it is
taken by a conditional UPDATE and lapses by itself, so that a process that dies holds nobody up for long. It goes by the
database's clock: two nodes whose own differ must not both believe in their turn.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from django.db.models import Q
from django.db.models.functions import Now

from accounts_app.models import Account, Credential
from accounts_app.roster.views import CredentialView

# Longer than a renewal may take (credentials.RENEWAL_SECONDS), so that a claim never lapses under a living owner.
CLAIM_SECONDS = 45.0

# How often a conditional UPDATE is tried anew when someone else has changed the row meanwhile.
TRIES = 3


class Renewer(Enum):
    """Whose turn it is to renew an account's tokens."""

    OURS = "ours"  # claimed: renew, then store or release
    THEIRS = "theirs"  # another process is at it, or was just now: look again soon
    NOBODY = "nobody"  # the row holds a good token already
    GONE = "gone"  # there is no such account any more


@dataclass(frozen=True, slots=True)
class Claim:
    """The row's tokens as read, and whose turn it is."""

    renewer: Renewer
    tokens: CredentialView = field(default_factory=CredentialView)
    until: datetime | None = None


def claim(account_id: int, is_good: Callable[[CredentialView], bool]) -> Claim:
    """Find out whose turn it is, taking it when it is nobody's and the row's tokens are not good."""
    row = Credential.objects.filter(account_id=account_id).first()
    if row is None:
        return Claim(Renewer.GONE)
    tokens = _view(row)
    if is_good(tokens):
        return Claim(Renewer.NOBODY, tokens)
    free = Q(renewing_until=None) | Q(renewing_until__lte=Now())
    # Of the row as read: another may have finished its renewal since, and the tokens are good by now.
    unchanged = Credential.objects.filter(free, pk=row.pk, updated_at=row.updated_at)
    if not unchanged.update(renewing_until=Now() + timedelta(seconds=CLAIM_SECONDS)):
        return Claim(Renewer.THEIRS, tokens)
    until = Credential.objects.filter(pk=row.pk).values_list("renewing_until", flat=True).first()
    return Claim(Renewer.OURS, tokens, until)


def release(account_id: int, mine: Claim) -> None:
    """Give a claim up that came to nothing, unless it has lapsed and is another's."""
    Credential.objects.filter(account_id=account_id, renewing_until=mine.until).update(renewing_until=None)


def store(account_id: int, renewed: CredentialView, replaced: Collection[str]) -> bool:
    """Write renewed tokens over any of the `replaced` refresh tokens, and end the claim.

    False when the row holds another refresh token by now: someone has signed in again, and theirs is the newer.
    """
    for _ in range(TRIES):
        row = Credential.objects.filter(account_id=account_id).first()
        if row is None or row.refresh_token not in replaced:
            return False
        stored = Credential.objects.filter(pk=row.pk, updated_at=row.updated_at).update(
            refresh_token=renewed.refresh_token,
            access_token=renewed.access_token,
            expires_at=None if renewed.expires_at is None else _moment(renewed.expires_at),
            refreshed_at=_moment(renewed.refreshed_at),
            renewing_until=None,
        )
        if stored:
            return True
    return False


def park(account_id: int, refused: Collection[str], parked: str, message: str, now: float) -> bool:
    """Park the account whose refresh token Google refused, unless it has been given another one meanwhile."""
    for _ in range(TRIES):
        row = Credential.objects.filter(account_id=account_id).first()
        if row is None or row.refresh_token not in refused:
            return False
        unchanged = Account.objects.filter(pk=account_id, credential__updated_at=row.updated_at)
        if unchanged.update(parked=parked, parked_message=message, parked_link="", parked_at=_moment(now)):
            return True
    return False


def _view(row: Credential) -> CredentialView:
    return CredentialView(
        row.refresh_token,
        row.access_token,
        row.expires_at.timestamp() if row.expires_at else None,
        row.refreshed_at.timestamp() if row.refreshed_at else 0.0,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
