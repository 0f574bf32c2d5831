"""Whether an access token may be used: fresh, stale (usable, to be renewed meanwhile) or invalid."""

from enum import Enum

# Google's access tokens live an hour. Renewing ten minutes ahead leaves room for a slow token endpoint without
# renewing much more often than needed.
STALE_BEFORE = 600.0

# A token is checked when the request arrives; one that might expire on the way, or whose clock is slow, is not used.
INVALID_BEFORE = 60.0


class Freshness(Enum):
    """What to do with an access token."""

    FRESH = "fresh"  # use it
    STALE = "stale"  # use it, and let one caller renew it
    INVALID = "invalid"  # wait for a new one


def freshness(expires_at: float | None, has_token: bool, now: float) -> Freshness:
    """The freshness of a token that expires at `expires_at` (seconds, epoch; None when unknown)."""
    if not has_token or expires_at is None or now >= expires_at - INVALID_BEFORE:
        return Freshness.INVALID
    if now >= expires_at - STALE_BEFORE:
        return Freshness.STALE
    return Freshness.FRESH
