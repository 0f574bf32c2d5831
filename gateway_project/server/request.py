"""One request on daphne's server: its application starts at the headers, and its answer is written no faster than the
client reads.
"""

import asyncio
import re
from collections.abc import Collection, Mapping
from email.utils import formatdate
from time import time
from typing import Any
from urllib.parse import unquote

from daphne.http_protocol import WebRequest
from twisted.web import http

from gateway_project.messages.answer_headers import Header, answer_headers
from gateway_project.messages.refusals import INTERNAL, NO_ROOM, Refusal, bad_request, reason_phrase, too_large
from gateway_project.messages.request_ids import new_request_id
from gateway_project.messages.targets import origin_form
from gateway_project.server.backpressure import Backpressure
from gateway_project.server.inbox import FULL_BYTES, Inbox

# Looked up once: `http` is a proxy of twisted's around the module, and slow.
init_request, NO_BODY_CODES = http.Request.__init__, http.NO_BODY_CODES
LAST_CHUNK = b"0\r\n\r\n"

# Applications do not see this header (twisted's spelling): no WebSocket is spoken here, and a server may ignore the
# wish for another protocol (RFC 9110 section 7.8).
UPGRADE = b"Upgrade"
# Control characters that a header may not hold (RFC 9110 section 5.5). twisted itself refuses NUL, CR and LF.
_FORBIDDEN = re.compile(rb"[\x0b\x0c\x1c-\x1e\x85]")
# If an answer is complete before its request, up to so many more bytes are read so that the connection can be kept.
REMAINDER_BYTES = 256 * 1024
# Limits are not looked up for shorter bodies: none is smaller.
SMALLEST_LIMIT = 64 * 1024


class Request(WebRequest):
    """
    Its application starts when the head is there; the body goes to `inbox` as it arrives, no faster than it is read.
    The bytes in the inbox count in the server's `buffers` until the reader takes them or the answer begins.

    `request_id` is in the ASGI scope too.
    """

    __hash__, __eq__ = object.__hash__, object.__eq__

    channel: Any  # None once the answer is complete, or the client gone
    limit: int | None = None  # of the body, in bytes
    pressure: Backpressure | None = None
    unsent = b""  # the answer's head, until its first bytes are written
    has_body = True

    def __init__(self, channel: Any, queued: int = 0) -> None:
        init_request(self, channel, queued)
        self.server = channel.server
        self._response_started = False
        self.request_id = new_request_id()
        self.inbox = Inbox(source=self)
        self.buffered = 0
        self.received = 0
        # The client sends the body only after a `100 Continue`.
        self.awaits_continue = False
        self.server.protocol_connected(self)

    # What the client sends.

    def gotLength(self, length: int | None) -> None:
        self.inbox.length = length
        if length is None or length > SMALLEST_LIMIT:
            self.limit = self.server.body_limit(self.channel._path.partition(b"?")[0], self.received_cookies)
            if self.limit is not None and length is not None and length > self.limit:
                self.channel.refuse(too_large(self.limit))

    def begin(self, method: bytes, target: bytes, version: bytes) -> None:
        """The head is there: start the application."""
        self.request_start = time()
        target, host = origin_form(target)
        self.method, self.uri, self.clientproto = method, target, version
        self.path, _, self.query_string = target.partition(b"?")
        headers = [
            (name.lower(), value)
            for name, values in self.requestHeaders.getAllRawHeaders()
            for value in values
            if name != UPGRADE and b"_" not in name  # which Django cannot tell from a hyphen (CVE-2015-0219)
        ]
        if not target.isascii() or _FORBIDDEN.search(b"".join([value for _, value in headers])):
            return self.channel.refuse(bad_request("There are invalid characters in the path, the query or a header."))
        if host:
            headers = [(b"host", host), *(field for field in headers if field[0] != b"host")]
        self.client_addr, self.server_addr = [self.client.host, self.client.port], [self.host.host, self.host.port]
        self.server.create_application(
            self,
            {
                "type": "http",
                "asgi": {"version": "3.0"},
                "http_version": version[5:].decode("ascii"),
                "method": method.decode("ascii"),
                "path": unquote(self.path.decode("ascii")),
                "raw_path": self.path,
                "root_path": "",
                "scheme": "http",
                "query_string": self.query_string,
                "headers": headers,
                "client": self.client_addr,
                "server": self.server_addr,
                "request_id": self.request_id,
            },
        )

    def handleContentChunk(self, data: bytes) -> None:
        self.received += len(data)
        if self.finished or self.channel is None:
            return  # the answer is complete without it
        channel = self.channel
        channel.received += len(data)
        if channel.refused:
            return
        if self.limit is not None and self.received > self.limit:
            channel.refuse(too_large(self.limit))
        elif not self.server.buffers.take(len(data)):
            channel.refuse(NO_ROOM)
        else:
            self.buffered += len(data)
            self.inbox.put(data)
            if self.inbox.is_full:
                channel.pause_body()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        self.inbox.end()

    # The source of the inbox.

    def wanted(self) -> None:
        if self.awaits_continue:
            self.awaits_continue = False
            self.channel.send_continue()
        elif self.channel.has_paused_body:
            self.channel.resume_body()

    def taken(self, size: int) -> None:
        size = min(size, self.buffered)
        self.buffered -= size
        self.server.buffers.give_back(size)
        if self.channel is not None and self.channel.has_paused_body and self.inbox.held <= FULL_BYTES // 2:
            self.channel.resume_body()

    def close(self) -> None:
        """Nothing to do: the end of the answer gives the buffers back."""

    def release_buffers(self) -> None:
        """Gives back what the body took: it is not read any more."""
        self.server.buffers.give_back(self.buffered)
        self.buffered = 0

    # Sending the answer. daphne's and twisted's own code for it takes five times as many steps, which slows every call.

    def handle_reply(self, message: Mapping[str, Any]) -> None:
        if self.is_gone():
            return
        if message["type"] == "http.response.start":
            self.start(message)
        else:
            self.end(message.get("body", b""))

    def start(self, message: Mapping[str, Any]) -> None:
        """Sends the head of a stream before its first event; the head of any other answer goes out with its body."""
        if self._response_started:
            raise ValueError("The answer has begun already.")
        self._response_started = True
        self.startedWriting = 1
        self.release_buffers()
        self.code, headers = message["status"], message.get("headers", ())
        names = {name.lower() for name, _ in headers}
        head = [b"%s %d %s\r\n" % (self.clientproto, self.code, reason_phrase(self.code)), message.get("common", b"")]
        head += [b"%s: %s\r\n" % field for field in headers]
        if b"date" not in names:
            head.append(b"Date: %s\r\n" % now())
        if self.server.ends_connections or not self._ends_soon():
            self.channel.persistent = False
        if not self.channel.persistent:
            head.append(b"Connection: close\r\n")
        self.has_body = self.method != b"HEAD" and self.code not in NO_BODY_CODES
        is_sized = b"content-length" in names
        if self.has_body and not is_sized and self.clientproto == b"HTTP/1.1":
            self.chunked = 1
            head.append(b"Transfer-Encoding: chunked\r\n")
        head.append(b"\r\n")
        self.unsent = b"".join(head)
        if not is_sized:
            self.more(b"")

    def more(self, body: bytes) -> bool:
        """Sends a part of the body, such as an event; False when the client is not ready for the next: see `room`."""
        if self.is_gone():
            return False
        if (pressure := self.pressure) is None:
            pressure = self.pressure = Backpressure(self.transport)
            if self.channel._waitingForTransport:
                pressure.pauseProducing()
            self.registerProducer(pressure, True)
        self.transport.write(self._framed(body))
        return not pressure.is_on

    def end(self, body: bytes) -> None:
        last = self._framed(body)
        self.transport.write(last + LAST_CHUNK if self.chunked else last)
        self.finish()

    def _framed(self, body: bytes) -> bytes:
        """The bytes to write for `body`: before the first of them the head, if it has not been written."""
        if not self.has_body:
            body = b""
        self.sentLength += len(body)
        if self.chunked and body:
            body = b"%x\r\n%b\r\n" % (len(body), body)
        unsent, self.unsent = self.unsent, b""
        return unsent + body if unsent else body

    async def room(self) -> None:
        """Returns when the client is ready for more."""
        if self.is_gone():
            # Without this, a generator that never waits would not notice that it was cancelled.
            await asyncio.sleep(0)
        elif self.pressure is not None and self.pressure.is_on:
            await self.pressure.room()

    def _ends_soon(self) -> bool:
        """Whether so little of the body is still to come that the connection can be kept."""
        if self.inbox.is_whole:
            return True
        length = self.inbox.length
        return length is not None and length - self.received <= REMAINDER_BYTES and not self.awaits_continue

    def is_gone(self) -> bool:
        return bool(self.finished or self.channel is None or self.channel.refused)

    def finish(self) -> None:
        self.finished = 1
        if self.producer is not None:
            self.unregisterProducer()
        self.server.factory.log(self)
        channel, self.channel = self.channel, None
        channel.requestDone(self)
        self._over()

    def connectionLost(self, reason: Any) -> None:
        if hasattr(self, "request_start") and not self.finished and not self.channel.refused:
            self.server.factory.log(self, " cut" if self._response_started else " left before the answer")
        if self.pressure is not None:
            self.pressure.stopProducing()
        self.channel = None
        self._over()

    def _over(self) -> None:
        self.release_buffers()
        self.inbox.hang_up()
        self.inbox.source = None  # the two refer to each other
        self.server.protocol_disconnected(self)

    # Answers of the server itself.

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """daphne's 500 for an application that failed, as JSON instead of HTML."""
        if not self._response_started:
            self.answer(INTERNAL)
        elif not self.is_gone():
            self.channel.hang_up()

    def answer(self, refusal: Refusal) -> None:
        """Answers in place of the application, which sees its client disconnect."""
        refusal = as_asked(refusal, self.uri, self.requestHeaders, self.server.stream_default)
        common = common_headers(refusal, self.requestHeaders, self.server.origins, self.request_id)
        headers = [*refusal.headers, *common]
        self.handle_reply({"type": "http.response.start", "status": refusal.code, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": refusal.body})


def as_asked(refusal: Refusal, uri: bytes, given: Any, stream_default: str) -> Refusal:
    """`refusal` in the frame for a client that asked for `uri` with the headers `given`, a twisted Headers."""
    path, _, query = uri.partition(b"?")
    headers = [(name.lower(), values[0]) for name, values in given.getAllRawHeaders()]
    return refusal.asked_by(unquote(path.decode("latin-1")), query, headers, stream_default)


def common_headers(refusal: Refusal, given: Any, origins: Collection[str], request_id: str) -> list[Header]:
    """What every answer has; `given` is the twisted Headers of the request, as far as they have arrived."""
    requested = [(name.lower(), value) for name, values in given.getAllRawHeaders() for value in values]
    return [*answer_headers(refusal.code, "", requested, origins), (b"X-Request-Id", request_id.encode())]


_seconds, _date = 0, b""


def now() -> bytes:
    """The time for a Date header, formatted once a second."""
    global _seconds, _date
    if (seconds := int(time())) != _seconds:
        _seconds, _date = seconds, formatdate(seconds, usegmt=True).encode()
    return _date
