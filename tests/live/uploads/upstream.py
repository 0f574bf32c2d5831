"""An upstream that reads one large request after the other, at the pace that a test sets."""

import socket
import threading
from contextlib import suppress

PIECE = 256 * 1024
ANSWER = b'{"candidates":[{"content":{"parts":[{"text":"taken in"}],"role":"model"},"finishReason":"STOP"}]}'


class Upstream:
    """A context manager. `reads` is set while bodies are read; `heads` are those of uploads, in order of arrival.

    `taken` is how many bytes of the last body have been read, `whole` is set if it was complete, `broke_off` if its
    connection ended before.
    """

    def __init__(self) -> None:
        self.reads = threading.Event()
        self.heads: list[bytes] = []
        self.taken = 0
        self.status = b"200 OK"
        self.whole = threading.Event()
        self.broke_off = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Upstream":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.reads.set()
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(ConnectionError):
            head, _, body = self._until(connection, b"\r\n\r\n").partition(b"\r\n\r\n")
            if b":takeIn" not in head:
                return self._answer(connection, b"404 Not Found", b"{}")
            self.heads.append(head)
            self.taken = 0
            if not self._take(connection, head.lower(), body):
                return self.broke_off.set()
            self.whole.set()
            self._answer(connection, self.status, ANSWER)

    def _take(self, connection: socket.socket, head: bytes, body: bytes) -> bool:
        """Whether the whole body arrived."""
        _, has_length, length = head.partition(b"content-length:")
        self.taken, end = len(body), body[-5:]
        while (self.taken < int(length.split()[0])) if has_length else end != b"0\r\n\r\n":
            self.reads.wait()
            try:
                piece = connection.recv(PIECE)
            except ConnectionError:
                return False
            if not piece:
                return False
            self.taken += len(piece)
            end = (end + piece)[-5:]
        return True

    @staticmethod
    def _until(connection: socket.socket, end: bytes) -> bytes:
        data = b""
        while end not in data:
            piece = connection.recv(65536)
            if not piece:
                raise ConnectionError
            data += piece
        return data

    @staticmethod
    def _answer(connection: socket.socket, status: bytes, body: bytes) -> None:
        head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
        connection.sendall(head % (status, len(body)) + body)
