"""One request of an upload session at a time: a newer one ends the older."""

import asyncio

import pytest

from accounts_app.leasing.upload_sessions import Session
from accounts_app.pool.access.tenants import Tenant
from proxy_app import errors
from proxy_app.forwarding import uploads

SESSION = Session("digest", "media.upload", "files", 1, Tenant(), "https://up.example")


async def test_a_newer_request_aborts_the_older_and_waits_for_its_end():
    order: list[str] = []
    begun = asyncio.Event()

    async def older() -> None:
        async with uploads.alone(SESSION) as waited:
            assert not waited
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                order.append("older is over")

    task = asyncio.create_task(older())
    await begun.wait()
    async with uploads.alone(SESSION) as waited:
        order.append("newer")

    assert waited
    assert order == ["older is over", "newer"]
    with pytest.raises(errors.Aborted):
        await task
    assert not uploads._places


async def test_of_three_the_newest_has_the_session():
    async def one() -> str:
        async with uploads.alone(SESSION):
            for _ in range(10):
                await asyncio.sleep(0)
            return "done"

    results = await asyncio.gather(*(one() for _ in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [errors.Aborted, errors.Aborted, str]


async def test_a_request_whose_client_left_while_it_waited_is_in_nobodys_way():
    async def one(until: asyncio.Event) -> None:
        async with uploads.alone(SESSION):
            try:
                await asyncio.Event().wait()
            finally:
                await until.wait()

    until = asyncio.Event()
    first = asyncio.create_task(one(until))
    await asyncio.sleep(0)
    second = asyncio.create_task(one(until))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        third = asyncio.create_task(one(until))
        await asyncio.sleep(0)
        until.set()
        third.cancel()
        results = await asyncio.gather(first, second, third, return_exceptions=True)

    assert [type(result) for result in results] == [errors.Aborted, asyncio.CancelledError, asyncio.CancelledError]
    assert not uploads._places


async def test_what_fails_or_times_out_within_is_raised_as_it_is():
    with pytest.raises(TimeoutError):
        async with uploads.alone(SESSION):
            raise TimeoutError
    assert not uploads._places
