"""The database thread: one job at a time, exceptions handed back, and an end that waits for what is queued."""

import asyncio
import threading

import pytest
from django.db import OperationalError

from accounts_app.storage import worker


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    worker.shutdown()


async def test_all_jobs_run_on_one_thread_that_is_not_the_loops():
    threads = {await worker.in_database(threading.get_ident) for _ in range(3)}

    assert len(threads) == 1
    assert threads != {threading.get_ident()}


async def test_an_exception_goes_to_who_asked_and_the_next_job_runs():
    def fails() -> None:
        raise OperationalError("away")

    with pytest.raises(OperationalError, match="away"):
        await worker.in_database(fails)

    assert await worker.in_database(lambda: 7) == 7
    assert await worker.soon_in_database(lambda: 8) == 8


async def test_the_end_waits_for_a_job_no_longer_than_it_may():
    may_end = threading.Event()
    job = worker._submit(may_end.wait)

    assert not worker.shutdown(within=0.01)
    may_end.set()
    assert job.result()
    assert worker.shutdown()


async def test_a_cancellation_that_comes_together_with_the_answer_is_not_lost():
    answered = threading.Event()
    task = asyncio.create_task(worker.soon_in_database(answered.set))
    await asyncio.sleep(0)
    answered.wait(10)  # the loop stands still: the answer is there before the task can go on
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
