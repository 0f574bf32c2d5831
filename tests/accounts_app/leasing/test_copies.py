"""Files beyond their project: kept in the spool."""

import base64
import hashlib

import pytest

from accounts_app import roster
from accounts_app.leasing import copies, owners
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import spool, worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

NOBODY = Tenant()
TEXT = b"The quick brown fox. " * 100


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path
    yield
    worker.shutdown(within=2.0)


@pytest.fixture
async def account() -> int:
    def make() -> int:
        row = make_account("key-1", kind="gemini_api")
        roster.load_now()
        return row.pk

    return await in_database(make)


async def kept(name: str, account: int) -> None:
    taking = spool.Tee()
    await taking.feed(TEXT)
    digest = base64.b64encode(hashlib.sha256(TEXT).hexdigest().encode()).decode()
    await copies.keep(taking, name, account, digest, len(TEXT))


async def test_what_is_kept_is_copyable_at_once(account):
    await owners.made("files/a", account, NOBODY)
    before = await owners.find("files/a", NOBODY)
    await kept("files/a", account)
    after = await owners.find("files/a", NOBODY)

    assert before.source is None
    assert after.source.size == len(TEXT)


async def test_what_has_no_row_is_not_kept(account):
    await kept("files/a", account)

    assert await owners.find("files/a", NOBODY) is None
