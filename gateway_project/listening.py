"""Taking connections one at a time, so that nodes which share a listening socket share the clients too."""

import socket
from typing import Any

from twisted.internet import tcp


class Port(tcp.Port):
    """twisted's takes all that wait: a burst of clients then ends up with the node that happens to wake first."""

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
