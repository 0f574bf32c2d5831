"""Jobs that have not been counted yet: who takes one away counts it."""

import asyncio
import time

import pytest

from accounts_app import roster
from accounts_app.leasing import owners
from accounts_app.leasing.owner_news import Begun
from accounts_app.leasing.usage import jobs
from accounts_app.models import RunningJob
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal, worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

TENANT = Tenant(None, None)
NAME = "interactions/v1_a"


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


async def a_job(look_at=0.0):
    account = await in_database(make_account, "a@example.com", kind="gemini_api")
    await roster.refresh()
    begun = Begun("request", look_at or time.time())
    await owners.made(NAME, account.pk, TENANT, model="m", state="in_progress", begun=begun)
    found = await owners.find(NAME, TENANT)
    assert found is not None
    return account, found


async def written():
    await journal.flush(force=True)
    return [(row.looks, row.counted) async for row in RunningJob.objects.all()]


async def test_of_many_that_see_its_end_one_takes_it():
    _, found = await a_job()

    taken = await asyncio.gather(*[jobs.take(found, time.time() + 600) for _ in range(5)])

    (job,) = [each for each in taken if each is not None]
    assert (job.name, job.model, job.request_id, job.counted) == (NAME, "m", "request", ())
    assert await written() == []


async def test_a_job_is_due_again_when_it_was_told_to_be():
    now = time.time()
    await a_job(now + 60)
    assert await jobs.due(now + 59, 10) == []
    (job,) = await jobs.due(now + 61, 10)

    await jobs.look_again(job, now + 180)

    assert await jobs.due(now + 179, 10) == []
    assert [each.looks for each in await jobs.due(now + 181, 10)] == [1]


async def test_a_stream_that_was_left_tells_what_was_counted():
    now = time.time()
    account, _ = await a_job(now + 3600)

    jobs.left(NAME, account.pk, now + 60, (1, 2, 3))

    assert await written() == [(0, [1, 2, 3])]
    assert [each.counted for each in await jobs.due(now + 61, 10)] == [(1, 2, 3)]


async def test_a_stream_that_came_to_its_end_is_no_job_any_more():
    account, found = await a_job()

    jobs.counted(NAME, account.pk)

    assert await written() == []
    assert await jobs.take(found, time.time() + 600) is None
    assert not await jobs.taken(jobs.Job(0, found.resource_id or 0, 0, NAME, "", None, None, None, "", (), 0))


async def test_a_tenants_running_jobs():
    await a_job()

    assert [each.name for each in await jobs.running(TENANT, 10)] == [NAME]
    assert await jobs.running(Tenant(7, None), 10) == []
