"""A raw upstream in a process of its own, so quick that it is never the limit: `python -m bench.upstream`.

It speaks just enough HTTP/1.1 for a client that sends whole requests with a Content-Length, and answers as v1internal
under `/v1internal:`, as the public API under `/v1beta/`. It prints its port.
"""

import asyncio
import contextlib
import re
from functools import cache
from itertools import chain, repeat

from bench.answers import IMAGE_MODEL, PLAIN_MODEL, Event, Script, encoded, image, response, script_of, text

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_MODEL = re.compile(rb'"model": ?"(?:models/)?(bench-[^"]+)"')
_PATH_MODEL = re.compile(rb"/models/(bench-[^:?]+)")
_STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
_END = b"0\r\n\r\n"


class Connection(asyncio.Protocol):
    """One client; requests come one after the other."""

    def __init__(self) -> None:
        self._head = b""
        self._missing = 0  # bytes of the request's body still to come
        self._timer: asyncio.TimerHandle | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
            # Enough of the beginning to find the model in; a large body is not kept.
            self._head += data[: max(0, 65536 - len(self._head))]
        else:
            self._head += data
            head, found, body = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            length = _LENGTH.search(head)
            self._missing = (int(length[1]) if length else 0) - len(body)
        if self._missing <= 0:
            whole, self._head, self._missing = self._head, b"", 0
            self._answer(whole)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _answer(self, request: bytes) -> None:
        path = request.partition(b" ")[2].partition(b" ")[0]
        wrapped = b"/v1internal" in path
        found = _MODEL.search(request) if wrapped else _PATH_MODEL.search(path)
        model = found[1].decode() if found else PLAIN_MODEL
        if b":streamGenerateContent" not in path:
            self._transport.write(plain(model, wrapped))
            return
        self._transport.write(_STREAM_HEAD)
        script = script_of(model)
        if script.events > 100_000:
            self._pour = asyncio.ensure_future(self._flood(script, wrapped))
        elif script.gap:
            self._pace(list(events(script, wrapped)), script.gap)
        else:
            for event in events(script, wrapped):
                self._transport.write(event.now())
            self._transport.write(_END)

    def _pace(self, left: list[Event], gap: float) -> None:
        self._transport.write(left.pop(0).now())
        if left:
            self._timer = self._loop.call_later(gap, self._pace, left, gap)
        else:
            self._transport.write(_END)

    async def _flood(self, script: Script, wrapped: bool) -> None:
        """As much as the reader takes."""
        for event in events(script, wrapped):
            await self._writable.wait()
            if self._transport.is_closing():
                return
            self._transport.write(event.now())
        self._transport.write(_END)


@cache
def plain(model: str, wrapped: bool) -> bytes:
    told = image(30) if model == IMAGE_MODEL else response(text(1700))
    body = encoded(told, wrapped)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def events(script: Script, wrapped: bool) -> chain[Event]:
    middle, last = pair(script.size, wrapped)
    return chain(repeat(middle, script.events - 1), [last])


@cache
def pair(size: int, wrapped: bool) -> tuple[Event, Event]:
    return Event(size, wrapped), Event(size, wrapped, "STOP")


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
