"""Bare connections bring back a path that is down, and no call has to try it."""

import asyncio
import time

import pytest

from accounts_app import http_client, leasing, roster
from accounts_app.leasing import Lease, Status, Wanted
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.storage.worker import in_database, shutdown
from proxy_app.forwarding.checks import path_probes
from tests.accounts_app.http_client.sockets import refusing_address, serving
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

MODEL = "gemini-2.5-pro"


@pytest.fixture(autouse=True)
async def nothing_left_open():
    yield
    await path_probes.finish()
    await http_client.close_all()
    shutdown()


async def path_down(settings, base: str) -> None:
    """An account whose only path has refused two calls, ten seconds ago."""
    settings.CLOUD_CODE_URLS = (base.rstrip("/"),)
    await in_database(make_account)
    await roster.refresh()
    for ago in (20.0, 10.0):
        moment = time.monotonic() - ago
        attempts = leasing.attempts(Wanted(MODEL, 42))
        lease = leasing.next_step(attempts, moment)
        assert isinstance(lease, Lease)
        with lease:
            attempts.failed(Fault(Outcome.UNREACHABLE), moment)


def status() -> Status:
    (found,) = leasing.eligibility(MODEL, time.time())
    return found.status


async def probed() -> None:
    """Until the probes in flight have ended."""
    await path_probes._probes.finish(within=5.0)


async def test_a_path_that_takes_a_connection_is_back(settings):
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.put_nowait(await reader.read())

    async with serving(play) as address:
        await path_down(settings, address)
        assert status() is Status.NO_PATH

        await path_probes.probe_due()
        await path_probes.probe_due()
        await probed()

        assert status() is Status.READY
        assert await asyncio.wait_for(said.get(), 5.0) == b""


async def test_a_path_that_refuses_it_stays_down(settings):
    await path_down(settings, refusing_address())

    await path_probes.probe_due()
    await probed()

    assert status() is Status.NO_PATH
