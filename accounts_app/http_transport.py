"""An httpx transport over one aiohttp session: httpx's interface and exceptions at aiohttp's price.

Why not httpx's own transport: per streamed chunk and with many open connections aiohttp costs a
third of it, and it hangs up within milliseconds when a call is cancelled.

What a caller may conclude from an exception (each row is tested on a real socket):

    ConnectError, ConnectTimeout            nothing was sent: refused, unresolved, no TLS, too slow
    UnsupportedProtocol, LocalProtocolError nothing was sent: the request itself is impossible
    WriteError, WriteTimeout                part of the request was sent
    ReadError, ReadTimeout                  sent; the connection was reset, or stayed silent
    RemoteProtocolError                     sent; closed without an answer, unreadable, or cut short
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import aiohttp
import httpx
import yarl
from aiohttp.abc import AbstractStreamWriter

# A pooled connection is dropped after this much idleness. Google's front ends keep theirs for
# minutes; staying well below makes it rare to write into one that is just being closed.
KEEPALIVE_SECONDS = 60.0

# Bodies are written in slices of this size: the transport never holds more than one of them, so a
# large upload neither doubles in memory nor keeps a cancelled connection open until it is flushed.
SLICE_BYTES = 256 * 1024

# The most specific first; see the table in the module's docstring.
_TRANSLATIONS: tuple[tuple[type[BaseException], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientConnectionResetError, httpx.WriteError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.InvalidURL, httpx.LocalProtocolError),
    (aiohttp.ClientConnectionError, httpx.ReadError),
    (TimeoutError, httpx.WriteTimeout),  # only _Slices raises a bare one
    (OSError, httpx.ReadError),
    (ValueError, httpx.LocalProtocolError),  # a line break within a header
)
_TRANSLATED = (aiohttp.ClientError, OSError, ValueError)


class AiohttpTransport(httpx.AsyncBaseTransport):
    """One aiohttp session as an httpx transport; must be made and used within one running loop.

    No redirects, no cookies, no environment proxies, no total timeout, no limit on connections;
    bodies arrive as they were sent (httpx or `chunks` decode them) and repeated headers stay apart.
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
        except _TRANSLATED as error:
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


class Body(httpx.AsyncByteStream):
    """The raw bytes of one answer as they arrive; its own iterator, so a chunk costs one call."""

    __slots__ = ("_answer", "_content", "_ends_with_connection", "_protocol", "_request")

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._content = answer.content
        self._request = request
        connection = answer.connection
        self._protocol = None if connection is None else connection.protocol
        self._ends_with_connection = (
            "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers
        )

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._content.readany()
        except _TRANSLATED as error:
            self._hang_up()
            raise translated(error, self._request) from error
        if chunk:
            return chunk
        if self._ends_with_connection and self._protocol is not None:
            # Such a body has no end of its own: only a connection closed in order completes it.
            lost = self._protocol.exception()
            if isinstance(lost, aiohttp.ClientOSError):
                raise translated(lost, self._request) from lost
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._hang_up()

    def _hang_up(self) -> None:
        """Give a finished connection back; abort an unfinished one, so upstream stops at once."""
        connection = self._answer.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._answer.close()


def chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The decoded body as it arrives, without the three generators of `aiter_bytes`.

    Raises httpx.TransportError only; a compressed body that is damaged or ends too early is a
    RemoteProtocolError. Closing the response stays the caller's duty.
    """
    body = response.extensions.get("body")
    if body is None:
        return response.aiter_bytes()
    match response.headers.get("content-encoding", "identity").lower():
        case "identity" | "":
            return aiter(body)
        case "gzip" | "x-gzip":
            return _Gunzip(body, response)
        case _:
            return response.aiter_bytes()


class _Gunzip:
    """Decodes gzip as it arrives; Google flushes after every event, so nothing is held back."""

    __slots__ = ("_body", "_inflate", "_response")

    def __init__(self, body: Body, response: httpx.Response) -> None:
        self._body = body
        self._response = response
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while True:
            try:
                compressed = await self._body.__anext__()
            except StopAsyncIteration:
                if self._inflate.eof:
                    raise
                raise self._broken("the compressed answer ended too early") from None
            try:
                plain = self._inflate.decompress(compressed)
            except zlib.error as error:
                raise self._broken("the compressed answer cannot be read") from error
            if plain:
                return plain

    def _broken(self, message: str) -> httpx.RemoteProtocolError:
        return httpx.RemoteProtocolError(message, request=self._response.request)


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


def translated(error: BaseException, request: httpx.Request) -> httpx.TransportError:
    """aiohttp's exception as the httpx exception that tells whether the request may have been sent."""
    for theirs, ours in _TRANSLATIONS:
        if isinstance(error, theirs):
            return ours(str(error) or type(error).__name__, request=request)
    return httpx.ReadError(type(error).__name__, request=request)


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
