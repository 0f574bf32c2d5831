"""The listening socket: connections taken one at a time, and written to without asking the loop first."""

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from typing import Any

from twisted.internet import main, tcp


class Connection(tcp.Server):
    """What was written in one turn of the loop goes out at its end, in one piece.

    twisted has the loop tell it when the socket takes something, sends, and has the loop stop telling: two system calls
    and a turn more for every event of a stream, though a socket nearly always takes what there is.
    """

    _is_due = _is_told_when_writable = _is_read = False

    # twisted's own reading goes by four functions that put a name into its log.

    def startReading(self) -> None:
        if not self._is_read:
            self._is_read = True
            asyncio.get_running_loop().add_reader(self.fileno(), self._read)

    def stopReading(self) -> None:
        if self._is_read:
            self._is_read = False
            asyncio.get_running_loop().remove_reader(self.fileno())

    def _read(self) -> None:
        trouble: Any = main.CONNECTION_LOST  # where reading raises
        try:
            trouble = self.doRead()
        finally:
            if trouble:
                self.reactor._disconnectSelectable(self, trouble, True)

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
            self._is_told_when_writable = True
            super().startWriting()  # the kernel has no more room: the loop says when

    def stopWriting(self) -> None:
        if self._is_told_when_writable:
            self._is_told_when_writable = False
            super().stopWriting()


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


def adopted(reactor: Any, listener: socket.socket, factory: Any) -> Port:
    """`reactor.adoptStreamPort` with a port of this kind."""
    listener.setblocking(False)  # accept() must never wait
    port = Port._fromListeningDescriptor(reactor, listener.fileno(), listener.family, factory)
    port.startListening()
    return port
