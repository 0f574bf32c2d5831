"""One HTTP exchange with an upstream: the only module of `forwarding` that uses the HTTP client.

The client's exceptions become those of `exchange_errors`, which are exported here as well.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx

from accounts_app import http_client
from accounts_app.roster import timeouts
from proxy_app.forwarding.exchange_errors import (
    Dropped,
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
from proxy_app.wire.dialects import UpstreamRequest, pass_through

__all__ = [
    "Dropped",
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

# Bytes of the longest body that is read whole. The largest answers seen are images of some 20 MB in base64.
ANSWER_BYTES = 256 * 1024 * 1024
ERROR_BYTES = 1024 * 1024

# Headers of an answer that are meant for the client: the tier that served it, its timing, what is deprecated. All
# others are about upstream's connection, or about the body's encoding.
_FOR_CLIENTS = frozenset(("deprecation", "server-timing", "sunset", "warning"))
_FOR_CLIENTS_BEGIN = ("x-gemini-", "x-goog-ext-")
CLIENT_HEADERS_BYTES = 8 * 1024

MOST_REDIRECTS = 5
_CREDENTIALS = ("authorization", "x-goog-api-key")

_GZIP = b"\x1f\x8b"  # no JSON and no event begins so


class Exchange:
    """An answer whose head has arrived, and whose body has not been read.

    A context manager: leaving it closes the connection, or gives it back to the pool of connections.
    """

    __slots__ = ("_raw", "_read", "_response", "status")

    def __init__(self, response: httpx.Response, *, raw: bool = False) -> None:
        self._response = response
        self._raw = raw
        self._read: Callable[[], Awaitable[bytes]] | None = None  # until the first piece is asked for
        self.status = response.status_code

    def __repr__(self) -> str:
        return f"<Exchange {self.status}>"

    @property
    def content_type(self) -> str:
        return self._response.headers.get("content-type", "")

    @property
    def answer_headers(self) -> dict[str, str]:
        """The headers of a good answer: where its bytes are passed on, all of them."""
        return self._headers(everything=self._raw)

    @property
    def error_headers(self) -> dict[str, str]:
        """The headers of an error that are meant for the client, and where bytes are passed on those about them."""
        passed = {}
        if self._raw:
            passed = dict(pass_through.error_headers(self._response.headers.multi_items()))
        return {**self.client_headers, **passed}

    @property
    def client_headers(self) -> dict[str, str]:
        """Upstream's headers that are meant for the client, in lower case, at most CLIENT_HEADERS_BYTES together; one
        that came several times is joined by commas.
        """
        return self._headers(everything=False)

    def _headers(self, *, everything: bool) -> dict[str, str]:
        found: dict[str, str] = {}
        size = 0
        for name, value in self._response.headers.multi_items():
            if everything or name in _FOR_CLIENTS or name.startswith(_FOR_CLIENTS_BEGIN):
                size += len(name) + len(value)
                if size <= CLIENT_HEADERS_BYTES and value.isascii() and value.isprintable():
                    found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    @property
    def retry_after(self) -> str:
        """Upstream's header `Retry-After` as it came: seconds or a date; empty for none."""
        return self._response.headers.get("retry-after", "")

    def limit_silence(self, seconds: float) -> None:
        """Bound the time between two chunks of the body from now on, in seconds. To be called between two chunks."""
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
        self._read = http_client.reader(self._response, decoded=not self._raw or self.status >= 400)
        piece = await self._read()
        if piece.startswith(_GZIP) and not self._raw:
            raise Garbled("it is compressed and does not say so")
        return piece

    async def read(self) -> bytes:
        """The whole body of an answer; of an error as much as arrives, at most ERROR_BYTES.

        Raises Interrupted (TooLarge beyond ANSWER_BYTES) for an answer, nothing for an error.
        """
        whole = bytearray()  # grows in place: joining pieces at the end would take the memory twice
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

    `fresh` takes no connection that was used before: for what must not be sent twice, and for the retry after a
    StaleConnection. `connect_timeout` bounds connecting, in seconds, instead of GATEWAY_CONNECT_TIMEOUT, and `silence`
    the time without a byte before the answer and within it, instead of GATEWAY_IDLE_TIMEOUT. `connected` is called when
    there is a connection.
    """
    outgoing = http_client.request(
        request.http,
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
        if request.raw and request.http in ("GET", "HEAD"):
            response = await _redirected(response, request, proxy_url)
    except httpx.HTTPError as error:
        raise _before(error) from error
    if no_api := _no_api(response, raw=request.raw):
        await response.aclose()
        raise Unreadable(no_api)
    return Exchange(response, raw=request.raw)


async def _redirected(response: httpx.Response, request: UpstreamRequest, proxy_url: str) -> httpx.Response:
    """The answer that redirects of a download lead to, at most MOST_REDIRECTS: media may lie on another host, which
    gets no credential. Any other answer as it is. Raises httpx.HTTPError, and Unreadable for an error from there, which
    says nothing about the account.
    """
    headers, asked = dict(request.headers), response
    for _ in range(MOST_REDIRECTS):
        if (target := _target(response)) is None:
            break
        if (target.scheme, target.netloc) != (response.request.url.scheme, response.request.url.netloc):
            headers = {name: value for name, value in headers.items() if name.lower() not in _CREDENTIALS}
        read_timeout = timeouts.idle_timeout()
        outgoing = http_client.request(request.http, str(target), headers, read_timeout=read_timeout)
        await response.aclose()
        response = await http_client.client(proxy_url).send(outgoing, stream=True)
    if response is not asked and response.status_code >= 400 and response.status_code != 416:
        await response.aclose()
        raise Unreadable(f"it is a redirect to what answers with status {response.status_code}")
    return response


def _target(response: httpx.Response) -> httpx.URL | None:
    """Where a redirect leads; None where it leads nowhere, or from https to http."""
    location = response.headers.get("location", "")
    if response.status_code not in (301, 302, 303, 307, 308) or not location:
        return None
    here = response.request.url
    try:
        target = here.join(location)
    except httpx.InvalidURL:
        return None
    return target if target.scheme in ("https", here.scheme) and target.host else None


async def probe(base: str, proxy_url: str = "", *, connect_timeout: float | None = None) -> None:
    """Open a connection to `base` and close it again: the proxy's CONNECT, TCP and TLS, but no request.

    Raises Unreachable, ProxyFailed, OutOfDescriptors.
    """
    try:
        await http_client.probe(base, proxy_url, connect_timeout)
    except httpx.HTTPError as error:
        raise _before(error) from error


def _no_api(response: httpx.Response, *, raw: bool) -> str:
    """Why an answer cannot be an API's, going by its head; empty if it can. A file (`raw`) may be a web page."""
    # An upload of the older protocol goes on, or a download has not changed.
    is_none = raw and response.status_code in (304, 308) and "location" not in response.headers
    if 300 <= response.status_code < 400 and not is_none:
        return f"it is a redirect, with status {response.status_code}"
    if response.status_code == 407:
        return "it wants the login of a proxy, with status 407"
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not raw and response.status_code < 300 and kind in ("text/html", "application/xhtml+xml"):
        return "it is a web page"
    return ""


def _before(error: httpx.HTTPError) -> Failure:
    """The failure for an exception before the answer's head had arrived."""
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
    return Dropped(_said(error))


def _within(error: Exception) -> Interrupted:
    """The failure for an exception while the body was read."""
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
