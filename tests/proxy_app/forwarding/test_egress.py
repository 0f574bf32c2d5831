"""An account with a proxy of its own: every call of it goes through that proxy, and never past it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from accounts_app import roster
from accounts_app.credentials import quota
from accounts_app.models import Account, Rest
from emulator import Emulator, dead_address
from proxy_app.models import UsageRecord
from tests.accounts_app.http_client.sockets import serving
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
COUNT = f"/v1beta/models/{MODEL}:countTokens"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str = "", port: int = 0) -> None:
    """Pass one request on to its target, marked with `Via`, and the response back to its end."""
    first, _, headers = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    method, target, version = first.decode().split(" ")
    lengths = [line.split(b":")[1] for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0]) if lengths else 0)
    asked = urlsplit(target)
    there, out = await asyncio.open_connection(asked.hostname or host, asked.port or port)
    path = f"{asked.path}?{asked.query}" if asked.query else asked.path
    out.write(f"{method} {path} {version}\r\nVia: 1.1 tiny\r\nConnection: close\r\n".encode() + headers + body)
    while piece := await there.read(65536):
        writer.write(piece)
        await writer.drain()
    out.close()
    writer.close()


async def through_socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """RFC 1928 without authentication, for the CONNECT command to an IPv4 address or a name."""
    await reader.readexactly((await reader.readexactly(2))[1])
    writer.write(b"\x05\x00")
    kind = (await reader.readexactly(4))[3]
    if kind == 1:
        host = ".".join(str(byte) for byte in await reader.readexactly(4))
    else:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    port = int.from_bytes(await reader.readexactly(2))
    writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
    await pass_on(reader, writer, host, port)


async def not_for_you(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A SOCKS proxy that takes no way of logging in."""
    await reader.readexactly((await reader.readexactly(2))[1])
    writer.write(b"\x05\xff")
    writer.close()


@asynccontextmanager
async def a_proxy(scheme: str) -> AsyncIterator[str]:
    async with serving(pass_on if scheme == "http" else through_socks5) as address:
        yield address.replace("http:", f"{scheme}:").rstrip("/")


@pytest.fixture
async def bob_in_reserve(pool_of, operator_sets) -> Callable[..., Awaitable[Account]]:
    """Makes Alice, who answers first, and Bob, who answers when she cannot and has no proxy."""

    async def make(**fields) -> Account:
        await operator_sets(strategy="fill_first")
        (alice,) = await pool_of("alice", **fields)
        await pool_of("bob")
        return alice

    return make


async def forget_unseen(alice: Account) -> list[str]:
    """Deletes the log entries of attempts that were never sent; returns their outcomes."""
    unseen = UsageRecord.objects.filter(account=alice, outcome__in=["unreachable", "token_unavailable"])
    outcomes = [f"{entry.outcome} {entry.message}" async for entry in unseen]
    await unseen.adelete()
    return outcomes


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_every_call_of_the_account_goes_through_its_proxy(scheme: str, client, pool_of, upstream: Emulator):
    async with a_proxy(scheme) as proxy_url:
        expired = datetime.now(UTC) - timedelta(hours=1)
        (alice,) = await pool_of("alice", proxy_url=proxy_url, project="", expires_at=expired)
        upstream.add_account(alice.email, refresh_token=alice.credential.refresh_token, onboarded=False)

        for url in (PLAIN, STREAM, COUNT):
            reply = await client.post(url, a_prompt())
            assert (reply.status, reply.ended) == (200, True)
        await roster.refresh()
        await quota.update(roster.current().accounts[alice.pk], time.time())

    assert {request.call for request in upstream.requests} == {
        *("token", "loadCodeAssist", "onboardUser"),
        *("generateContent", "streamGenerateContent", "countTokens"),
        *("fetchAvailableModels", "retrieveUserQuota"),
    }
    assert [request for request in upstream.requests if request.headers.get("via") != "1.1 tiny"] == []


async def test_an_account_without_a_proxy_goes_the_gateways_way(client, pool_of, upstream: Emulator, settings):
    async with a_proxy("http") as proxy_url:
        settings.GATEWAY_PROXY_URL = proxy_url
        expired = datetime.now(UTC) - timedelta(hours=1)
        await pool_of("alice", expires_at=expired)

        assert (await client.post(PLAIN, a_prompt())).status == 200

    assert {request.call for request in upstream.requests} >= {"token", "generateContent"}
    assert {request.headers.get("via") for request in upstream.requests} == {"1.1 tiny"}


async def test_an_account_without_a_proxy_goes_directly(client, pool_of, upstream: Emulator):
    async with a_proxy("http") as proxy_url:
        await pool_of("alice", proxy_url=proxy_url)
        await pool_of("bob")

        for number in range(12):
            assert (await client.post(PLAIN, a_prompt(f"Hello {number}"))).status == 200

    ways = {(call.account.partition("@")[0], call.headers.get("via")) for call in upstream.calls}
    assert ways == {("alice", "1.1 tiny"), ("bob", None)}


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("good_for", [3600, -3600], ids=["a good token", "an expired token"])
async def test_a_dead_proxy_is_an_account_out_of_reach_and_another_answers(
    scheme: str, good_for: float, client, bob_in_reserve, upstream: Emulator, ledger
):
    alice = await bob_in_reserve(
        proxy_url=dead_address().replace("http:", f"{scheme}:"),
        expires_at=datetime.now(UTC) + timedelta(seconds=good_for),
    )

    reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 200
    assert [entry.outcome for entry in await ledger()] == [
        "unreachable" if good_for > 0 else "token_unavailable",
        "succeeded",
    ]
    (why,) = await forget_unseen(alice)
    assert "ProxyError" in why
    assert {request.account for request in upstream.requests} == {"bob@example.com"}
    await alice.arefresh_from_db()
    assert alice.parked == ""
    assert not await Rest.objects.aexists()


async def test_a_proxy_that_refuses_is_not_gone_around(client, bob_in_reserve, upstream: Emulator, ledger):
    async with serving(not_for_you) as address:
        alice = await bob_in_reserve(proxy_url=address.replace("http:", "socks5:").rstrip("/"))

        reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 200
    await ledger()
    (why,) = await forget_unseen(alice)
    assert "ProxyError" in why
    assert {request.account for request in upstream.requests} == {"bob@example.com"}


async def test_a_proxy_that_wants_a_login_is_not_taken_for_upstream(client, pool_of, upstream, ledger, settings):
    heads: list[bytes] = []

    async def wants_a_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    settings.CLOUD_CODE_URLS = ("https://google.invalid",)
    settings.GATEWAY_MAX_WAIT = 0.0
    async with serving(wants_a_login) as address:
        await pool_of("alice", proxy_url=address)

        reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 503
    assert [entry.outcome for entry in await ledger()] == ["unreachable"]
    assert heads[0].startswith(b"CONNECT google.invalid:443 ")


async def test_when_the_proxy_of_the_only_account_is_dead_nothing_leaves(
    client, pool_of, upstream: Emulator, ledger, settings
):
    settings.GATEWAY_MAX_WAIT = 0.0
    (alice,) = await pool_of("alice", proxy_url=dead_address())

    reply = await client.post(STREAM, a_prompt())

    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")
    assert "127.0.0.1" not in reply.json()["error"]["message"]
    await ledger()
    assert len(await forget_unseen(alice)) == 1
    assert not upstream.requests
