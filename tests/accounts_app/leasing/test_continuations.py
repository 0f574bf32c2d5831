"""A continuation token leads to the project whose answer had it, on every node, and for its tenant only."""

import time

import pytest

from accounts_app import roster
from accounts_app.leasing import continuations, owners
from accounts_app.models import Resource
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

MINE, THEIRS = Tenant(1), Tenant(2)


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


async def test_a_token_leads_its_tenant_to_its_project():
    account = await in_database(make_account)
    await roster.refresh()

    await continuations.keep(["secret token"], account.pk, MINE)

    await roster.refresh()
    owner = roster.current().accounts[account.pk].owner
    for _ in range(2):
        assert await continuations.owner_of(["unknown", "secret token"], MINE) == owner
        assert await continuations.owner_of(["secret token"], THEIRS) is None
        assert await continuations.owner_of([], MINE) is None
        owners.reset()
    row = await in_database(Resource.objects.get)
    assert "secret" not in row.name
    assert row.expires_at is not None
    assert row.expires_at.timestamp() == pytest.approx(time.time() + 24 * 3600, abs=60)


async def test_a_token_of_a_project_without_accounts_leads_nowhere():
    account = await in_database(make_account)
    await roster.refresh()
    await continuations.keep(["token"], account.pk, MINE)

    await in_database(account.delete)
    await roster.refresh()

    assert await continuations.owner_of(["token"], MINE) is None
