"""Files beyond their project: kept in the spool, and copied."""

import base64
import hashlib
import time

import pytest
from django.utils import timezone

from accounts_app import roster
from accounts_app.leasing import copies, owners
from accounts_app.models import Account, FileCopy
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


async def resource_of(account: int, name: str = "files/a") -> int:
    await owners.made(name, account, NOBODY)
    found = await owners.find(name, NOBODY)
    return found.resource_id


async def test_a_copy_is_found_after_a_restart_by_the_account_and_by_its_project(account):
    file, now = await resource_of(account), time.time()
    assert await copies.find(file, -account) == ""

    await copies.made(file, -account, account, "files/copy", now + 3600)
    copies.reset()
    project = (await Account.objects.aget(pk=account)).owner_project_id

    assert await copies.find(file, -account) == "files/copy"
    assert await copies.find(file, project) == "files/copy"
    assert await copies.of(file) == [("files/copy", project)]


async def test_a_copy_that_expires_soon_or_is_gone_is_none(account):
    file, other = await resource_of(account), await resource_of(account, "files/b")
    await copies.made(file, -account, account, "files/copy", time.time() + copies.LEFT_SECONDS - 1)
    await copies.made(other, -account, account, "files/copy-2", time.time() + 3600)

    assert await copies.find(file, -account) == ""
    await copies.gone(other, -account)
    assert await copies.find(other, -account) == ""
    assert not await copies.of(other)


async def test_one_node_makes_a_copy_and_the_others_get_its_name(account):
    file, now = await resource_of(account), time.time()

    assert await copies.claim(file, -account, account) == ""
    assert await copies.claim(file, -account, account) is None
    assert await copies.find(file, -account) == ""
    assert await copies.of(file) == []
    await copies.made(file, -account, account, "files/copy", now + 3600)
    copies.reset()

    assert await copies.claim(file, -account, account) == "files/copy"
    assert await copies.find(file, -account) == "files/copy"


async def test_a_copy_that_failed_is_over_or_takes_a_node_too_long_is_made_by_another(account):
    file = await resource_of(account)
    await copies.claim(file, -account, account)

    await copies.gone(file, -account)
    assert await copies.claim(file, -account, account) == ""
    await FileCopy.objects.aupdate(expires_at=timezone.now())
    assert await copies.claim(file, -account, account) == ""
    await copies.made(file, -account, account, "files/copy", time.time() + copies.LEFT_SECONDS - 1)
    assert await copies.claim(file, -account, account) == ""
    assert await copies.claim(99, -account, account) == ""


async def test_copies_in_memory_are_bounded(account, monkeypatch):
    monkeypatch.setattr(copies, "COPIES", 2)
    file = await resource_of(account)

    for owner in range(1, 6):
        await copies.find(file, owner)

    assert len(copies._names) == 2
