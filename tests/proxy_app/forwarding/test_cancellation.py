"""A call that is cancelled at any of its awaits leaves nothing behind: no account, key, connection or claim.

A scenario is played again and again, its client leaving while the call waits for the first time, the second time and
so on, until the call is over before it comes to that. Then everything once more with a second cancellation (the
server's shutdown, say) one wait later.
"""

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts_app import leasing, roster
from accounts_app.api_keys import usage
from accounts_app.credentials import tokens
from accounts_app.models import Account, ApiKey, Credential
from emulator import Emulator, dead_address
from gateway_project.asgi import application
from gateway_project.server.inbox import Inbox
from proxy_app.models import UsageRecord
from tests.asgi_client import Client
from tests.factories import a_prompt
from tests.proxy_app.leftovers import nothing_is_left
from tests.proxy_app.scripted import FINISHED, a_stream, a_text

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
ARRAY = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=json"
COUNT = f"/v1beta/models/{MODEL}:countTokens"
MOST_WAITS = 60


@dataclass(frozen=True)
class Scenario:
    """What is asked for, and what upstream does about the first requests."""

    url: str = PLAIN
    faults: tuple[Any, ...] = ()
    accounts: tuple[str, ...] = ("alice", "bob")
    fields: tuple[tuple[str, Any], ...] = ()
    expired: bool = False
    dead_endpoint: bool = False
    compressed: bool = False
    size: int = 0
    at_least: int = 2  # how often it waits


SCENARIOS = {
    "a plain answer": Scenario(),
    "a stream": Scenario(STREAM, at_least=4),
    "an array": Scenario(ARRAY, (a_stream(a_text("one"), a_text("two"), FINISHED),), at_least=4),
    "a count": Scenario(COUNT),
    "another account": Scenario(STREAM, ("overloaded",)),
    "a short wait for the same account": Scenario(PLAIN, ("rate_limited",), ("alice",)),
    "a token that upstream refuses": Scenario(PLAIN, ("token_expired",), tuple("abcdefghijklmnop")),
    "a token to renew": Scenario(STREAM, (), ("alice",), expired=True),
    "a project to find": Scenario(PLAIN, (), ("alice",), (("project", ""),)),
    "a dead endpoint": Scenario(STREAM, dead_endpoint=True),
    "a stream that breaks off": Scenario(STREAM, ("cut_after_first",)),
    "an error at the end": Scenario(PLAIN, ("invalid_argument",)),
    "a large body": Scenario(PLAIN, size=3_000_000),
    "a compressed body": Scenario(PLAIN, compressed=True, size=1_000_000),
}


class Steps:
    """Awaits a coroutine and counts its waits. Something is done when it waits for the nth time, by `at`."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], at: dict[int, Callable[[], object]]) -> None:
        self._coroutine = coroutine
        self._at = at
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, None]:
        advance: Callable[[Any], Any] = self._coroutine.send
        value: Any = None
        while True:
            try:
                waits_for = advance(value)
            except StopIteration:
                return
            finally:
                value = None  # an error's frames, of which this is one, must not hold it
            self.waits += 1
            if act := self._at.get(self.waits):
                asyncio.get_running_loop().call_soon(act)
            try:
                value = yield waits_for
                advance = self._coroutine.send
            except BaseException as error:
                advance, value = self._coroutine.throw, error


async def play(scenario: Scenario, key: str, wait: int, again_after: int) -> int:
    """The scenario, left at its nth wait and cancelled again some waits later; how often it waited."""
    prompt = json.dumps(a_prompt(f"{wait} {again_after} {'x' * scenario.size}")).encode()
    body = gzip.compress(prompt) if scenario.compressed else prompt
    inbox = Inbox(len(body))
    inbox.put(body)
    inbox.end()
    steps: list[Steps] = []

    def stepping(scope: dict[str, Any], receive: object, send: Callable[..., Awaitable[None]]) -> Steps:
        task = asyncio.current_task()
        assert task is not None
        acts: dict[int, Callable[[], object]] = {wait: inbox.hang_up}
        if again_after:
            acts[wait + again_after] = task.cancel
        steps.append(Steps(application(scope, inbox.receive, send), acts))
        return steps[0]

    coding = {"content_encoding": "gzip"} if scenario.compressed else {}
    exchange = Client(application=stepping).start("POST", scenario.url, body, x_goog_api_key=key, **coding)
    await asyncio.wait({exchange._task})
    return steps[0].waits


async def at_each_wait(scenario: Scenario, key: str, again_after: int, upstream: Emulator) -> Iterable[int]:
    """Play it with every wait's number in turn; how often it waited, each time."""
    waited = []
    for wait in range(1, MOST_WAITS):
        upstream.unscript()
        for fault in scenario.faults:
            upstream.script(fault, delay=0.02)
        if scenario.expired:
            await tokens.finish()
            tokens.reset()
            await Credential.objects.aupdate(expires_at=datetime.now(UTC) - timedelta(hours=1))
            await roster.refresh()
        waited.append(await play(scenario, key, wait, again_after))
        if waited[-1] < wait:
            break
    return waited


@pytest.mark.parametrize("again_after", [0, 1, 2], ids=["once", "again a wait later", "again two waits later"])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_leaves_nothing_at_any_wait(
    scenario: Scenario, again_after: int, client, pool_of, api_key, upstream, ledger, settings
):
    await pool_of(*scenario.accounts, max_concurrency=1, **dict(scenario.fields))
    key = await api_key()
    await ApiKey.objects.aupdate(max_concurrency=1)
    if scenario.dead_endpoint:
        settings.CLOUD_CODE_URLS = (dead_address(), upstream.url)
    await client.get("/readyz")

    with nothing_is_left():
        waited = await at_each_wait(scenario, key, again_after, upstream)
        await asyncio.to_thread(upstream.wait_for_silence)
        await asyncio.sleep(0.05)

    assert len(waited) >= scenario.at_least
    assert (leasing.in_flight(), usage.in_flight(), upstream.open_streams) == (0, 0, 0)
    assert not await Account.objects.exclude(parked="").aexists()
    assert not await Credential.objects.filter(renewing_until__gt=datetime.now(UTC)).aexists()
    upstream.unscript()
    assert (await client.post(scenario.url, a_prompt(), x_goog_api_key=key)).status == 200
    await ledger()
    await the_books_balance(upstream)


async def the_books_balance(upstream: Emulator) -> None:
    """A call that was left between its connection and its first byte has a row, and upstream has not seen it."""
    seen = Counter(call.body["requestId"] for call in upstream.calls if "requestId" in call.body)
    rows = UsageRecord.objects.filter(endpoint__gt="").exclude(method="countTokens")
    sent = Counter([row.request_id async for row in rows])
    assert not seen - sent
    unseen = sent - seen
    outcomes = {row.outcome async for row in UsageRecord.objects.filter(request_id__in=unseen)}
    assert outcomes <= {"abandoned"}
    await UsageRecord.objects.filter(outcome="abandoned").adelete()
    await UsageRecord.objects.all().adelete()
    upstream.reset()
