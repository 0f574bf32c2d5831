"""Where connections come from: pooled or made anew, direct or through a proxy, and told apart for each call."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from functools import partial
from time import monotonic
from typing import Any

import aiohappyeyeballs
import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.tracing import Trace

from accounts_app.http_client.errors import (
    OutOfDescriptors,
    StaleConnection,
    out_of_descriptors,
    translated,
    without_frames,
)
from accounts_app.http_client.proxies import Proxy, socks_handshake

# A pooled connection is dropped after this much idleness. Google's front ends keep theirs for 610 s; staying well
# below makes it rare to write into one that is just being closed, and a connection costs one round trip or two.
KEEPALIVE_SECONDS = 60.0

# Ways, each an endpoint through one proxy, that keep idle connections. Ten thousand accounts with ten thousand
# proxies are served all the same, only with a fresh connection more often.
MAX_IDLE_WAYS = 256

log = logging.getLogger(__name__)
_told_at: float | None = None

# What a proxy answers to CONNECT when it is the endpoint that cannot be reached, or may not be.
_ENDPOINT_STATUSES = (403, 502, 503, 504)


class Way:
    """How one call gets its connection: `fresh` takes none that was used before, `proxy` is the way out of here."""

    __slots__ = ("_handler", "connected", "fresh", "met", "proxy", "socks_proxy", "when_connected")

    def __init__(self, fresh: bool, proxy: Proxy | None, when_connected: Callable[[], None] | None = None) -> None:
        self.fresh = fresh
        self.when_connected = when_connected
        self.proxy = proxy
        self.socks_proxy = proxy if proxy is not None and proxy.is_socks else None
        self.met = False  # the first peer, which is the proxy where there is one, has taken a TCP connection
        self.connected = False  # the request may have been sent
        self._handler: _Handler | None = None  # of a connection used before

    @property
    def http_proxy(self) -> dict[str, Any]:
        """The http or https proxy, of which aiohttp knows by itself, as it takes one."""
        if self.proxy is None or self.proxy is self.socks_proxy:
            return {}
        return {"proxy": self.proxy.url, "proxy_headers": self.proxy.headers}

    @property
    def reused(self) -> bool:
        return self._handler is not None

    def reuse(self, handler: "_Handler") -> None:
        self._handler = handler

    def failure(self, error: Exception, request: httpx.Request) -> httpx.TransportError:
        """What `error`, met on this way, comes to."""
        if self.connected:
            if self._was_stale(error):
                return StaleConnection(str(error), request=request)
        elif isinstance(error, aiohttp.ClientConnectorError) and out_of_descriptors(error.os_error):
            _tell_once_a_minute()
            return OutOfDescriptors(str(error), request=request)
        elif self.proxy is not None:
            return self._of_proxy(self.proxy, error, request)
        elif isinstance(error, TimeoutError):
            return httpx.ConnectTimeout(f"There is no connection to {request.url.host} in time.", request=request)
        return translated(error, request)

    def _was_stale(self, error: Exception) -> bool:
        """Whether `error` is the end of a connection used before, without a byte of this call's answer."""
        closed = (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError, aiohttp.ClientOSError)
        return self._handler is not None and not self._handler.begun and isinstance(error, closed)

    def _of_proxy(self, proxy: Proxy, error: Exception, request: httpx.Request) -> httpx.TransportError:
        """The proxy's own failure, or that of the endpoint behind it."""
        match error:
            case TimeoutError() if self.met:
                return httpx.ConnectTimeout(f"The proxy has no way to {request.url.host} in time.", request=request)
            case TimeoutError():
                return httpx.ProxyError("The proxy does not answer in time.", request=request)
            case aiohttp.ClientHttpProxyError(status=status) if status in _ENDPOINT_STATUSES:
                return httpx.ConnectError(f"The proxy answered CONNECT with status {status}.", request=request)
            case aiohttp.ClientHttpProxyError(status=status):
                return httpx.ProxyError(f"The proxy answered CONNECT with status {status}.", request=request)
            case aiohttp.ClientProxyConnectionError():
                return httpx.ProxyError(f"The proxy cannot be reached: {error.os_error}.", request=request)
            case aiohttp.ClientConnectorError() if (error.host, error.port) == proxy.address:
                return httpx.ProxyError(f"The proxy cannot be reached: {error}", request=request)
            case aiohttp.ClientConnectorError() | aiohttp.InvalidURL() | ValueError():
                return translated(error, request)
        return httpx.ProxyError(f"The proxy failed: {error or type(error).__name__}.", request=request)


def _tell_once_a_minute() -> None:
    global _told_at
    if _told_at is None or monotonic() - _told_at > 60.0:
        _told_at = monotonic()
        log.error("This gateway has run out of file descriptors; raise the hard limit (ulimit -Hn).")


# aiohttp takes nothing of ours along to its connector; a call connects within its own task.
way_of_this_call: ContextVar[Way] = ContextVar("way_of_this_call")


class Request(aiohttp.ClientRequest):
    """aiohttp's request, whose connection is kept apart by its SOCKS proxy too: of these aiohttp knows nothing."""

    @property
    def connection_key(self) -> ConnectionKey:
        key = super().connection_key
        proxy = way_of_this_call.get().socks_proxy
        if proxy is None:
            return key
        return key._replace(proxy=proxy.url, proxy_headers_hash=hash(proxy.login))


class _Handler(ResponseHandler):
    """aiohttp's end of a connection, which also knows whether it ended within the head of an answer."""

    begun = False  # of a head that never came whole, something had come

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        super().set_exception(exc, *map(without_frames, cause))

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._parser is not None and (self._payload is None or self._payload.is_eof()):
            try:
                self.begun = self._parser.feed_eof() is not None
            except HttpProcessingError:
                self.begun = True
        super().connection_lost(exc)


class Connector(aiohttp.TCPConnector):
    """aiohttp's pool of connections without a limit on those in use; it tells each call how it came by its own."""

    def __init__(self, ssl_context: ssl.SSLContext) -> None:
        super().__init__(limit=0, ssl=ssl_context, keepalive_timeout=KEEPALIVE_SECONDS)
        self._factory = partial(self._meet, asyncio.get_running_loop())  # type: ignore[assignment]

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        way = way_of_this_call.get()
        way.connected = True
        if way.when_connected is not None:
            way.when_connected()
            way.when_connected = None  # the connection's timers remember this way for as long as it is kept
        return connection

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        way = way_of_this_call.get()
        if way.fresh:
            return None
        connection = await super()._get(key, traces)
        if connection is not None:
            assert isinstance(connection.protocol, _Handler)
            way.reuse(connection.protocol)
        return connection

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        one_more = key not in self._conns and len(self._conns) >= MAX_IDLE_WAYS
        super()._release(key, protocol, should_close=should_close or one_more)

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        proxy = way_of_this_call.get().socks_proxy
        if proxy is None:
            return await super()._create_connection(req, traces, timeout)
        return await self._through_socks(proxy, req, timeout)

    async def _through_socks(
        self, proxy: Proxy, req: aiohttp.ClientRequest, timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        try:
            addresses = self._convert_hosts_to_addr_infos(await self._resolve_host(*proxy.address))
            sock = await aiohappyeyeballs.start_connection(addresses, happy_eyeballs_delay=0.25)
        except OSError as error:
            raise aiohttp.ClientProxyConnectionError(req.connection_key, error) from error
        way_of_this_call.get().met = True
        with ExitStack() as opened:
            opened.callback(sock.close)
            assert req.port is not None
            await socks_handshake(sock, proxy, req.host, req.port)
            _, handler = await self._wrap_existing_connection(
                self._factory,
                req=req,
                timeout=timeout,
                sock=sock,
                ssl=self._get_ssl_context(req),
                server_hostname=req.host if req.is_ssl() else None,
            )
            opened.pop_all()
        return handler

    @staticmethod
    def _meet(loop: asyncio.AbstractEventLoop) -> _Handler:
        way_of_this_call.get().met = True
        return _Handler(loop=loop)
