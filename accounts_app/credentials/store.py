"""An account's tokens in the database: the claim to renew them, the renewed tokens, and Google's refusal.

Everything here is synchronous and runs on the database thread. Among processes a claim decides who renews: it is taken
by a conditional UPDATE and expires, so that a process that dies does not hold up the others. It goes by the database's
clock, as those of two nodes may differ.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum

from django.db.models import Q
from django.db.models.functions import Now

from accounts_app.models import Account, Credential
from accounts_app.roster.views import CredentialView

# Longer than a renewal may take (`refresh.RENEWAL_SECONDS`), so that no claim expires while its process renews.
CLAIM_SECONDS = 45.0

# How often a conditional UPDATE is repeated when another process has changed the row meanwhile.
TRIES = 3


class Renewer(Enum):
    """Who renews an account's tokens."""

    OURS = "ours"  # claimed: renew, then store or release
    THEIRS = "theirs"  # another process is renewing, or was a moment ago: look again soon
    NOBODY = "nobody"  # the row has a good token already
    GONE = "gone"  # the account was deleted


@dataclass(frozen=True, slots=True)
class Claim:
    """The row's tokens as read, and who renews them."""

    renewer: Renewer
    tokens: CredentialView = field(default_factory=CredentialView)
    until: datetime | None = None


def claim(account_id: int, is_good: Callable[[CredentialView], bool]) -> Claim:
    """Claim the renewal, unless the row's tokens are good or another process has claimed it."""
    row = Credential.objects.filter(account_id=account_id).first()
    if row is None:
        return Claim(Renewer.GONE)
    tokens = _view(row)
    if is_good(tokens):
        return Claim(Renewer.NOBODY, tokens)
    free = Q(renewing_until=None) | Q(renewing_until__lte=Now())
    # Only of the row as it was read: another process may have finished its renewal since.
    unchanged = Credential.objects.filter(free, pk=row.pk, updated_at=row.updated_at)
    if not unchanged.update(renewing_until=Now() + timedelta(seconds=CLAIM_SECONDS)):
        return Claim(Renewer.THEIRS, tokens)
    until = Credential.objects.filter(pk=row.pk).values_list("renewing_until", flat=True).first()
    return Claim(Renewer.OURS, tokens, until)


def release(account_id: int, mine: Claim) -> None:
    """Release a claim without a result, unless it has expired and is another process's."""
    Credential.objects.filter(account_id=account_id, renewing_until=mine.until).update(renewing_until=None)


def store(account_id: int, renewed: CredentialView, replaced: Collection[str]) -> bool:
    """Write renewed tokens over any of the `replaced` refresh tokens, and end the claim.

    False when the row has another refresh token by now: its owner has signed in again, and that one is newer.
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


def take_out(account_id: int, refused: Collection[str], parked: str, message: str, now: float) -> bool:
    """Take an account out of service whose refresh token Google refused, unless it has got another one meanwhile."""
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
