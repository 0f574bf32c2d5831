"""Egress proxies on real sockets: http, https and SOCKS, and the error for each of their failures."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from accounts_app import http_client
from accounts_app.http_client import client, close_all, proxies, request
from tests.accounts_app.http_client.sockets import OK, Play, head, part, refusing_address, reset, serving


@pytest.fixture(autouse=True)
async def nothing_left_open() -> AsyncIterator[None]:
    yield
    await close_all()


async def splice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    """Copies bytes to and from the endpoint, until one side ends."""
    there, out = await asyncio.open_connection(host, port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while some := await source.read(65536):
                sink.write(some)
        sink.close()

    await asyncio.gather(pump(reader, out), pump(there, writer))


def http_proxy(
    greetings: list[bytes] | None = None, says: bytes = b"HTTP/1.1 200 Fine\r\n\r\n", then: str = ""
) -> Play:
    """An http proxy for CONNECT; notes the heads it reads, and answers them with `says`."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await head(reader)
        if greetings is not None:
            greetings.append(asked)
        writer.write(says)
        if then == "close":
            writer.close()
        elif says.startswith(b"HTTP/1.1 200"):
            host, _, port = asked.split(b" ")[1].decode().rpartition(":")
            await splice(reader, writer, host, int(port))
        else:
            await reader.read()

    return play


def socks_proxy(login: bytes = b"", reply: int = 0, bytewise: bool = False) -> Play:
    """A SOCKS5 proxy for IPv4 addresses; `login` is the name and the password it requires."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(words: bytes) -> None:
            for piece in [words[at : at + 1] for at in range(len(words))] if bytewise else [words]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

        await reader.readexactly(3)
        await say(b"\x05\x02" if login else b"\x05\x00")
        if login:
            given = await reader.readexactly(1 + len(login) + 2)
            await say(b"\x01\x00" if bytes(b for b in given[2:] if b >= 32) == login else b"\x01\x01")
        *_, a, b, c, d, high, low = await reader.readexactly(4 + 4 + 2)
        await say(bytes((5, reply, 0, 3, 4)) + b"here" + b"\x00\x00")
        if not reply:
            await splice(reader, writer, f"{a}.{b}.{c}.{d}", high * 256 + low)

    return play


Way = Callable[[], AbstractAsyncContextManager[str]]


@pytest.fixture(params=["http", "https", "socks5"])
def through(request: pytest.FixtureRequest, tls_server: ssl.SSLContext) -> Way:
    """Opens a proxy of a kind. Yields its address."""

    @contextlib.asynccontextmanager
    async def open_() -> AsyncIterator[str]:
        play = socks_proxy() if request.param == "socks5" else http_proxy()
        async with serving(play, tls_server if request.param == "https" else None) as address:
            yield f"{request.param}:{address.partition(':')[2]}"

    return open_


# --- Carrying a call


async def test_a_proxy_of_each_kind_carries_encrypted_calls_on_one_connection(through: Way, trusted, tls_server):
    seen: list[bytes] = []
    connections = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            seen.append(await head(reader))
            writer.write(OK)

    async with through() as proxy, serving(play, tls_server) as upstream:
        for _ in range(3):
            assert (await client(proxy).send(request("POST", f"{upstream}v1", {}))).text == "ok"
        assert (await client().send(request("POST", f"{upstream}v1", {}))).text == "ok"

    assert connections == 2  # direct calls use no connection through a proxy
    assert {each.split(b"\r\n")[0] for each in seen} == {b"POST /v1 HTTP/1.1"}
    assert not any(b"proxy" in each.lower() for each in seen)


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_kept_connection_through_a_proxy_can_be_stale_too(end: str, through: Way, trusted, tls_server):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(OK)
        await head(reader)
        writer.close() if end == "close" else reset(writer)

    async with through() as proxy, serving(play, tls_server) as upstream:
        await client(proxy).send(request("POST", upstream, {}))
        with pytest.raises(http_client.StaleConnection):
            await client(proxy).send(request("POST", upstream, {}), stream=True)

        assert (await client(proxy).send(request("POST", upstream, {}, fresh=True))).text == "ok"


async def test_an_http_proxy_reads_a_plain_call_itself_and_its_login_with_it():
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    async with serving(proxy) as address:
        proxy_url = address.replace("http://", "http://alice:secret%40@")
        response = await client(proxy_url).post("http://upstream.example/v1", content=b"{}")

    assert response.text == "ok"
    assert seen[0].startswith(b"POST http://upstream.example/v1 HTTP/1.1")
    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"alice:secret@") in seen[0]


async def test_the_login_of_an_http_proxy_stays_with_the_proxy(trusted, tls_server):
    greetings: list[bytes] = []
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    async with serving(http_proxy(greetings)) as proxy, serving(play, tls_server) as upstream:
        await client(proxy.replace("://", "://alice:secret@")).send(request("GET", upstream, {}))

    assert b"Proxy-Authorization: Basic " + base64.b64encode(b"alice:secret") in greetings[0]
    assert b"alice" not in seen[0] and b"authorization" not in seen[0].lower()


@pytest.mark.parametrize("bytewise", [False, True])
async def test_a_socks_proxy_carries_plain_calls_after_a_login(bytewise: bool):
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    async with serving(play) as upstream, serving(socks_proxy(b"alicesecret", bytewise=bytewise)) as address:
        proxy_url = address.replace("http://", "socks5://alice:secret@")
        assert (await client(proxy_url).post(f"{upstream}v1", content=b"{}")).text == "ok"

    assert seen[0].startswith(b"POST /v1 HTTP/1.1")
    assert b"proxy" not in seen[0].lower()


# --- The error for each failure


@pytest.mark.parametrize(
    ("says", "then"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", ""),
        (b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n", ""),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ""),
        (b"", "close"),
        (b"HTTP/1.1 200", "close"),
    ],
    ids=["wants a login", "is a web server", "is no proxy", "hangs up", "breaks off"],
)
async def test_an_http_proxy_that_fails_itself_is_a_proxy_error(says: bytes, then: str):
    async with serving(http_proxy(says=says, then=then)) as proxy:
        with pytest.raises(httpx.ProxyError):
            await client(proxy).send(request("POST", "https://upstream.example/", {}))


async def test_a_call_that_an_http_proxy_wants_a_login_for_is_a_proxy_error():
    async with serving(part(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")) as proxy:
        with pytest.raises(httpx.ProxyError):
            await client(proxy).send(request("POST", "http://upstream.example/", {}), stream=True)


@pytest.mark.parametrize("status", [403, 502, 503, 504])
async def test_what_an_http_proxy_cannot_reach_is_the_endpoints_failure(status: int):
    async with serving(http_proxy(says=b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)) as proxy:
        with pytest.raises(httpx.ConnectError) as failed:
            await client(proxy).send(request("POST", "https://upstream.example/", {}))

    assert str(status) in str(failed.value)


@pytest.mark.parametrize(
    ("reply", "failure"), [(1, httpx.ProxyError), (2, httpx.ConnectError), (5, httpx.ConnectError)]
)
async def test_a_socks_reply_tells_the_proxys_failure_from_the_endpoints(reply: int, failure: type[Exception]):
    async with serving(socks_proxy(reply=reply)) as address:
        with pytest.raises(failure):
            await client(address.replace("http:", "socks5:")).send(request("POST", "http://127.0.0.1:9/", {}))


async def test_a_login_that_a_socks_proxy_does_not_take_is_a_proxy_error():
    async with serving(socks_proxy(b"alicesecret")) as address:
        with pytest.raises(httpx.ProxyError) as failed:
            await client(address.replace("://", "://alice:secreT@").replace("http:", "socks5:")).get(
                "http://127.0.0.1:9/"
            )

    assert "secre" not in str(failed.value)


async def test_an_untrusted_certificate_is_the_endpoints_failure_behind_a_proxy(tls_server: ssl.SSLContext):
    http_client._ssl_context.cache_clear()

    async with serving(http_proxy()) as proxy, serving(part(OK), tls_server) as upstream:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await client(proxy).send(request("POST", upstream, {}))


async def test_an_untrusted_certificate_of_a_proxy_is_a_proxy_error(tls_server: ssl.SSLContext):
    http_client._ssl_context.cache_clear()

    async with serving(http_proxy(), tls_server) as proxy:
        with pytest.raises(httpx.ProxyError, match=r"(?i)certificate"):
            await client(proxy).send(request("POST", "https://upstream.example/", {}))


# --- The connect timeout covers the proxy, too


@pytest.fixture
def impatient(settings) -> None:
    settings.GATEWAY_CONNECT_TIMEOUT = 0.4


async def test_an_http_proxy_that_falls_silent_is_left_when_the_connect_timeout_is_over(impatient):
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        await reader.read()
        left.set()

    async with serving(silent) as proxy:
        with pytest.raises(httpx.ConnectTimeout):
            await client(proxy).send(request("POST", "https://upstream.example/", {}))
        await left.wait()


async def test_the_handshake_within_a_tunnel_is_held_to_the_connect_timeout(through: Way, trusted):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with through() as proxy, serving(silent) as upstream:
        call = request("POST", upstream.replace("http:", "https:"), {}, connect_timeout=0.2)
        with pytest.raises(httpx.ConnectTimeout):
            await client(proxy).send(call)


async def test_a_probe_through_a_proxy_connects_to_the_endpoint_and_sends_nothing(through: Way, trusted, tls_server):
    said: asyncio.Queue[bytes] = asyncio.Queue()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.put_nowait(await reader.read())

    async with through() as proxy, serving(play, tls_server) as upstream:
        await http_client.probe(upstream, proxy)
        assert await said.get() == b""

        with pytest.raises(httpx.ConnectTimeout):
            async with serving(part(then="stall")) as mute:
                await http_client.probe(mute.replace("http:", "https:"), proxy, 0.2)


class SocksProxy:
    """Accepts a connection, sends one reply to its greeting, and notices when the other side closes."""

    def __init__(self, says: bytes) -> None:
        self.says = says
        self.greeted = asyncio.Event()
        self.left = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        self.greeted.set()
        writer.write(self.says)
        while await reader.read(100):
            pass
        self.left.set()


@pytest.mark.parametrize("says", [b"", b"\x05\x00"], ids=["nothing", "hello"])
async def test_a_socks_proxy_that_falls_silent_is_left_when_the_connect_timeout_is_over(says: bytes, impatient):
    proxy = SocksProxy(says)

    async with serving(proxy) as address:
        call = request("GET", "http://upstream.example/", {})
        with pytest.raises(httpx.ConnectTimeout):
            await client(address.replace("http:", "socks5:")).send(call)
        await proxy.left.wait()


async def test_a_slow_answer_through_a_socks_proxy_is_not_held_to_the_connect_timeout(impatient):
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.readuntil(b"\x00\x50")
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
        await head(reader)
        await asyncio.sleep(0.4)
        writer.write(OK)

    async with serving(proxy) as address:
        response = await client(address.replace("http:", "socks5:")).send(
            request("GET", "http://upstream.example/", {})
        )

    assert response.text == "ok"


async def test_the_connection_to_a_socks_proxy_that_refuses_is_closed():
    proxy = SocksProxy(b"\x05\xff")

    async with serving(proxy) as address:
        with pytest.raises(httpx.ProxyError):
            await client(address.replace("http:", "socks5:")).get("http://upstream.example/")
        await proxy.left.wait()


async def test_a_caller_that_leaves_takes_its_connection_to_a_socks_proxy_along():
    proxy = SocksProxy(b"")

    async with serving(proxy) as address:
        leaving = asyncio.create_task(client(address.replace("http:", "socks5:")).get("http://upstream.example/"))
        await proxy.greeted.wait()
        leaving.cancel()
        await proxy.left.wait()

    assert leaving.cancelled()


async def test_a_dead_proxy_is_never_bypassed():
    reached = False

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached = True

    async with serving(upstream) as address:
        with pytest.raises(httpx.ProxyError):
            await client(refusing_address()).post(address, content=b"{}")

    assert not reached


@pytest.mark.parametrize("address", ["ftp://127.0.0.1:1", "nonsense", "http://:8080", "http://[::1"])
async def test_an_address_that_is_no_proxy_is_a_proxy_error(address: str):
    with pytest.raises(httpx.ProxyError) as failed:
        client(address)

    assert address not in str(failed.value)


# --- The gateway's own proxy


@pytest.fixture
async def carrying() -> AsyncIterator[tuple[str, list[bytes]]]:
    """The address of an http proxy that answers plain calls itself, and the heads of its requests."""
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)
        writer.close()

    async with serving(play) as address:
        yield address, seen


async def test_the_gateways_proxy_is_for_accounts_without_one(carrying, settings):
    address, seen = carrying
    settings.GATEWAY_PROXY_URL = address.replace("://", "://alice:secret@")

    async with serving(part(OK)) as here:
        for url in ("http://upstream.example/", here):
            await client().send(request("POST", url, {}))
        await client(http_client.DIRECT).send(request("POST", here, {}))

    assert [each.split(b" ")[1] for each in seen] == [b"http://upstream.example/", here.encode()]
    assert http_client.described() == f"{address.rstrip('/')} (GATEWAY_PROXY_URL)"


async def test_an_accounts_proxy_comes_before_the_gateways(carrying, settings):
    address, seen = carrying
    settings.GATEWAY_PROXY_URL = refusing_address()

    await client(address).send(request("POST", "http://upstream.example/", {}))

    assert len(seen) == 1


async def test_the_environments_proxy_is_not_for_this_machine(carrying, settings):
    address, seen = carrying
    settings.ENVIRONMENT_PROXY_URL = address
    settings.ENVIRONMENT_NO_PROXY = "internal.example"

    async with serving(part(OK)) as here:
        await client().send(request("POST", here, {}))
        await client().send(request("POST", "http://upstream.example/", {}))
    with pytest.raises(httpx.ConnectError):
        await client().send(request("POST", "http://nowhere.internal.example/", {}))

    assert [each.split(b" ")[1] for each in seen] == [b"http://upstream.example/"]
    assert http_client.described().endswith("(HTTPS_PROXY), but for this machine and internal.example")


@pytest.mark.parametrize(
    ("host", "no_proxy", "exempt"),
    [
        ("localhost", "", True),
        ("127.0.0.8", "", True),
        ("::1", "", True),
        ("oauth2.googleapis.com", "", False),
        ("oauth2.googleapis.com", "*", True),
        ("oauth2.googleapis.com", "a.example, .googleapis.com", True),
        ("oauth2.googleapis.com", "*.googleapis.com", True),
        ("oauth2.googleapis.com", "GoogleAPIs.com:443", True),
        ("notgoogleapis.com", "googleapis.com", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2", False),
        ("fd00::1", "fd00::/8", True),
    ],
)
def test_no_proxy_names_hosts_with_all_below_them_addresses_and_networks(host: str, no_proxy: str, exempt: bool):
    assert proxies._is_exempt(host, no_proxy) is exempt
