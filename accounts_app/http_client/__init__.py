"""The one place where HTTP clients are made: one for each event loop, and one for each egress proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import httpx
from django.conf import settings

from accounts_app.http_client.body import reader
from accounts_app.http_client.errors import OutOfDescriptors, StaleConnection, TooLarge, Unreadable
from accounts_app.http_client.proxies import ProxyTransport, proxy_of
from accounts_app.http_client.transport import AiohttpTransport
from accounts_app.http_client.upload import Buffer, Upload

__all__ = [
    "USER_AGENT",
    "OutOfDescriptors",
    "StaleConnection",
    "TooLarge",
    "Unreadable",
    "client",
    "close_all",
    "probe",
    "reader",
    "request",
]

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
    method: str,
    url: str,
    headers: Mapping[str, str],
    *content: Buffer,
    read_timeout: float | None = None,
    connect_timeout: float | None = None,
    fresh: bool = False,
) -> httpx.Request:
    """A request for `client().send`, at a tenth of the cost of the client's own `build_request`.

    `content` is the body, in as many pieces as one likes. `read_timeout` is the longest silence in seconds, before the
    answer and within it (GATEWAY_IDLE_TIMEOUT unless given); `connect_timeout` the longest way to a connection in
    seconds (GATEWAY_CONNECT_TIMEOUT unless given). `fresh` asks for a connection that was not used before. Host,
    Content-Length and our User-Agent are added.
    """
    timeout = _timeout()
    if read_timeout is not None:
        timeout["read"] = read_timeout
    if connect_timeout is not None:
        timeout["connect"] = connect_timeout
    parsed = _parsed(url)
    upload = Upload(content)
    fields = {"Host": parsed.netloc.decode("ascii"), "User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers}
    if upload.size or method not in ("GET", "HEAD"):
        fields["Content-Length"] = str(upload.size)
    return httpx.Request(method, parsed, headers=fields, stream=upload, extensions={"timeout": timeout, "fresh": fresh})


async def probe(url: str, proxy_url: str = "", connect_timeout: float | None = None) -> None:
    """Open a connection to where `url` leads, and close it: TCP and TLS, nothing of a request.

    Raises httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError.
    """
    transport = client(proxy_url)._transport
    seconds = settings.GATEWAY_CONNECT_TIMEOUT if connect_timeout is None else connect_timeout
    assert isinstance(transport, AiohttpTransport)
    await transport.probe(httpx.Request("GET", url), seconds)


async def close_all() -> None:
    """Close everything the running loop has open; a later call of `client` starts afresh."""
    clients = _by_loop.pop(asyncio.get_running_loop(), None)
    if clients is None:
        return
    await asyncio.gather(*clients.retiring)
    for each in (clients.direct, *clients.proxied.values()):
        await each.aclose()


def _proxied(clients: _Clients, proxy_url: str) -> httpx.AsyncClient:
    """The client of one proxy, the most recently used last; the longest unused one retires."""
    known = clients.proxied.get(proxy_url)
    if known is not None:
        clients.proxied.move_to_end(proxy_url)
        return known
    fresh = clients.proxied[proxy_url] = _client(ProxyTransport(proxy_of(proxy_url), _ssl_context()))
    while len(clients.proxied) > MAX_PROXIES:
        _, oldest = clients.proxied.popitem(last=False)
        assert isinstance(oldest._transport, ProxyTransport)
        task = asyncio.get_running_loop().create_task(oldest._transport.retire())
        clients.retiring.add(task)
        task.add_done_callback(clients.retiring.discard)
    return fresh


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
