"""The one place where HTTP clients are made: one for each event loop, and one for each egress proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import httpx
from django.conf import settings

from .http_transport import KEEPALIVE_SECONDS, AiohttpTransport, chunks

__all__ = ["USER_AGENT", "chunks", "client", "close_all", "request"]

USER_AGENT = settings.USER_AGENT

# Proxies kept open in one loop. Each costs a client and its idle connections; ten thousand accounts
# with ten thousand proxies are served all the same, only with a fresh connection more often.
MAX_PROXIES = 128


@dataclass(slots=True)
class _Clients:
    """What one event loop has open."""

    direct: httpx.AsyncClient
    proxied: OrderedDict[str, httpx.AsyncClient] = field(default_factory=OrderedDict)
    retiring: set[asyncio.Task[None]] = field(default_factory=set)


# Not weak: a client refers to its loop, so a weak key would never go. Loops that were closed
# without `close_all` are swept out when the next loop asks for its first client.
_by_loop: dict[asyncio.AbstractEventLoop, _Clients] = {}


def client(proxy_url: str = "") -> httpx.AsyncClient:
    """The running loop's client: pooled, verified TLS, no redirects, cookies or environment proxies.

    With a `proxy_url` (http, https, socks5, socks5h) every connection goes through that proxy and
    none ever past it. Raises httpx.ProxyError for an address that cannot be one; the message does
    not repeat the address, which may hold a password.
    """
    loop = asyncio.get_running_loop()
    clients = _by_loop.get(loop)
    if clients is None:
        _sweep_closed_loops()
        clients = _by_loop[loop] = _Clients(_client(AiohttpTransport(_ssl_context())))
    if not proxy_url:
        return clients.direct
    return _proxied(clients, proxy_url)


def request(
    method: str, url: str, headers: Mapping[str, str], content: bytes = b"", *, read_timeout: float | None = None
) -> httpx.Request:
    """A request for `client().send`, at a tenth of the cost of the client's own `build_request`.

    `read_timeout` is the longest silence in seconds, before the answer and within it
    (GATEWAY_IDLE_TIMEOUT unless given). Host, Content-Length and our User-Agent are added.
    """
    timeout = _timeout() if read_timeout is None else _timeout() | {"read": read_timeout}
    parsed = _parsed(url)
    fields = {"Host": parsed.netloc.decode("ascii"), "User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers}
    if content or method not in ("GET", "HEAD"):
        fields["Content-Length"] = str(len(content))
    return httpx.Request(
        method, parsed, headers=fields, stream=httpx.ByteStream(content), extensions={"timeout": timeout}
    )


async def close_all() -> None:
    """Close everything the running loop has open; a later call of `client` starts afresh."""
    clients = _by_loop.pop(asyncio.get_running_loop(), None)
    if clients is None:
        return
    await asyncio.gather(*clients.retiring)
    for each in (clients.direct, *clients.proxied.values()):
        await each.aclose()


class ProxyTransport(httpx.AsyncBaseTransport):
    """httpx's own transport behind one proxy, which closes only when its last answer is read.

    `retire` may come while calls are under way: their connections stay until each is finished.
    """

    def __init__(self, proxy: httpx.Proxy) -> None:
        self._pool = httpx.AsyncHTTPTransport(
            verify=_ssl_context(),
            proxy=proxy,
            trust_env=False,
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=20,
                keepalive_expiry=KEEPALIVE_SECONDS,
            ),
        )
        self._under_way = 0
        self._retired = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._under_way += 1
        response = None
        try:
            async with _opening(request):
                response = await self._pool.handle_async_request(request)
        finally:
            if response is None:
                await self._finished()
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _ProxiedBody(response.stream, self)
        return response

    async def retire(self) -> None:
        self._retired = True
        if not self._under_way:
            await self._pool.aclose()

    async def aclose(self) -> None:
        await self._pool.aclose()

    async def _finished(self) -> None:
        self._under_way -= 1
        if self._retired and not self._under_way:
            await self._pool.aclose()


@asynccontextmanager
async def _opening(request: httpx.Request) -> AsyncIterator[None]:
    """Holds the way through a SOCKS proxy to the connect timeout, and closes what it has opened when that fails.

    httpcore does neither: a proxy that takes the connection and falls silent would be waited for without end.
    Raises httpx.ConnectTimeout.
    """
    seconds = request.extensions.get("timeout", {}).get("connect")
    opened: list[Any] = []
    limit = asyncio.timeout(None)

    async def watch(event: str, info: dict[str, Any]) -> None:
        match event:
            case "socks.connect_tcp.started" if seconds is not None:
                limit.reschedule(asyncio.get_running_loop().time() + seconds)
            case "socks.connect_tcp.complete":
                opened.append(info["return_value"])
            case "http11.send_request_headers.started":
                opened.clear()
                limit.reschedule(None)

    request.extensions = {**request.extensions, "trace": watch}
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise httpx.ConnectTimeout("The proxy does not answer in time.", request=request) from None
    finally:
        for stream in opened:
            await stream.aclose()


class _ProxiedBody(httpx.AsyncByteStream):
    """An answer's bytes; closing them tells the transport, once."""

    def __init__(self, stream: httpx.AsyncByteStream, transport: ProxyTransport) -> None:
        self._stream = stream
        self._transport = transport
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._stream.aclose()
        finally:
            await self._transport._finished()


def _proxied(clients: _Clients, proxy_url: str) -> httpx.AsyncClient:
    """The client of one proxy, the most recently used last; the longest unused one retires."""
    known = clients.proxied.get(proxy_url)
    if known is not None:
        clients.proxied.move_to_end(proxy_url)
        return known
    fresh = clients.proxied[proxy_url] = _client(ProxyTransport(_proxy(proxy_url)))
    while len(clients.proxied) > MAX_PROXIES:
        _, oldest = clients.proxied.popitem(last=False)
        assert isinstance(oldest._transport, ProxyTransport)
        task = asyncio.get_running_loop().create_task(oldest._transport.retire())
        clients.retiring.add(task)
        task.add_done_callback(clients.retiring.discard)
    return fresh


def _proxy(proxy_url: str) -> httpx.Proxy:
    try:
        proxy = httpx.Proxy(proxy_url)
    except (ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or not proxy.url.host:
        raise httpx.ProxyError("The proxy's address is not an http, https or socks5 URL.")
    return proxy


class LeanClient(httpx.AsyncClient):
    """httpx's client without what a gateway must not do: authenticate, follow redirects, keep cookies.

    Leaving these out of `send` also saves a third of a call's cost.
    """

    async def send(self, request: httpx.Request, *, stream: bool = False, **_ignored: Any) -> httpx.Response:
        if self.is_closed:
            raise RuntimeError("This HTTP client is closed; ask client() for the current one.")
        response = await self._transport.handle_async_request(request)
        response.request = request
        if stream:
            return response
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response


def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    return LeanClient(
        transport=transport,
        trust_env=False,
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        timeout=httpx.Timeout(**_timeout()),
    )


def _timeout() -> dict[str, float | None]:
    silence = settings.GATEWAY_IDLE_TIMEOUT
    return {"connect": settings.GATEWAY_CONNECT_TIMEOUT, "read": silence, "write": silence, "pool": None}


def _sweep_closed_loops() -> None:
    for loop in list(_by_loop):
        if loop.is_closed():
            clients = _by_loop.pop(loop, None)
            if clients is not None and isinstance(clients.direct._transport, AiohttpTransport):
                clients.direct._transport.abandon()


@lru_cache(maxsize=256)
def _parsed(url: str) -> httpx.URL:
    """The few addresses of upstream's methods come again with every call."""
    return httpx.URL(url)


@cache
def _ssl_context() -> ssl.SSLContext:
    """Verifies against SSL_CERT_FILE or SSL_CERT_DIR where set, else certifi; loading it takes 20 ms."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
