"""An httpx transport over one aiohttp session: httpx's interface and exceptions at aiohttp's price.

Why not httpx's own transport: per streamed chunk and with many open connections aiohttp costs a
third of it, and it hangs up within milliseconds when a call is cancelled.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache

import aiohttp
import httpx
import yarl

from accounts_app.http_client.body import DECODED, Body
from accounts_app.http_client.connections import Connector, Request, Way, way_of_this_call
from accounts_app.http_client.errors import TRANSLATED, Unreadable, without_frames
from accounts_app.http_client.proxies import Proxy, gateways_proxy
from accounts_app.http_client.upload import Upload, payload_of, upload_of
from accounts_app.pool.content import Pieces

_SENT = Upload(Pieces())


def new_session(ssl_context: ssl.SSLContext) -> aiohttp.ClientSession:
    """What one event loop has open, whatever proxies it goes through; must be made within the running loop.

    No redirects, no cookies, no environment proxies, no total timeout, no limit on connections.
    """
    session = aiohttp.ClientSession(
        connector=Connector(ssl_context),
        request_class=Request,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=_client_timeout(None, None),
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
    )
    # A GET that met a stale connection is sent again by whoever sent it, where that is counted; never in here.
    session._retry_connection = False
    return session


class AiohttpTransport(httpx.AsyncBaseTransport):
    """The session as an httpx transport, through one proxy or, without one, by the gateway's own way.

    Bodies arrive as they were sent (`body.reader` decodes them) and repeated headers stay apart. Of a request's
    extensions it reads `timeout` and `fresh`, a connection that was not used before; an answer's `reused` tells.
    """

    def __init__(self, session: aiohttp.ClientSession, proxy: Proxy | None = None, *, direct: bool = False) -> None:
        self._session = session
        self._proxy = proxy
        self._direct = direct

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout") or {}
        upload = request.stream if isinstance(request.stream, Upload) else await upload_of(request)
        way = self._way(request)
        try:
            headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
            through = way.http_proxy
            if through and request.url.scheme == "http":
                headers.extend(through["proxy_headers"].items())  # without a tunnel it reads the request itself
            answer = await self._session.request(
                request.method,
                _address(str(request.url)),
                headers=headers,
                data=payload_of(upload, limits.get("write")),
                allow_redirects=False,
                timeout=_client_timeout(limits.get("connect"), limits.get("read")),
                **through,
            )
        except TRANSLATED as error:
            raise way.failure(error, request) from without_frames(error)
        return self._checked(answer, way, request)

    async def probe(self, request: httpx.Request, connect_timeout: float) -> None:
        """Open the connection that `request` would take, and close it unused."""
        way = self._way(request)
        asked = Request(
            request.method,
            _address(str(request.url)),
            loop=asyncio.get_running_loop(),
            **way.http_proxy,
        )
        connector = self._session.connector
        assert connector is not None
        try:
            connection = await connector.connect(asked, [], _client_timeout(connect_timeout, None))
        except TRANSLATED as error:
            raise way.failure(error, request) from without_frames(error)
        connection.close()

    def _way(self, request: httpx.Request) -> Way:
        proxy = self._proxy
        if proxy is None and not self._direct:
            proxy = gateways_proxy(request.url.host)
        way = Way(request.extensions.get("fresh", False), proxy, request.extensions.get("connected"))
        way_of_this_call.set(way)
        return way

    @staticmethod
    def _checked(answer: aiohttp.ClientResponse, way: Way, request: httpx.Request) -> httpx.Response:
        body = Body(answer, request)
        if answer.status == 407 and way.proxy is not None:
            body.hang_up()
            raise httpx.ProxyError("The proxy wants a login that it has not got.", request=request)
        if body.encoding not in DECODED:
            body.hang_up()
            raise Unreadable("its compression was not asked for", request=request)
        # What was sent is not kept for as long as the answer lasts; a part still in flight is the writer's.
        request.stream = _SENT
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=body,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode("latin-1", "replace"),
                "reused": way.reused,
            },
        )


@lru_cache(maxsize=256)
def _address(url: str) -> yarl.URL:
    return yarl.URL(url, encoded=True)


@lru_cache(maxsize=64)
def _client_timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)
