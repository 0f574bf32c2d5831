"""A listening socket that accepts one connection at a time, and connections that write without asking the loop."""

import asyncio
import socket
from collections import deque
from typing import Any

from twisted.internet import main, tcp
from twisted.internet.abstract import FileDescriptor


class Connection(tcp.Server):
    """Sends what was written in one turn of the loop at the end of that turn, in one piece.

    twisted first waits until the loop reports that the socket is writable: two more system calls and another turn for
    every event of a stream, although a socket can nearly always be written to.
    """

    _is_due = _awaits_writable = _is_read = False

    write = FileDescriptor.write  # past twisted's TLS, which is not spoken here

    # twisted's own reading goes through four functions that only add a name to its log.

    def startReading(self) -> None:
        if not self._is_read:
            self._is_read = True
            asyncio.get_running_loop().add_reader(self.fileno(), self._read)

    def stopReading(self) -> None:
        if self._is_read:
            self._is_read = False
            asyncio.get_running_loop().remove_reader(self.fileno())

    def _read(self) -> None:
        trouble: Any = main.CONNECTION_LOST  # if reading raises
        try:
            trouble = self.doRead()
        finally:
            if trouble:
                self.reactor._disconnectSelectable(self, trouble, True)

    def startWriting(self) -> None:
        if not self._is_due:
            self._is_due = True
            if not _due:
                asyncio.get_running_loop().call_soon(_send_all)
            _due.append(self)

    def send(self) -> None:
        self._is_due = False
        if not self.connected or self.fileno() == -1:
            return
        if trouble := self.doWrite():
            self.reactor._disconnectSelectable(self, trouble, False)
        elif self.dataBuffer or self._tempDataBuffer:
            self._awaits_writable = True
            super().startWriting()  # the kernel's buffer is full: the loop reports when it is not

    def stopWriting(self) -> None:
        if self._awaits_writable:
            self._awaits_writable = False
            super().stopWriting()


# The connections that have something to send at the end of this turn.
_due: deque[Connection] = deque()


def _send_all() -> None:
    try:
        while _due:
            _due.popleft().send()
    finally:
        if _due:  # one of them failed: send for the others
            asyncio.get_running_loop().call_soon(_send_all)


class Port(tcp.Port):
    """Accepts one connection at a time, so that nodes which share the socket share its clients.

    twisted's port accepts all that wait: a burst of clients would go to the node that happens to wake first.
    """

    transport = Connection

    @property
    def numberAccepts(self) -> int:
        return 1

    @numberAccepts.setter
    def numberAccepts(self, guess: int) -> None:
        """Ignores how many twisted expects to be waiting."""


def adopted(reactor: Any, listener: socket.socket, factory: Any) -> Port:
    """What `reactor.adoptStreamPort` does, with a Port of ours."""
    listener.setblocking(False)  # accept() must never wait
    port = Port._fromListeningDescriptor(reactor, listener.fileno(), listener.family, factory)
    port.startListening()
    return port
