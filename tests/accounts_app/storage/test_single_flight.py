"""One task at a time for each key, which goes on when its callers are cancelled."""

import ast
import asyncio
import logging
from pathlib import Path

import pytest

from accounts_app.storage.single_flight import SingleFlight

ROOT = Path(__file__).resolve().parents[3]
# These begin tasks that nothing joins: the journal's writing, which is one for all kinds of rows.
STARTERS = {
    "accounts_app/storage/journal.py",
    "accounts_app/storage/single_flight.py",
    "proxy_app/forwarding/uploads/sessions.py",  # a watch, which ends with the request that it is for
}


class Work:
    """Counts how often it is begun, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        await self.may_end.wait()
        if self.fails:
            raise ValueError("no")
        return number


@pytest.fixture
def flights() -> SingleFlight[str, int]:
    return SingleFlight("count")


async def test_all_who_ask_while_it_runs_get_the_same_result(flights: SingleFlight[str, int]):
    work = Work()
    asked = [asyncio.create_task(flights.run("a", work)) for _ in range(5)]
    await asyncio.sleep(0)
    work.may_end.set()

    assert await asyncio.gather(*asked) == [1] * 5
    assert await flights.run("a", work) == 2


async def test_keys_do_not_wait_for_each_other(flights: SingleFlight[str, int]):
    slow, quick = Work(), Work()
    quick.may_end.set()
    flights.start("slow", slow)

    assert await flights.run("quick", quick) == 1
    assert flights.is_running("slow") and not flights.is_running("quick")
    assert repr(flights) == "<SingleFlight count: 1 in flight>"
    slow.may_end.set()
    await flights.finish(1.0)


async def test_it_goes_on_when_its_caller_is_cancelled(flights: SingleFlight[str, int]):
    work = Work()
    first = asyncio.create_task(flights.run("a", work))
    await asyncio.sleep(0)
    first.cancel()
    second = asyncio.create_task(flights.run("a", work))
    await asyncio.sleep(0)
    work.may_end.set()

    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_goes_to_all_who_wait(flights: SingleFlight[str, int]):
    work = Work()
    work.fails = True
    work.may_end.set()

    results = await asyncio.gather(flights.run("a", work), flights.run("a", work), return_exceptions=True)

    assert [type(each) for each in results] == [ValueError, ValueError]


async def test_a_failure_that_nothing_awaits_is_logged(flights: SingleFlight[str, int], caplog):
    work = Work()
    work.fails = True
    work.may_end.set()

    with caplog.at_level(logging.WARNING):
        flights.start("a", work)
        await flights.finish(1.0)

    assert [record.getMessage() for record in caplog.records] == ["count a: no"]


async def test_what_is_cancelled_has_ended(flights: SingleFlight[str, int]):
    flights.start("a", Work())

    await flights.cancel()

    assert not flights.is_running("a")


def test_a_task_of_another_loop_is_not_joined(flights: SingleFlight[str, int]):
    async def ask() -> int:
        work = Work()
        work.may_end.set()
        return await flights.run("a", work)

    async def leave_one_behind() -> None:
        flights.start("a", Work())

    asyncio.run(leave_one_behind())

    assert asyncio.run(ask()) == 1


def test_neither_room_begins_tasks_elsewhere():
    begins = set()
    for path in (*(ROOT / "accounts_app").rglob("*.py"), *(ROOT / "proxy_app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("create_task", "ensure_future"):
                begins.add(str(path.relative_to(ROOT)))

    assert begins == STARTERS
