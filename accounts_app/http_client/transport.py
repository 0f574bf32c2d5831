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

from accounts_app.http_client.body import Body
from accounts_app.http_client.connections import Connector, Way, way_of_this_call
from accounts_app.http_client.errors import TRANSLATED, StaleConnection, translated
from accounts_app.http_client.upload import Upload, payload_of, upload_of

# A pooled connection is dropped after this much idleness. Google's front ends keep theirs for
# minutes; staying well below makes it rare to write into one that is just being closed.
KEEPALIVE_SECONDS = 60.0


class AiohttpTransport(httpx.AsyncBaseTransport):
    """One aiohttp session as an httpx transport; must be made and used within one running loop.

    No redirects, no cookies, no environment proxies, no total timeout, no limit on connections;
    bodies arrive as they were sent (httpx or `body.reader` decode them) and repeated headers stay apart.
    """

    def __init__(self, ssl_context: ssl.SSLContext) -> None:
        self._session = aiohttp.ClientSession(
            connector=Connector(ssl_context, KEEPALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=_client_timeout(None, None),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        )
        # A GET or PUT that met a stale connection is sent again by whoever sent it, and counted; never in here.
        self._session._retry_connection = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout") or {}
        upload = request.stream if isinstance(request.stream, Upload) else await upload_of(request)
        way = Way(fresh=request.extensions.get("fresh", False))
        way_of_this_call.set(way)
        try:
            headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
            answer = await self._session.request(
                request.method,
                _address(str(request.url)),
                headers=headers,
                data=payload_of(upload, limits.get("write")),
                allow_redirects=False,
                timeout=_client_timeout(limits.get("connect"), limits.get("read")),
            )
        except TRANSLATED as error:
            if way.was_stale(error):
                raise StaleConnection(str(error), request=request) from error
            raise translated(error, request) from error
        stream = Body(answer, request)
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=stream,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode("latin-1", "replace"),
                "reused": way.reused,
            },
        )

    async def probe(self, request: httpx.Request, connect_timeout: float) -> None:
        """Open the connection that `request` would take, and close it unused."""
        way_of_this_call.set(Way(fresh=True))
        connector = self._session.connector
        assert connector is not None
        asked = aiohttp.ClientRequest(request.method, _address(str(request.url)), loop=asyncio.get_running_loop())
        try:
            connection = await connector.connect(asked, [], _client_timeout(connect_timeout, None))
        except TimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.", request=request) from error
        except TRANSLATED as error:
            raise translated(error, request) from error
        connection.close()

    async def aclose(self) -> None:
        await self._session.close()

    def abandon(self) -> None:
        """Let go of a session whose loop is already closed, without a warning."""
        self._session.detach()


@lru_cache(maxsize=256)
def _address(url: str) -> yarl.URL:
    return yarl.URL(url, encoded=True)


@lru_cache(maxsize=64)
def _client_timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)
