import pytest

from accounts_app import patience, roster


@pytest.fixture
async def read(forgetful, transactional_db) -> None:
    """The operator's settings are known."""
    await roster.refresh()


@pytest.mark.parametrize(
    ("asked", "streamed", "plain"),
    [
        (None, 300.0, 1800.0),
        (0.5, 0.5, 0.5),
        (300.0, 300.0, 300.0),
        (301.0, 301.0, 301.0),
        (2000.0, 2000.0, 2000.0),
        (3600.0, 3600.0, 3600.0),
        (30000.0, 3600.0, 3600.0),
    ],
)
async def test_a_clients_timeout_counts_within_the_gateways_bounds(asked, streamed, plain, read, settings):
    assert patience.answer_timeout(asked, plain=False) == streamed
    assert patience.answer_timeout(asked, plain=True) == plain


async def test_what_the_gateway_itself_waits_is_no_less_for_a_client_that_asks_for_more(read, settings):
    settings.GATEWAY_MAX_SERVER_TIMEOUT = 60.0

    assert patience.answer_timeout(400.0, plain=False) == 300.0
    assert patience.answer_timeout(200.0, plain=False) == 200.0
