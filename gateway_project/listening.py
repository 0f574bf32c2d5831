"""Connections as twisted makes them, but taken one at a time and written to without asking the loop first."""

import asyncio
import socket
from typing import Any

from twisted.internet import tcp


class Connection(tcp.Server):
    """What was written in one turn of the loop goes out at its end, in one piece.

    twisted has the loop tell it when the socket takes something, sends, and has the loop stop telling: two system calls
    and a turn more for every event of a stream, though a socket nearly always takes what there is.
    """

    _is_due = False

    def startWriting(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._is_due = False
        if not self.connected or self.fileno() == -1:
            return
        if trouble := self.doWrite():
            self.reactor._disconnectSelectable(self, trouble, False)
        elif self.dataBuffer or self._tempDataBuffer:
            super().startWriting()  # the kernel has no more room: the loop says when


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


def adopted(reactor: Any, listener: socket.socket, factory: Any) -> Port:
    """`reactor.adoptStreamPort` with a port of this kind."""
    listener.setblocking(False)  # accept() must never wait
    port = Port._fromListeningDescriptor(reactor, listener.fileno(), listener.family, factory)
    port.startListening()
    return port
