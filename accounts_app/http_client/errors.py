"""aiohttp's exceptions as httpx's, and the few that httpx has no name for.

What a caller may conclude from an exception (each row is tested on a real socket):

    ConnectError, ConnectTimeout            nothing was sent: refused, unresolved, no TLS, too slow
      OutOfDescriptors                      nothing was sent: this process may open no more files
    ProxyError                              nothing was sent: the egress proxy itself failed or refused
    UnsupportedProtocol, LocalProtocolError nothing was sent: the request itself is impossible
    WriteError, WriteTimeout                part of the request was sent
    ReadError, ReadTimeout                  sent; the connection was reset, or stayed silent
      StaleConnection                       sent on a connection used before, closed before a byte of the answer
    RemoteProtocolError                     sent; closed without an answer, or cut short
      Unreadable                            sent; the answer is not HTTP, or its compression is broken
      TooLarge                              sent; the answer is longer than its bound
"""

import errno
import os
import socket

import aiohttp
import httpx
from aiohttp.http_exceptions import LineTooLong


class OutOfDescriptors(httpx.ConnectError):
    """No connection could be opened because this process, or the system, has run out of file descriptors."""


class StaleConnection(httpx.ReadError):
    """The peer closed a kept-alive connection while the request was in flight, before a byte of the answer."""


class Unreadable(httpx.RemoteProtocolError):
    """The answer is not HTTP, or its compression cannot be read."""


class TooLarge(httpx.RemoteProtocolError):
    """The answer is longer than its bound."""


# The most specific first; see the table above.
_TRANSLATIONS: tuple[tuple[type[BaseException], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.SocketTimeoutError, httpx.ReadTimeout),
    (aiohttp.ServerDisconnectedError, httpx.RemoteProtocolError),
    (aiohttp.ClientConnectionResetError, httpx.WriteError),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.ClientPayloadError, httpx.RemoteProtocolError),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.InvalidURL, httpx.LocalProtocolError),
    (aiohttp.ClientConnectionError, httpx.ReadError),
    (TimeoutError, httpx.WriteTimeout),  # only a slow upload raises a bare one
    (OSError, httpx.ReadError),
    (ValueError, httpx.LocalProtocolError),  # a line break within a header
)
TRANSLATED = (aiohttp.ClientError, OSError, ValueError)

_OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS)


def translated(error: BaseException, request: httpx.Request) -> httpx.TransportError:
    """aiohttp's exception as the httpx exception that tells whether the request may have been sent."""
    text = str(error) or type(error).__name__
    if isinstance(error, aiohttp.ClientResponseError):
        # aiohttp hides what its parser found behind two of its own.
        parsed = error.__cause__ and error.__cause__.__cause__
        too_long = isinstance(parsed, LineTooLong)
        return Unreadable(
            "a line of its head is longer than 8190 bytes" if too_long else "it is not HTTP", request=request
        )
    for theirs, ours in _TRANSLATIONS:
        if isinstance(error, theirs):
            return ours(text, request=request)
    return httpx.ReadError(type(error).__name__, request=request)


def without_frames(error: BaseException) -> BaseException:
    """`error` and what led to it, without tracebacks: aiohttp's frames and objects keep it, and these the request.

    A cycle a failed call, with its whole body, would wait for the collector.
    """
    link: BaseException | None = error
    while link is not None and link.__traceback__ is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


def out_of_descriptors(error: OSError) -> bool:
    """Whether `error` comes of having run out of them.

    A resolver reports that as a name it could not look up, and once it has looked up another as an invalid argument.
    """
    if isinstance(error, socket.gaierror) or error.errno == errno.EINVAL:
        try:
            os.close(os.dup(0))
        except OSError as probe:
            return probe.errno in _OUT_OF_DESCRIPTORS
        return False
    return error.errno in _OUT_OF_DESCRIPTORS
