"""One request of an upload session at a time: a newer one ends the older, in this process or in another."""

import asyncio
from dataclasses import replace

import pytest

from accounts_app.leasing import upload_sessions
from accounts_app.leasing.upload_sessions import Final, Session
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage.worker import in_database
from proxy_app import errors
from proxy_app.forwarding.uploads import sessions
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def session() -> Session:
    account = await in_database(lambda: make_account("one", kind="gemini_api").pk)
    session = Session("digest", "media.upload", "files", account, Tenant(), "https://up.example")
    await upload_sessions.started(session)
    return session


async def test_a_newer_request_aborts_the_older_and_waits_for_its_end(session):
    order: list[str] = []
    begun = asyncio.Event()

    async def older() -> None:
        async with sessions.alone(session):
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                order.append("older is over")

    task = asyncio.create_task(older())
    await begun.wait()
    async with sessions.alone(session):
        order.append("newer")

    assert order == ["older is over", "newer"]
    with pytest.raises(errors.Aborted):
        await task
    assert not sessions._places


async def test_of_three_the_newest_has_the_session(session):
    all_here = asyncio.Event()

    async def one(number: int) -> str:
        if number == 2:
            all_here.set()
        async with sessions.alone(session):
            await all_here.wait()
            return "done"

    results = await asyncio.gather(*map(one, range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [errors.Aborted, errors.Aborted, str]


async def test_a_request_whose_client_left_while_it_waited_is_in_nobodys_way(session):
    async def one(until: asyncio.Event) -> None:
        async with sessions.alone(session):
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
    assert not sessions._places


async def test_what_fails_or_times_out_within_is_raised_as_it_is(session):
    with pytest.raises(TimeoutError):
        async with sessions.alone(session):
            raise TimeoutError
    assert not sessions._places


async def test_a_request_that_another_process_has_taken_over_ends(session, monkeypatch):
    monkeypatch.setattr(sessions, "WATCH_SECONDS", 0.01)

    with pytest.raises(errors.Aborted):
        async with sessions.alone(session), asyncio.timeout(5):
            await upload_sessions.claim(session)  # as another process does
            await asyncio.Event().wait()
    assert not sessions._places


async def test_what_an_older_request_hears_late_does_not_count_unless_the_file_is_made(session):
    async with sessions.alone(session) as older:
        newer = await upload_sessions.claim(session)
        assert newer is not None

        assert not await upload_sessions.sending(older)
        await upload_sessions.update(replace(older, offset=9))
        await upload_sessions.update(replace(older, state="final", final=Final(400, {}, b"Over.")))
        assert await upload_sessions.latest(session) == newer
        final = Final(200, {}, b"{}")
        await upload_sessions.update(replace(older, state="final", final=final))

    found = await upload_sessions.latest(session)
    assert found is not None
    assert found.final == final


async def test_a_session_that_has_expired_meanwhile_is_over(session):
    with pytest.raises(errors.UploadOver):
        async with sessions.alone(replace(session, digest="other")):
            pass
