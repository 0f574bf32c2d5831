"""aiohttp's exceptions as httpx's.

What a caller may conclude from an exception (each row is tested on a real socket):

    ConnectError, ConnectTimeout            nothing was sent: refused, unresolved, no TLS, too slow
    UnsupportedProtocol, LocalProtocolError nothing was sent: the request itself is impossible
    WriteError, WriteTimeout                part of the request was sent
    ReadError, ReadTimeout                  sent; the connection was reset, or stayed silent
    RemoteProtocolError                     sent; closed without an answer, unreadable, or cut short
"""

import aiohttp
import httpx

# The most specific first; see the table above.
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
    (TimeoutError, httpx.WriteTimeout),  # only a slow upload raises a bare one
    (OSError, httpx.ReadError),
    (ValueError, httpx.LocalProtocolError),  # a line break within a header
)
TRANSLATED = (aiohttp.ClientError, OSError, ValueError)


def translated(error: BaseException, request: httpx.Request) -> httpx.TransportError:
    """aiohttp's exception as the httpx exception that tells whether the request may have been sent."""
    for theirs, ours in _TRANSLATIONS:
        if isinstance(error, theirs):
            return ours(str(error) or type(error).__name__, request=request)
    return httpx.ReadError(type(error).__name__, request=request)
