"""Connections: taken one at a time, written to without asking the loop first, and refused in Google's JSON."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from typing import Any

from twisted.internet import tcp
from twisted.web import http

from gateway_project import access_log
from gateway_project.refusals import Refusal, bad_request

# How long a refused client may go on uploading before we close; closing at once would reset the connection, and many
# clients then never read the refusal.
LINGER_SECONDS = 5.0


class Connection(tcp.Server):
    """What was written in one turn of the loop goes out at its end, in one piece.

    twisted has the loop tell it when the socket takes something, sends, and has the loop stop telling: two system calls
    and a turn more for every event of a stream, though a socket nearly always takes what there is.
    """

    _is_due = False

    def startWriting(self) -> None:
        if not self._is_due:
            self._is_due = True
            _send_later([self])

    def send(self) -> None:
        self._is_due = False
        if not self.connected or self.fileno() == -1:
            return
        if trouble := self.doWrite():
            self.reactor._disconnectSelectable(self, trouble, False)
        elif self.dataBuffer or self._tempDataBuffer:
            super().startWriting()  # the kernel has no more room: the loop says when


# The connections that have something to send at the end of this turn.
_due: list[Connection] = []


def _send_later(connections: Iterable[Connection]) -> None:
    if not _due:
        asyncio.get_running_loop().call_soon(_send_all)
    _due.extend(connections)


def _send_all() -> None:
    now = deque(_due)
    _due.clear()
    try:
        while now:
            now.popleft().send()
    finally:
        if now:  # one of them failed, which is not the others' business
            _send_later(now)


class Port(tcp.Port):
    """One connection at a time, so that nodes which share the socket share the clients too.

    twisted's takes all that wait: a burst of clients then ends up with the node that happens to wake first.
    """

    transport = Connection

    @property
    def numberAccepts(self) -> int:
        return 1

    @numberAccepts.setter
    def numberAccepts(self, guess: int) -> None:
        """twisted's idea of how many wait."""


class Channel(http.HTTPChannel):
    """One connection. What cannot become a request is refused in Google's JSON."""

    refused = False

    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.server.channels.add(self)

    def connectionLost(self, reason: Any) -> None:
        self.factory.server.channels.discard(self)
        super().connectionLost(reason)

    def refuse(self, refusal: Refusal) -> None:
        """Answers at once, then only listens until the client has hung up or LINGER_SECONDS are over."""
        self.refused = True
        self.clearLineBuffer()
        self.dataReceived = lambda data: None
        self.transport.write(refusal.wire)
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self.setTimeout(LINGER_SECONDS)
        method, uri = getattr(self, "_command", b"-"), getattr(self, "_path", b"-")
        access_log.write(self.getPeer().host, method, uri.partition(b"?")[0], refusal.code, len(refusal.body))

    def hang_up(self) -> None:
        """What was written goes out, unless the client is not reading."""
        self._networkProducer.unregisterProducer()
        if self._waitingForTransport:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(bad_request("The request line or a header is too long."))

    def _respondToBadRequestAndDisconnect(self) -> None:
        if not self.refused:
            self.refuse(bad_request("The request is not valid HTTP."))

    def _send100Continue(self) -> None:
        if not self.refused:
            super()._send100Continue()

    def allContentReceived(self) -> None:
        if not self.refused:
            super().allContentReceived()


def adopted(reactor: Any, listener: socket.socket, factory: Any) -> Port:
    """`reactor.adoptStreamPort` with a port of this kind."""
    listener.setblocking(False)  # accept() must never wait
    port = Port._fromListeningDescriptor(reactor, listener.fileno(), listener.family, factory)
    port.startListening()
    return port
