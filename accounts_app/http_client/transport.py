"""An httpx transport over one aiohttp session: httpx's interface and exceptions at aiohttp's price.

Why not httpx's own transport: per streamed chunk and with many open connections aiohttp costs a
third of it, and it hangs up within milliseconds when a call is cancelled.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import lru_cache
from typing import Any

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractStreamWriter

from accounts_app.http_client.body import Body
from accounts_app.http_client.errors import TRANSLATED, translated

# A pooled connection is dropped after this much idleness. Google's front ends keep theirs for
# minutes; staying well below makes it rare to write into one that is just being closed.
KEEPALIVE_SECONDS = 60.0

# Bodies are written in slices of this size: the transport never holds more than one of them, so a
# large upload neither doubles in memory nor keeps a cancelled connection open until it is flushed.
SLICE_BYTES = 256 * 1024


class AiohttpTransport(httpx.AsyncBaseTransport):
    """One aiohttp session as an httpx transport; must be made and used within one running loop.

    No redirects, no cookies, no environment proxies, no total timeout, no limit on connections;
    bodies arrive as they were sent (httpx or `body.reader` decode them) and repeated headers stay apart.
    """

    def __init__(self, ssl_context: ssl.SSLContext) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=ssl_context, keepalive_timeout=KEEPALIVE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=_client_timeout(None, None),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout") or {}
        # Not request.aread(): its check of what it reads costs more than the reading.
        assert isinstance(request.stream, httpx.AsyncByteStream)
        body = b"".join([part async for part in request.stream])
        try:
            headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
            answer = await self._session.request(
                request.method,
                _address(str(request.url)),
                headers=headers,
                data=_upload(body, limits.get("write")),
                allow_redirects=False,
                timeout=_client_timeout(limits.get("connect"), limits.get("read")),
            )
        except TRANSLATED as error:
            raise translated(error, request) from error
        stream = Body(answer, request)
        return httpx.Response(
            answer.status,
            headers=list(answer.raw_headers),
            stream=stream,
            extensions={
                "http_version": b"HTTP/1.1",
                "reason_phrase": (answer.reason or "").encode("latin-1", "replace"),
                "body": stream,
            },
        )

    async def aclose(self) -> None:
        await self._session.close()

    def abandon(self) -> None:
        """Let go of a session whose loop is already closed, without a warning."""
        self._session.detach()


class _Slices(aiohttp.Payload):
    """A request body written slice by slice, each within the write timeout."""

    def __init__(self, body: bytes, timeout: float | None) -> None:
        super().__init__(body, content_type="application/octet-stream")
        self._size = len(body)
        self._timeout = timeout

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value, encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        view = memoryview(self._value)
        written = False
        try:
            for start in range(0, len(view), SLICE_BYTES):
                async with asyncio.timeout(self._timeout):
                    await writer.write(view[start : start + SLICE_BYTES])
                    await writer.drain()
            written = True
        finally:
            transport = getattr(writer, "transport", None)
            if not written and transport is not None:
                # What is still buffered must not keep the connection open to be sent.
                transport.abort()

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await self.write(writer)


def _upload(body: bytes, timeout: float | None) -> Any:
    if not body:
        return None
    return body if len(body) <= SLICE_BYTES else _Slices(body, timeout)


@lru_cache(maxsize=256)
def _address(url: str) -> yarl.URL:
    return yarl.URL(url, encoded=True)


@lru_cache(maxsize=64)
def _client_timeout(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect, sock_read=read)
