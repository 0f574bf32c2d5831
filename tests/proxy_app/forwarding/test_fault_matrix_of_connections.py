"""The fault matrix's other half: no connection, a stale one, one without HTTP, no token, a client that disconnects.

Plain and streamed, with one account, two and ten; and in the log a row names the upstream that it was sent to, and no
other.
"""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from accounts_app import leasing
from accounts_app.models import Account
from emulator import dead_address
from tests.accounts_app.http_client.sockets import in_chunks, part, reset, serving
from tests.factories import a_prompt
from tests.proxy_app.leftovers import nothing_is_left
from tests.proxy_app.scripted import FINISHED, an_answer, an_event

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
TEN = ("alice", "bob", *"cdefghij")

BOTH = pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
POOLS = pytest.mark.parametrize("pool", [1, 2, 10])


def good(url: str) -> bytes:
    """A good answer, to the byte, over a connection that stays."""
    if url == STREAM:
        events = b"".join([*in_chunks(an_event(FINISHED)), b"0\r\n\r\n"])
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + events
    body = b"".join(an_answer(FINISHED).chunks)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Ending:
    """An upstream that answers the first request of each connection, and closes it at the second."""

    def __init__(self, url: str, then: str) -> None:
        self.seen = 0
        self._answer = good(url)
        self._then = then

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._request(reader)
            writer.write(self._answer)
            await self._request(reader)
        reset(writer) if self._then == "reset" else writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.partition(b":")[2]))
        self.seen += 1


@asynccontextmanager
async def nothing_is_lost(client, ledger):
    """All slots have come back, and nothing is left to the garbage collector."""
    await client.get("/readyz")
    with nothing_is_left():
        yield
        await asyncio.sleep(0)
    assert leasing.in_flight() == 0


async def rows(ledger) -> list[tuple[str, str]]:
    return [(entry.outcome, entry.endpoint) for entry in await ledger()]


@BOTH
@POOLS
async def test_no_connection_to_the_only_endpoint(url, pool, client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    await pool_of(*TEN[:pool])
    settings.CLOUD_CODE_URLS = (dead_address(),)

    async with nothing_is_lost(client, ledger):
        reply = await client.post(url, a_prompt())

    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert set(await rows(ledger)) == {("unreachable", "")}
    assert not await Account.objects.exclude(parked="").aexists()


@BOTH
@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
async def test_no_connection_to_the_proxy(scheme, url, client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    await pool_of("alice", proxy_url=dead_address().replace("http", scheme, 1))
    await pool_of("bob", proxy_url="socks5://name-that-is-none.invalid:1080")

    async with nothing_is_lost(client, ledger):
        reply = await client.post(url, a_prompt())

    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert await rows(ledger) == [("unreachable", ""), ("unreachable", "")]


@BOTH
@pytest.mark.parametrize("written", [b"", b"HTTP/1.1 503 Away\r\n\r\n", b"HTTP/1.1 407 Who\r\n\r\n", b"\x05\xff"])
async def test_a_proxy_that_opens_no_tunnel(written, url, client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    settings.CLOUD_CODE_URLS = ("https://upstream.example",)
    async with serving(part(written)) as address:
        await pool_of("alice", proxy_url=address.rstrip("/"))
        await pool_of("bob", proxy_url=address.rstrip("/").replace("http", "socks5"))

        async with nothing_is_lost(client, ledger):
            reply = await client.post(url, a_prompt())

    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert await rows(ledger) == [("unreachable", ""), ("unreachable", "")]


@BOTH
async def test_no_tls_at_the_endpoint(url, client, alice, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    settings.CLOUD_CODE_URLS = (upstream.url.replace("http", "https", 1),)

    async with nothing_is_lost(client, ledger):
        reply = await client.post(url, a_prompt())

    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert await rows(ledger) == [("unreachable", "")]


@BOTH
@POOLS
async def test_no_connection_to_the_first_of_two_endpoints(url, pool, client, pool_of, upstream, ledger, settings):
    await pool_of(*TEN[:pool])
    settings.CLOUD_CODE_URLS = (dead_address(), upstream.url)

    async with nothing_is_lost(client, ledger):
        reply = await client.post(url, a_prompt())

    assert reply.status == 200
    assert await rows(ledger) == [("unreachable", ""), ("succeeded", upstream.url)]


@BOTH
@POOLS
@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_stale_connection(then, url, pool, client, pool_of, ledger, settings):
    await pool_of(*TEN[:pool])
    ending = Ending(url, then)
    async with serving(ending.play) as address:
        settings.CLOUD_CODE_URLS = (address.rstrip("/"),)
        first = await client.post(url, a_prompt())

        async with nothing_is_lost(client, ledger):
            second = await client.post(url, a_prompt())

    assert (first.status, second.status) == (200, 200)
    outcomes = [outcome for outcome, endpoint in await rows(ledger) if endpoint]
    assert outcomes == ["succeeded", "stale_connection", "succeeded"]
    assert len(outcomes) == ending.seen
    assert len({entry.account_id for entry in await ledger()}) == 1


@BOTH
@POOLS
@pytest.mark.parametrize(
    "written", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n"]
)
async def test_an_answer_that_is_not_http(written, url, pool, client, pool_of, ledger, settings):
    await pool_of(*TEN[:pool])
    async with serving(part(written)) as address:
        settings.CLOUD_CODE_URLS = (address.rstrip("/"),)

        async with nothing_is_lost(client, ledger):
            reply = await client.post(url, a_prompt())
            await asyncio.sleep(0.01)

    assert reply.status == 502
    assert {outcome for outcome, _ in await rows(ledger)} == {"unreadable"}


@BOTH
@POOLS
async def test_the_token_endpoint_is_away(url, pool, client, pool_of, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    settings.GOOGLE_OAUTH_TOKEN_URL = dead_address()
    await pool_of(*TEN[:pool], expires_at=datetime.now(UTC) - timedelta(hours=1))

    async with nothing_is_lost(client, ledger):
        reply = await client.post(url, a_prompt())

    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert set(await rows(ledger)) == {("token_unavailable", "")}
    assert not await Account.objects.exclude(parked="").aexists()


@BOTH
@POOLS
async def test_the_token_endpoint_is_away_and_one_account_still_has_a_token(
    url, pool, client, pool_of, upstream, ledger, settings
):
    settings.GOOGLE_OAUTH_TOKEN_URL = dead_address()
    await pool_of(*TEN[: pool - 1], expires_at=datetime.now(UTC) - timedelta(hours=1))
    await pool_of("zoe")

    async with nothing_is_lost(client, ledger):
        reply = await client.post(url, a_prompt())

    assert reply.status == 200
    assert (await rows(ledger))[-1] == ("succeeded", upstream.url)


@BOTH
@POOLS
@pytest.mark.parametrize("fault", ["stall", "stall_after_headers", "overloaded"])
async def test_the_client_leaves(fault, url, pool, client, pool_of, upstream, ledger):
    await pool_of(*TEN[:pool])
    upstream.script(fault, times=1)
    upstream.script("stall", times=None)

    async with nothing_is_lost(client, ledger):
        exchange = client.start("POST", url, a_prompt())
        await asyncio.to_thread(upstream.wait_for_requests, 2 if fault == "overloaded" else 1)
        await exchange.hang_up()
        del exchange

    assert (await rows(ledger))[-1] == ("abandoned", upstream.url)
    assert not await Account.objects.exclude(parked="").aexists()
