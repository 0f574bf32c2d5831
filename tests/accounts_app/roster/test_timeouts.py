import pytest

from accounts_app import roster
from accounts_app.roster import timeouts
from accounts_app.roster.timeouts import Limit

MOST = Limit(3600.0, "GATEWAY_MAX_SERVER_TIMEOUT")


@pytest.fixture
async def read(forgetful, transactional_db) -> None:
    """The operator's settings are known."""
    await roster.refresh()


@pytest.mark.parametrize(
    ("asked", "streamed", "plain"),
    [
        (None, Limit(300.0, "GATEWAY_FIRST_EVENT_TIMEOUT"), Limit(1800.0, "GATEWAY_PLAIN_ANSWER_TIMEOUT")),
        *((asked, Limit(asked, ""), Limit(asked, "")) for asked in (0.5, 300.0, 301.0, 2000.0, 3600.0)),
        *((asked, MOST, MOST) for asked in (3601.0, 30000.0)),
    ],
)
async def test_a_clients_timeout_counts_within_the_gateways_bounds(asked, streamed, plain, read, settings):
    assert timeouts.answer_limit(asked, plain=False) == streamed
    assert timeouts.answer_limit(asked, plain=True) == plain


async def test_what_the_gateway_itself_waits_is_no_less_for_a_client_that_asks_for_more(read, settings):
    settings.GATEWAY_MAX_SERVER_TIMEOUT = 60.0

    assert timeouts.answer_limit(400.0, plain=False) == Limit(300.0, "GATEWAY_FIRST_EVENT_TIMEOUT")
    assert timeouts.answer_limit(200.0, plain=False) == Limit(200.0, "")
