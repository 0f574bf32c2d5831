"""Where connections come from: pooled or made anew, and told apart for each call."""

import asyncio
import ssl
from contextvars import ContextVar
from functools import partial

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace


class Way:
    """How one call got its connection; `fresh` wants one that nobody has used before."""

    __slots__ = ("_handler", "fresh")

    def __init__(self, fresh: bool) -> None:
        self.fresh = fresh
        self._handler: _Handler | None = None  # of a connection used before

    @property
    def reused(self) -> bool:
        return self._handler is not None

    def reuse(self, handler: "_Handler") -> None:
        handler.heard = False
        self._handler = handler

    def was_stale(self, error: BaseException) -> bool:
        """Whether `error` is the end of a connection used before, without a byte of this call's answer."""
        return (
            self._handler is not None
            and not self._handler.heard
            and isinstance(
                error, (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionResetError, aiohttp.ClientOSError)
            )
        )


# aiohttp takes nothing of ours along to its connector; a call connects within its own task.
way_of_this_call: ContextVar[Way] = ContextVar("way_of_this_call")


class _Handler(ResponseHandler):
    """aiohttp's end of a connection, which also knows whether anything was heard since the last request."""

    heard = False

    def data_received(self, data: bytes) -> None:
        self.heard = True
        super().data_received(data)


class Connector(aiohttp.TCPConnector):
    """aiohttp's pool of connections without a limit, which tells the call whether its connection was used before."""

    def __init__(self, ssl_context: ssl.SSLContext, keepalive_seconds: float) -> None:
        super().__init__(limit=0, ssl=ssl_context, keepalive_timeout=keepalive_seconds)
        self._factory = partial(_Handler, loop=asyncio.get_running_loop())  # type: ignore[assignment]

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        way = way_of_this_call.get()
        if way.fresh:
            return None
        connection = await super()._get(key, traces)
        if connection is not None:
            assert isinstance(connection.protocol, _Handler)
            way.reuse(connection.protocol)
        return connection
