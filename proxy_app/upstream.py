"""One HTTP exchange with an upstream: the only door to the HTTP client on a call's road.

Foreign exceptions end here. What can go wrong:

    Failure
      Unreachable         nothing was sent: no connection to the endpoint (refused, no such name, TLS, too slow)
        ProxyFailed       nothing was sent: the egress proxy itself is away, refuses us (407) or is none
      OutOfDescriptors    nothing was sent, and it is this gateway's own trouble
      StaleConnection     a connection used before was closed before the answer's first byte: send once more, `fresh`
      BrokeOff            a fresh connection was closed before the answer's head was there
      Silent              no head in time, or the request was not taken in time
      Unreadable          an answer that is no API's: not HTTP, a web page, a redirect, compressed beyond recognition
      Interrupted         the body broke off
        FellSilent        the body stopped coming
        TooLarge          the body is longer than its bound
        Garbled           the body cannot be read on (an Unreadable, too)

`str()` of a failure is for the request log; `told` is a sentence that a client may read, `code` its HTTP status.
"""

import asyncio
from types import TracebackType
from typing import Self

import httpx

from accounts_app import http_client, patience
from proxy_app.wire.dialects import UpstreamRequest
from proxy_app.wire.large_bodies import LARGE_BYTES

# Between two steps that take milliseconds each, others have a turn: as long as an event of theirs takes to pass.
TURN_SECONDS = 0.002


class Failure(Exception):
    """An exchange that brought no answer, or only a part of one."""

    code = 503
    told = "The upstream could not answer. Please try again later."


class Unreachable(Failure):
    """Nothing was sent: there is no connection to the endpoint."""

    told = "No upstream of this gateway could be reached. Please try again later."


class ProxyFailed(Unreachable):
    """Nothing was sent: the egress proxy itself does not work."""


class OutOfDescriptors(Failure):
    """Nothing was sent: this process can open no more connections."""

    told = "This gateway has run out of file descriptors."


class StaleConnection(Failure):
    """A connection used before was closed before the answer's first byte."""

    told = "The upstream closed the connection without an answer."


class BrokeOff(Failure):
    """A fresh connection was closed before the answer's head was there."""

    told = "The upstream closed the connection without an answer."


class Silent(Failure):
    """The upstream said nothing, or took nothing, for too long."""

    code = 504
    told = "The upstream did not answer in time."


class Unreadable(Failure):
    """An answer that is no API's."""

    code = 502

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.told = f"The upstream sent an answer that cannot be read: {what}."


class Interrupted(Failure):
    """The body broke off."""

    told = "The upstream broke off its answer."


class FellSilent(Interrupted):
    """The body stopped coming."""

    code = 504
    told = "The upstream fell silent within its answer."


class TooLarge(Interrupted):
    """The body is longer than its bound."""

    code = 502
    told = "The upstream's answer is too large for this gateway."


class Garbled(Unreadable, Interrupted):
    """The body cannot be read on."""


class Exchange:
    """An answer whose head has arrived; the body is still on its way.

    A context manager: leaving it closes the connection or gives it back.
    """

    __slots__ = ("_read", "_response", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._read = http_client.reader(response)
        self.status = response.status_code

    def __repr__(self) -> str:
        return f"<Exchange {self.status}>"

    @property
    def content_type(self) -> str:
        return self._response.headers.get("content-type", "")

    @property
    def retry_after(self) -> str:
        """Upstream's header `Retry-After` as it came: seconds or a date; empty for none."""
        return self._response.headers.get("retry-after", "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._response.aclose()

    async def chunk(self) -> bytes:
        """The next piece of the body as it comes, decompressed, of any size; empty at the end. Raises Interrupted."""
        try:
            return await self._read()
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise _within(error) from error

    async def read(self) -> bytes:
        """The whole body. Raises Interrupted."""
        whole = bytearray()  # grows in place: pieces kept until the end would be there twice
        while piece := await self.chunk():
            whole += piece
        await turn_of_others(len(whole))
        return bytes(whole)


async def turn_of_others(size: int) -> None:
    """Between two steps that each go over `size` bytes."""
    if size > LARGE_BYTES:
        await asyncio.sleep(TURN_SECONDS)


async def exchange(
    request: UpstreamRequest, proxy_url: str = "", *, fresh: bool = False, connect_timeout: float | None = None
) -> Exchange:
    """Send `request` and wait for the answer's head. Raises Failure, but no Interrupted.

    `fresh` takes no connection that was used before: what may never be sent twice, and what is sent once more after
    a StaleConnection. `connect_timeout` bounds the way to a connection, in seconds, instead of GATEWAY_CONNECT_TIMEOUT.
    """
    outgoing = http_client.request(
        "POST",
        request.url,
        request.headers,
        *request.pieces,
        read_timeout=patience.idle_timeout(),
        connect_timeout=connect_timeout,
        fresh=fresh,
    )
    try:
        return Exchange(await http_client.client(proxy_url).send(outgoing, stream=True))
    except httpx.HTTPError as error:
        raise _before(error) from error


async def probe(base: str, proxy_url: str = "", *, connect_timeout: float | None = None) -> None:
    """Open a connection to `base` and close it again: the proxy's CONNECT, TCP and TLS, but no request.

    Raises Unreachable, ProxyFailed, OutOfDescriptors.
    """
    try:
        await http_client.probe(base, proxy_url, connect_timeout)
    except httpx.HTTPError as error:
        raise _before(error) from error


def _before(error: httpx.HTTPError) -> Failure:
    """What went wrong before the answer's head was there."""
    match error:
        case http_client.OutOfDescriptors():
            return OutOfDescriptors(_said(error))
        case http_client.StaleConnection():
            return StaleConnection(_said(error))
        case http_client.Unreadable():
            return Unreadable("it is not HTTP")
        case httpx.ProxyError():
            return ProxyFailed(_said(error))
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.UnsupportedProtocol() | httpx.LocalProtocolError():
            return Unreachable(_said(error))
        case httpx.TimeoutException():
            return Silent(_said(error))
    return BrokeOff(_said(error))


def _within(error: Exception) -> Interrupted:
    """What went wrong while the body was read."""
    match error:
        case http_client.TooLarge():
            return TooLarge(_said(error))
        case http_client.Unreadable():
            return Garbled(str(error))
        case httpx.TimeoutException():
            return FellSilent(_said(error))
    return Interrupted(_said(error))


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
