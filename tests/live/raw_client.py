"""An HTTP client at the level of bytes, which shows how the connection ends."""

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 30.0  # seconds; only a failing test takes so long


class RawClient:
    """One connection."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.unread = b""

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def get(self, path: str, *headers: str, version: str = "1.1", method: str = "GET") -> None:
        lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1", *headers, "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def read_until(self, end: bytes) -> bytes:
        """Everything up to and with `end`; what follows is kept for the next read."""
        while end not in self.unread:
            piece = self.socket.recv(65536)
            if not piece:
                raise EOFError(f"closed after {self.unread!r}")
            self.unread += piece
        found, _, self.unread = self.unread.partition(end)
        return found + end

    def read_to_the_end(self) -> bytes:
        """Everything until the server closes. Raises ConnectionResetError when it resets instead."""
        while piece := self.socket.recv(65536):
            self.unread += piece
        found, self.unread = self.unread, b""
        return found

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (lower case) and body of an answer with a Content-Length or in chunks."""
        first, *lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        if "content-length" in headers:
            size = int(headers["content-length"])
            while len(self.unread) < size:
                self.unread += self.socket.recv(65536)
            body, self.unread = self.unread[:size], self.unread[size:]
        else:
            body = b"".join(self.chunks())
        return int(first.split()[1]), headers, body

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.read_until(b"\r\n"), 16):
            while len(self.unread) < size + 2:
                self.unread += self.socket.recv(65536)
            yield self.unread[:size]
            self.unread = self.unread[size + 2 :]
        self.read_until(b"\r\n")

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self.socket.close()


@contextmanager
def connected(port: int, receive_buffer: int = 0) -> Iterator[RawClient]:
    client = RawClient(port, receive_buffer)
    try:
        yield client
    finally:
        client.close()


def ask(port: int, path: str, *headers: str) -> Any:
    """The JSON at `path`."""
    with connected(port) as client:
        client.get(path, *headers)
        return json.loads(client.answer()[2])
