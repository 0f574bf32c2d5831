"""The one place where HTTP clients are made: one for each event loop, and one for each egress proxy."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import aiohttp
import httpx
from django.conf import settings

from accounts_app.http_client.body import limit_silence, reader, whole
from accounts_app.http_client.errors import OutOfDescriptors, StaleConnection, TooLarge, Unreadable
from accounts_app.http_client.proxies import described, is_proxy, proxy_of
from accounts_app.http_client.transport import AiohttpTransport, new_session
from accounts_app.http_client.upload import Upload
from accounts_app.models.accounts import DIRECT
from accounts_app.pool.content import Buffer, Content, Pieces

__all__ = [
    "DIRECT",
    "USER_AGENT",
    "OutOfDescriptors",
    "StaleConnection",
    "TooLarge",
    "Unreadable",
    "client",
    "close_all",
    "described",
    "is_proxy",
    "limit_silence",
    "probe",
    "reader",
    "request",
]

USER_AGENT = settings.USER_AGENT

# Headers that say how a body came, and are no longer true of one that has been read.
_OF_THE_WIRE = (b"content-encoding", b"content-length", b"transfer-encoding")

# Clients kept for proxies in one loop. They own nothing: one that was dropped is made anew, and what it sent goes on.
MAX_CLIENTS = 1024

# The longest answer to a question of our own (tokens, projects, quotas, a webhook's), in bytes.
ANSWER_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class _Clients:
    """What one event loop has open."""

    session: aiohttp.ClientSession
    by_proxy: dict[str, httpx.AsyncClient] = field(default_factory=dict)


# Not weak: a client refers to its loop, so a weak key would never go. Loops that were closed
# without `close_all` are swept out when the next loop asks for its first client.
_by_loop: dict[asyncio.AbstractEventLoop, _Clients] = {}


def client(proxy_url: str = "") -> httpx.AsyncClient:
    """The running loop's client: pooled, verified TLS, no redirects, no cookies.

    With a `proxy_url` (http, https, socks5, socks5h) every connection goes through that proxy and none ever past it;
    with none through the gateway's, if there is one; with DIRECT through none. Raises httpx.ProxyError for an address
    that cannot be one; the message does not repeat the address, which may hold a password.
    """
    loop = asyncio.get_running_loop()
    clients = _by_loop.get(loop)
    if clients is None:
        _sweep_closed_loops()
        clients = _by_loop[loop] = _Clients(new_session(_ssl_context()))
    known = clients.by_proxy.get(proxy_url)
    if known is None:
        direct = proxy_url == DIRECT
        proxy = None if direct or not proxy_url else proxy_of(proxy_url)
        if len(clients.by_proxy) >= MAX_CLIENTS:
            del clients.by_proxy[next(iter(clients.by_proxy))]
        known = clients.by_proxy[proxy_url] = _client(AiohttpTransport(clients.session, proxy, direct=direct))
    return known


def request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *pieces: Buffer,
    content: Content | None = None,
    read_timeout: float | None = None,
    connect_timeout: float | None = None,
    fresh: bool = False,
    connected: Callable[[], None] | None = None,
) -> httpx.Request:
    """A request for `client().send`, at a tenth of the cost of the client's own `build_request`.

    The body is in `pieces`, or else it is `content`; one that passes through takes no connection that was used before,
    as it could not be sent again where that is found closed.

    `read_timeout` is how many seconds upstream may be silent, before the answer and within it, instead of
    GATEWAY_IDLE_TIMEOUT; `connect_timeout` how many a connection may take, instead of GATEWAY_CONNECT_TIMEOUT. `fresh`
    asks for a connection that was not used before, and `connected` is called when there is one. Host, Content-Length
    and our User-Agent are added.
    """
    timeout = _timeout()
    if read_timeout is not None:
        timeout["read"] = read_timeout
    if connect_timeout is not None:
        timeout["connect"] = connect_timeout
    parsed = _parsed(url)
    upload = Upload(Pieces(*pieces) if content is None else content)
    length = upload.content.length
    fields = {"Host": parsed.netloc.decode("ascii"), "User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers}
    if length is not None and (length or method not in ("GET", "HEAD")):
        fields["Content-Length"] = str(length)
    fresh = fresh or not isinstance(upload.content, Pieces)
    extensions = {"timeout": timeout, "fresh": fresh, "connected": connected}
    return httpx.Request(method, parsed, headers=fields, stream=upload, extensions=extensions)


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
    for each in clients.by_proxy.values():
        await each.aclose()
    await clients.session.close()


class LeanClient(httpx.AsyncClient):
    """httpx's client without what a gateway must not do: authenticate, follow redirects, keep cookies.

    Leaving these out of `send` also saves a third of a call's cost. An answer that is not streamed is read whole, up
    to ANSWER_BYTES, and asked for once more where it met a stale connection: these are questions, not calls.
    """

    async def send(self, request: httpx.Request, *, stream: bool = False, **_ignored: Any) -> httpx.Response:
        if self.is_closed:
            raise RuntimeError("This HTTP client is closed; ask client() for the current one.")
        if stream:
            return await self._send(request)
        try:
            return await self._ask(request)
        except StaleConnection:
            request.extensions = {**request.extensions, "fresh": True}
            return await self._ask(request)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        response.request = request
        return response

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        response = await self._send(request)
        try:
            body = await whole(reader(response), ANSWER_BYTES)
        finally:
            await response.aclose()
        headers = [field for field in response.headers.raw if field[0].lower() not in _OF_THE_WIRE]
        return httpx.Response(
            response.status_code, headers=headers, content=body, request=request, extensions=response.extensions
        )


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
            if clients is not None:
                clients.session.detach()  # its loop is gone, and with it whatever could close it


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
