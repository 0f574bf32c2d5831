"""The socket: an asyncio protocol that speaks h11, hands each request to a `Handler` and plays out its reply."""

from __future__ import annotations

import asyncio
import http.client
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from emulator.wire.replies import Ending, Reply

# Google's front ends take about this much head; h11's own default of 16 kB is less than some clients send.
_LONGEST_HEAD = 64 * 1024


@dataclass(slots=True)
class Request:
    """One request as it came; header names are lower case, of a repeated query parameter the last counts."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Listener(Protocol):
    """What the handler wants to hear about one request."""

    def answered(self) -> None: ...

    def hung_up(self) -> None: ...


class Intake(Protocol):
    """One request whose body is not held but taken as it comes."""

    @property
    def listener(self) -> Listener: ...

    def take(self, data: bytes) -> Reply | None:
        """The next bytes, none at the start. A reply is played at once, and the rest of the body dropped."""

    def end(self) -> Reply:
        """The reply after the whole body."""


class Handler(Protocol):
    """Where the answers come from; called on the server's loop, must not block."""

    def intake(self, request: Request) -> Intake | None:
        """What takes the body of a request of which only the head is here; None has it held for `answer`."""

    def answer(self, request: Request) -> tuple[Listener, Reply]: ...

    def connected(self, connection: Connection) -> None: ...

    def disconnected(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """One client connection: requests in turn, each reply to its end, a hang-up noticed at once."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._wire = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
        self._request: Request | None = None
        self._body: list[bytes] = []
        self._intake: Intake | None = None
        self._dropping = False
        self._task: asyncio.Task[None] | None = None
        self._listener: Listener | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # -- what asyncio calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # asyncio leaves this out for a socket that was not made with an explicit protocol number, and every chunk of a
        # stream would wait for the client's delayed acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._handler.connected(self)

    def data_received(self, data: bytes) -> None:
        self._wire.receive_data(data)
        self._advance()

    def eof_received(self) -> None:
        # A client that half-closes while it waits is not known on this wire: taken for a hang-up.
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._listener is not None:
            self._listener.hung_up()
            self._listener = None
        if self._task is not None:
            self._task.cancel()
        self._handler.disconnected(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    # -- what the server calls ----------------------------------------------------------------------------

    def drop(self) -> None:
        """Ends the connection from our side, whatever it was doing."""
        self._listener = None
        self._transport.abort()

    # -- requests in --------------------------------------------------------------------------------------

    def _advance(self) -> None:
        while self._task is None:
            try:
                event = self._wire.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(error)
                return
            if event is h11.NEED_DATA:
                if self._wire.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                    self._write(self._wire.send(go_on))
                return
            if isinstance(event, h11.Request):
                self._begin(_read_head(event))
            elif isinstance(event, h11.Data):
                self._take(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._end()
            else:
                return

    def _begin(self, request: Request) -> None:
        self._request, self._body, self._dropping = request, [], False
        self._intake = self._handler.intake(request)
        if self._intake is not None:
            self._listener = self._intake.listener
            self._take(b"")

    def _take(self, data: bytes) -> None:
        if self._dropping:
            return
        if self._intake is None:
            self._body.append(data)
        elif (reply := self._intake.take(data)) is not None:
            # What a stalled server does not read stays with the client.
            self._transport.pause_reading()
            self._dropping = True
            self._serve(reply)

    def _end(self) -> None:
        if self._dropping:
            self._next_request()
        elif self._intake is not None:
            self._serve(self._intake.end())
        else:
            assert self._request is not None
            self._listener, reply = self._handler.answer(replace(self._request, body=b"".join(self._body)))
            self._body = []
            self._serve(reply)

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._wire.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            status = error.error_status_hint
            self._write(self._head_bytes(Reply(status=status), {"content-length": "0", "connection": "close"}))
        self._transport.close()

    # -- replies out --------------------------------------------------------------------------------------

    def _serve(self, reply: Reply) -> None:
        self._task = asyncio.get_running_loop().create_task(self._play_out(reply))

    async def _play_out(self, reply: Reply) -> None:
        # Who waits to be told to go on and is refused instead may send the body or not: nobody can tell what follows.
        unsure, played = self._wire.they_are_waiting_for_100_continue, False
        try:
            await self._play(reply)
            played = True
        finally:
            # Cancelled, or an error of ours, which the loop tells: no client may wait for the rest.
            if not played:
                self._transport.abort()
        if self._listener is not None:
            self._listener.answered()
            self._listener = None
        self._task = None
        if unsure or self._wire.our_state is not h11.DONE:
            self._transport.close()
        elif self._dropping:
            self._transport.resume_reading()
            self._advance()
        else:
            self._next_request()

    def _next_request(self) -> None:
        if self._wire.our_state is h11.DONE and self._wire.their_state is h11.DONE:
            self._wire.start_next_cycle()
            self._advance()
        elif not self._transport.is_closing():
            self._transport.close()

    async def _play(self, reply: Reply) -> None:
        """Delay, head, chunks, ending: in that order, each only if the reply has it."""
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.status:
            if reply.sized:
                self._play_sized(reply)
            elif reply.length is not None:
                await self._play_chunks(reply, {"content-length": str(reply.length)})
            else:
                await self._play_chunks(reply, {"transfer-encoding": "chunked"})
        match reply.ending:
            case Ending.COMPLETE if reply.status:
                self._write(self._wire.send(h11.EndOfMessage()))
            case Ending.COMPLETE | Ending.CUT:
                self._transport.close()
            case Ending.RESET:
                linger = struct.pack("ii", 1, 0)
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self._transport.abort()
            case Ending.STALL:
                await asyncio.get_running_loop().create_future()

    def _play_sized(self, reply: Reply) -> None:
        body = b"".join(reply.wire_chunks())
        if reply.ending is Ending.COMPLETE:
            length, shown = len(body), body
        else:
            # Half the body at most, so that the rest is really missing.
            length, shown = max(len(body), 1), body[: len(body) // 2]
        self._write(self._head_bytes(reply, {"content-length": str(length)}) + self._data_bytes(shown))

    async def _play_chunks(self, reply: Reply, framing: Mapping[str, str]) -> None:
        self._write(self._head_bytes(reply, framing))
        first = True
        for chunk in reply.wire_chunks():
            if not chunk:
                continue
            # Even without a gap the others get their turn, and each chunk is a write of its own.
            await asyncio.sleep(0 if first else reply.gap)
            first = False
            self._write(self._data_bytes(chunk))
            await self._writable.wait()

    def _data_bytes(self, data: bytes) -> bytes:
        """The data as framed, none for a HEAD."""
        if self._request is not None and self._request.method == "HEAD":
            return b""
        return self._wire.send(h11.Data(data=data)) or b""

    def _head_bytes(self, reply: Reply, framing: Mapping[str, str]) -> bytes:
        headers = {"content-type": reply.content_type, "server": "ESF", **framing}
        if reply.gzip:
            headers["content-encoding"] = "gzip"
        for name, _ in reply.headers:
            headers.pop(name.lower(), None)
        reason = http.client.responses.get(reply.status, "").encode()
        listed = [*headers.items(), *reply.headers]
        return self._wire.send(h11.Response(status_code=reply.status, headers=listed, reason=reason)) or b""

    def _write(self, wire_bytes: bytes | None) -> None:
        if wire_bytes:
            self._transport.write(wire_bytes)


def _read_head(head: h11.Request) -> Request:
    target = head.target.decode("latin-1")
    split = urlsplit(target)
    return Request(
        method=head.method.decode("ascii"),
        target=target,
        path=unquote(split.path),
        query=dict(parse_qsl(split.query, keep_blank_values=True)),
        headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
        body=b"",
    )
