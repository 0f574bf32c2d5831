"""httpx's own transport behind an egress proxy: http, https, socks5."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from accounts_app.http_client.transport import KEEPALIVE_SECONDS


class ProxyTransport(httpx.AsyncBaseTransport):
    """httpx's own transport behind one proxy, which closes only when its last answer is read.

    `retire` may come while calls are under way: their connections stay until each is finished.
    """

    def __init__(self, proxy: httpx.Proxy, ssl_context: ssl.SSLContext) -> None:
        self._pool = httpx.AsyncHTTPTransport(
            verify=ssl_context,
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


def proxy_of(proxy_url: str) -> httpx.Proxy:
    """The proxy at an address. Raises httpx.ProxyError without repeating the address, which may hold a password."""
    try:
        proxy = httpx.Proxy(proxy_url)
    except (ValueError, httpx.InvalidURL):
        proxy = None
    if proxy is None or not proxy.url.host:
        raise httpx.ProxyError("The proxy's address is not an http, https or socks5 URL.")
    return proxy
