"""When a token may be used, and when it has to be renewed."""

import pytest

from accounts_app.pool.freshness import Freshness, freshness

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("left", "found"),
    [
        (3600, Freshness.FRESH),
        (601, Freshness.FRESH),
        (600, Freshness.STALE),
        (61, Freshness.STALE),
        (60, Freshness.INVALID),
        (0, Freshness.INVALID),
        (-3600, Freshness.INVALID),
    ],
)
def test_a_token_is_stale_ten_minutes_before_it_expires_and_invalid_a_minute_before(left, found):
    assert freshness(NOW + left, True, NOW) is found


def test_no_token_and_no_expiry_are_invalid():
    assert freshness(NOW + 3600, False, NOW) is Freshness.INVALID
    assert freshness(None, True, NOW) is Freshness.INVALID
