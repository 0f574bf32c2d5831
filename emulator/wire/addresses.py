"""Addresses for those who want no answer."""

import socket


def dead_address() -> str:
    """A base URL that refuses every connection, for as long as this process lives."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    # Bound but not listening: nobody else can get the port. Only the descriptor is kept, as a socket object would
    # warn of itself at the interpreter's end.
    bound.detach()
    return f"http://127.0.0.1:{port}"
