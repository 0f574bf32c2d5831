"""Ending a client's connection so that nobody takes a broken answer for a whole one, on any daphne server.

The ASGI specification has no word for it. daphne's `send` (ours, stock, runserver) is a partial over the request.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

# For what was written to go out to a client that has stopped reading.
FLUSH_SECONDS = 60.0


def drop_connection(send: Callable) -> bool:
    """
    Closes the connection when all that was written has gone out, without the end of the body.

    False when `send` is another server's: raising out of the application is then the way to say it.
    """
    request = _request_of(send)
    if request is None:
        return False
    if request.finished or request.channel is None:
        return True
    channel = request.channel
    channel.setTimeout(FLUSH_SECONDS)
    if request.chunked:
        channel.loseConnection()
    else:
        # HTTP/1.0 (nginx's default towards its upstream) takes a closed connection for the end: reset it instead.
        channel._networkProducer.unregisterProducer()
        channel.transport.registerProducer(ResetWhenWritten(channel.transport), False)
    return True


def forget_query(send: Callable) -> None:
    """Keeps `?key=` out of the access logs of stock daphne and runserver, which print the whole URI."""
    request = _request_of(send)
    if request is not None:
        request.uri = request.path


class ResetWhenWritten:
    """A pull producer: twisted asks it for more whenever everything written has gone out."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport

    def resumeProducing(self) -> None:
        if not self.transport.dataBuffer and not self.transport._tempDataBuffer:
            self.transport.abortConnection()

    def stopProducing(self) -> None:
        """The connection is gone already."""


def _request_of(send: Callable) -> Any | None:
    """daphne's WebRequest, known by its channel."""
    if isinstance(send, partial) and send.args and hasattr(send.args[0], "responseHeaders"):
        return send.args[0]
    return None
