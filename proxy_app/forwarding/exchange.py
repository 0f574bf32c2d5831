"""One HTTP exchange with an upstream: the only door to the HTTP client on a call's road.

Foreign exceptions end here, as one of the tree in `upstream_errors`, which callers find here too.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx

from accounts_app import http_client
from accounts_app.roster import timeouts
from proxy_app.forwarding.exchange_errors import (
    BrokeOff,
    Failure,
    FellSilent,
    Garbled,
    Interrupted,
    OutOfDescriptors,
    ProxyFailed,
    Silent,
    StaleConnection,
    TooLarge,
    Unreachable,
    Unreadable,
)
from proxy_app.forwarding.turns import turn_of_others
from proxy_app.wire.dialects import UpstreamRequest

__all__ = [
    "BrokeOff",
    "Exchange",
    "Failure",
    "FellSilent",
    "Garbled",
    "Interrupted",
    "OutOfDescriptors",
    "ProxyFailed",
    "Silent",
    "StaleConnection",
    "TooLarge",
    "Unreachable",
    "Unreadable",
    "exchange",
    "probe",
]

# The longest body that is read whole. The largest answers seen are images of some 20 MB in base64.
ANSWER_BYTES = 256 * 1024 * 1024
ERROR_BYTES = 1024 * 1024

# Headers of an answer that speak to the client: which tier served it, what it took, what will go away. All others are
# between us and upstream, or are about the body in the form it came.
_FOR_CLIENTS = frozenset(("deprecation", "server-timing", "sunset", "warning"))
_FOR_CLIENTS_BEGIN = ("x-gemini-", "x-goog-ext-")
CLIENT_HEADERS_BYTES = 8 * 1024

_GZIP = b"\x1f\x8b"  # no JSON and no event begins so


class Exchange:
    """An answer whose head has arrived; the body is still on its way.

    A context manager: leaving it closes the connection or gives it back.
    """

    __slots__ = ("_read", "_response", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._read: Callable[[], Awaitable[bytes]] | None = None  # until the first piece is asked for
        self.status = response.status_code

    def __repr__(self) -> str:
        return f"<Exchange {self.status}>"

    @property
    def content_type(self) -> str:
        return self._response.headers.get("content-type", "")

    @property
    def client_headers(self) -> dict[str, str]:
        """Upstream's headers that speak to the client, in lower case, at most CLIENT_HEADERS_BYTES together; what came
        several times is one list.

        What is about the connection, the body's form or upstream's own browser pages is not among them.
        """
        found: dict[str, str] = {}
        size = 0
        for name, value in self._response.headers.multi_items():
            if name in _FOR_CLIENTS or name.startswith(_FOR_CLIENTS_BEGIN):
                size += len(name) + len(value)
                if size <= CLIENT_HEADERS_BYTES and value.isascii() and value.isprintable():
                    found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    @property
    def retry_after(self) -> str:
        """Upstream's header `Retry-After` as it came: seconds or a date; empty for none."""
        return self._response.headers.get("retry-after", "")

    def limit_silence(self, seconds: float) -> None:
        """From now on the body may be silent for so many seconds; call it between two chunks."""
        http_client.limit_silence(self._response, seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._response.aclose()

    async def chunk(self) -> bytes:
        """The next piece of the body as it comes, decompressed, of any size; empty at the end. Raises Interrupted."""
        try:
            return await (self._read or self._first_piece)()
        except httpx.HTTPError as error:
            raise _within(error) from error

    async def _first_piece(self) -> bytes:
        self._read = http_client.reader(self._response)
        piece = await self._read()
        if piece.startswith(_GZIP):
            raise Garbled("it is compressed and does not say so")
        return piece

    async def read(self) -> bytes:
        """The whole body of an answer; of an error what there is, at most ERROR_BYTES: its status says the most.

        Raises Interrupted (TooLarge beyond ANSWER_BYTES) for an answer, nothing for an error.
        """
        whole = bytearray()  # grows in place: pieces kept until the end would be there twice
        if not 200 <= self.status < 300:
            with suppress(Interrupted):
                while len(whole) < ERROR_BYTES and (piece := await self.chunk()):
                    whole += piece
            return bytes(whole[:ERROR_BYTES])
        while piece := await self.chunk():
            whole += piece
            if len(whole) > ANSWER_BYTES:
                raise TooLarge(f"an answer of more than {ANSWER_BYTES} bytes")
        await turn_of_others(len(whole))
        return bytes(whole)


async def exchange(
    request: UpstreamRequest,
    proxy_url: str = "",
    *,
    fresh: bool = False,
    connect_timeout: float | None = None,
    silence: float | None = None,
    connected: Callable[[], None] | None = None,
) -> Exchange:
    """Send `request` and wait for the answer's head. Raises Failure, but no Interrupted.

    `fresh` takes no connection that was used before: what may never be sent twice, and what is sent once more after
    a StaleConnection. `connect_timeout` bounds the way to a connection, in seconds, instead of GATEWAY_CONNECT_TIMEOUT,
    and `silence` what upstream may be silent, before the answer and within it, instead of GATEWAY_IDLE_TIMEOUT.
    `connected` is called when there is a connection.
    """
    outgoing = http_client.request(
        "POST",
        request.url,
        request.headers,
        *request.pieces,
        content=request.content,
        read_timeout=timeouts.idle_timeout() if silence is None else silence,
        connect_timeout=connect_timeout,
        fresh=fresh,
        connected=connected,
    )
    try:
        response = await http_client.client(proxy_url).send(outgoing, stream=True)
    except httpx.HTTPError as error:
        raise _before(error) from error
    if no_api := _no_api(response):
        await response.aclose()
        raise Unreadable(no_api)
    return Exchange(response)


async def probe(base: str, proxy_url: str = "", *, connect_timeout: float | None = None) -> None:
    """Open a connection to `base` and close it again: the proxy's CONNECT, TCP and TLS, but no request.

    Raises Unreachable, ProxyFailed, OutOfDescriptors.
    """
    try:
        await http_client.probe(base, proxy_url, connect_timeout)
    except httpx.HTTPError as error:
        raise _before(error) from error


def _no_api(response: httpx.Response) -> str:
    """What an answer is that comes from no API at all, as far as its head tells; empty for every other."""
    if 300 <= response.status_code < 400:
        return f"it is a redirect, with status {response.status_code}"
    if response.status_code == 407:
        return "it wants the login of a proxy, with status 407"
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.status_code < 300 and kind in ("text/html", "application/xhtml+xml"):
        return "it is a web page"
    return ""


def _before(error: httpx.HTTPError) -> Failure:
    """What went wrong before the answer's head was there."""
    match error:
        case http_client.OutOfDescriptors():
            return OutOfDescriptors(_said(error))
        case http_client.StaleConnection():
            return StaleConnection(_said(error))
        case http_client.Unreadable():
            return Unreadable(str(error))
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
