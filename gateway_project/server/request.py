"""One request on daphne's server: an application that starts at the headers, and an answer written no faster than the
client reads.
"""

import re
from collections.abc import Collection
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

# Looked up once: `http` is a proxy of a module, and looks its every name up anew.
write_body, to_chunk = http.Request.write, http.toChunk

# Headers of a request that applications do not see, as twisted writes their names. An upgrade may be ignored (RFC 9110
# section 7.8), as no WebSocket is spoken here; by the other, daphne lets any client say under which path it is served.
_LEFT_OUT = frozenset((b"Upgrade", b"Daphne-Root-Path"))
# May not stand in a header (RFC 9110 section 5.5), besides NUL, CR and LF, which twisted looks for.
_FORBIDDEN = re.compile(rb"[\x0b\x0c\x1c-\x1e\x85]")
# When an answer is complete and its request is not, so much of the rest is read for the sake of the connection.
REST_BYTES = 256 * 1024


class Request(WebRequest):
    """
    Its application starts when the head is there; the body goes to `inbox` as it comes, and no faster than it is read.
    What of it is in memory counts in the server's `buffers` until it is passed on, or the answer begins.

    `request_id` is in the ASGI scope too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pressure = Backpressure(self.transport)
        self.request_id = new_request_id()
        self.inbox = Inbox(source=self)
        self.buffered = 0
        self.received = 0
        # Whether the client waits for a word before it sends the body.
        self.is_asked_for_continue = False
        # What its head has besides `responseHeaders`, as it is written.
        self.common_head = b""

    # What comes in.

    def gotLength(self, length: int | None) -> None:
        self.inbox.length = length
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
            if name not in _LEFT_OUT and b"_" not in name  # which Django could not tell from a hyphen (CVE-2015-0219)
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
            return  # it was answered without this
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

    # What the inbox says of its reader.

    def wanted(self) -> None:
        if self.is_asked_for_continue:
            self.is_asked_for_continue = False
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
        """The answer's end says it as well."""

    def let_go(self) -> None:
        """Of the body, which is not read any more."""
        self.server.buffers.give_back(self.buffered)
        self.buffered = 0

    # The answer out.

    def handle_reply(self, message: dict) -> None:
        if self.is_gone():
            return
        if self.method == b"HEAD" and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        self.common_head = message.get("common", self.common_head)
        super().handle_reply(message)
        if message["type"] == "http.response.start" and not self.is_gone():
            self.open_answer()

    def more(self, body: bytes) -> None:
        """An event, say; daphne's own way for it is six times as long, and twisted's from there on twice."""
        if self.is_gone() or self.method == b"HEAD":
            return
        if self.chunked and body:
            self.sentLength += len(body)
            self.channel.write(b"".join(to_chunk(body)))
        else:
            write_body(self, body)

    def open_answer(self) -> None:
        """The head of a stream goes out before its first event."""
        self.let_go()
        if not self.responseHeaders.hasHeader(b"date"):
            self.common_head += b"Date: %s\r\n" % now()
        if self.server.ends_connections or not self._ends_soon():
            self.setHeader(b"connection", b"close")
            self.channel.persistent = False
        if self.channel._waitingForTransport:
            self.pressure.pauseProducing()
        self.registerProducer(self.pressure, True)
        if not self.responseHeaders.hasHeader(b"content-length"):
            write_body(self, b"")

    def setResponseCode(self, code: int, message: bytes | None = None) -> None:
        super().setResponseCode(code, message or reason_phrase(code))

    def _ends_soon(self) -> bool:
        """Whether so little is missing of the body that the connection may go on after it."""
        if self.inbox.is_whole:
            return True
        length = self.inbox.length
        return length is not None and length - self.received <= REST_BYTES and not self.is_asked_for_continue

    def is_gone(self) -> bool:
        return bool(self.finished or self.channel is None or self.channel.refused)

    def finish(self) -> None:
        if self.producer is not None:
            self.unregisterProducer()
        super().finish()
        self.let_go()
        self._close_inbox()

    def _close_inbox(self) -> None:
        self.inbox.hang_up()
        self.inbox.source = None  # the two refer to each other

    def connectionLost(self, reason: Any) -> None:
        self.let_go()
        if hasattr(self, "request_start") and not self.finished and not self.channel.refused:
            self.server.factory.log(self, " cut" if self._response_started else " left before the answer")
        self.pressure.stopProducing()
        self._close_inbox()
        super().connectionLost(reason)

    # What the server itself has to say.

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """daphne's own refusals (a bad header, a failed application), as JSON instead of HTML."""
        if not self._response_started:
            self.answer(INTERNAL if status >= 500 else bad_request(f"{body}."))
        elif not self.is_gone():
            self.channel.hang_up()

    def answer(self, refusal: Refusal) -> None:
        """In place of the application, which finds its client gone."""
        refusal = as_asked(refusal, self.uri, self.requestHeaders, self.server.stream_default)
        common = common_headers(refusal, self.requestHeaders, self.server.origins, self.request_id)
        headers = [*refusal.headers, *common]
        self.handle_reply({"type": "http.response.start", "status": refusal.code, "headers": headers})
        self.handle_reply({"type": "http.response.body", "body": refusal.body})


def as_asked(refusal: Refusal, uri: bytes, given: Any, stream_default: str) -> Refusal:
    """`refusal` in the frame that a client reads which asked for `uri` with the headers `given`, twisted's."""
    path, _, query = uri.partition(b"?")
    headers = [(name.lower(), values[0]) for name, values in given.getAllRawHeaders()]
    return refusal.asked_by(unquote(path.decode("latin-1")), query, headers, stream_default)


def common_headers(refusal: Refusal, given: Any, origins: Collection[str], request_id: str) -> list[Header]:
    """`given` are twisted's Headers of the request, as far as they came."""
    requested = [(name.lower(), value) for name, values in given.getAllRawHeaders() for value in values]
    return [*answer_headers(refusal.code, "", requested, origins), (b"X-Request-Id", request_id.encode())]


_seconds, _date = 0, b""


def now() -> bytes:
    """The time as a Date header has it; made once a second."""
    global _seconds, _date
    if (seconds := int(time())) != _seconds:
        _seconds, _date = seconds, formatdate(seconds, usegmt=True).encode()
    return _date
