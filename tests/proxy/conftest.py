"""What the tests of the proxy share."""

import pytest

from accounts_app.models import Account


@pytest.fixture
async def alice(pool_of) -> Account:
    """The only account."""
    (account,) = await pool_of("alice")
    return account
