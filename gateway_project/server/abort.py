"""Closes a client's connection so that an incomplete answer cannot be mistaken for a complete one.

ASGI has no message for that. `send` is a partial over daphne's request on our own server, stock daphne and runserver.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

# How long what was written may take to go out to a client that has stopped reading.
FLUSH_SECONDS = 60.0


def drop_connection(send: Callable) -> bool:
    """
    Closes the connection when all that was written has gone out, without the end of the body.

    False when `send` is another server's: raising out of the application closes the connection there.
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
    """daphne's request behind `send`; None on another server."""
    if isinstance(send, partial) and send.args and hasattr(send.args[0], "responseHeaders"):
        return send.args[0]
    return None
