"""The steady state: a call awaits its upstream and nothing else. No query, no thread, no hop into one.

The background loops are stopped here, so that all that is counted comes from calls; the roster is loaded once, and the
journal is not written.
"""

import asyncio
import gc
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import AsyncToSync, SyncToAsync
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.db.backends.utils import CursorWrapper
from django.dispatch import Signal

from accounts_app import http_client, roster
from accounts_app.storage import journal, worker
from gateway_project.asgi import api
from gateway_project.background import loops
from gateway_project.http.api_handler import ApiRequest
from gateway_project.http.downstream import Downstream
from proxy_app.forwarding.relay import Relay
from tests.asgi_client import Client
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
CALLS = {
    "plain": f"/v1beta/models/{MODEL}:generateContent",
    "stream": f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse",
    "array": f"/v1beta/models/{MODEL}:streamGenerateContent?alt=json",
    "count": f"/v1beta/models/{MODEL}:countTokens",
}

# Functions outside this project in which each way of waiting ends.
WATCHED = (
    (SyncToAsync, "__call__"),
    (AsyncToSync, "__call__"),
    (ThreadPoolExecutor, "submit"),
    (threading.Thread, "start"),
    (CursorWrapper, "execute"),
    (CursorWrapper, "executemany"),
    (LocMemCache, "get"),
    (BaseCache, "get_many"),
    (Signal, "send"),
    (Signal, "asend"),
)


@pytest.fixture
async def lone(client, alice, api_key, operator_sets):
    """The lean application without its background loops, warmed up by one call of each kind; and a key."""
    key = await api_key()
    await operator_sets(auth_mode="strict")
    await loops.stop()
    await roster.refresh()
    alone = Client(application=api)
    for url in CALLS.values():
        assert (await alone.post(url, a_prompt(), x_goog_api_key=key)).status == 200
    yield alone, key
    await journal.flush(force=True)
    await http_client.close_all()
    worker.shutdown()


@pytest.fixture
def counted(monkeypatch) -> Counter:
    """How often each watched function is called from now on."""
    counts: Counter = Counter()

    def watch(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def counting(*args, **options):
            counts[f"{owner.__name__}.{name}"] += 1
            return original(*args, **options)

        monkeypatch.setattr(owner, name, counting)

    for owner, name in WATCHED:
        watch(owner, name)
    return counts


@pytest.mark.parametrize("url", CALLS.values(), ids=CALLS)
async def test_a_call_costs_no_thread_no_hop_and_no_query(url, lone, counted, monkeypatch):
    client, key = lone
    threads = set(threading.enumerate())
    counted.clear()

    replies = [await client.post(url, a_prompt(), x_goog_api_key=key) for _ in range(3)]

    assert dict(counted) == {}
    assert set(threading.enumerate()) <= threads
    assert [reply.status for reply in replies] == [200, 200, 200]


@pytest.mark.parametrize("url", CALLS.values(), ids=CALLS)
async def test_a_call_leaves_nothing_for_the_cycle_collector(url, lone):
    client, key = lone
    gc.freeze()
    gc.disable()

    try:
        for _ in range(3):
            await client.post(url, a_prompt(), x_goog_api_key=key)
        await asyncio.sleep(0)
        left = [type(each).__name__ for each in gc.get_objects() if type(each) in (Downstream, ApiRequest, Relay)]
    finally:
        gc.enable()
        gc.unfreeze()

    assert left == []


async def test_a_refusal_costs_none_either(lone, counted):
    client, key = lone
    counted.clear()

    statuses = [
        (await client.post(CALLS["plain"], a_prompt())).status,
        (await client.post(CALLS["plain"], b"nonsense", x_goog_api_key=key)).status,
        (await client.get("/nowhere", x_goog_api_key=key)).status,
        (await client.get("/v1beta/models", x_goog_api_key=key)).status,
    ]

    assert statuses == [401, 400, 404, 200]
    assert dict(counted) == {}


async def test_the_counting_counts(lone, counted):
    counted.clear()

    await roster.refresh()

    assert counted["ThreadPoolExecutor.submit"] == 1
    assert counted["CursorWrapper.execute"] > 0
