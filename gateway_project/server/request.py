"""One request on daphne's server: its body in memory, its answer written no faster than the client reads."""

import io
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

# Looked up once: `http` is a proxy of a module, and looks its every name up anew.
write_body, to_chunk = http.Request.write, http.toChunk


class Request(WebRequest):
    """
    Its body counts in the server's `buffers` until the answer begins, which is when an application lets go of it.

    `request_id` is in the ASGI scope too.
    """

    uri: bytes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A form is the view's to read; twisted would parse (and copy) it here.
        self._parsePOSTFormSubmission = False
        self.pressure = Backpressure(self.transport)
        self.request_id = new_request_id()
        self.buffered = 0
        # What its head has besides `responseHeaders`, as it is written.
        self.common_head = b""

    # The body in. A BytesIO gives its buffer away without copying, so a body is in memory once.

    def gotLength(self, length: int | None) -> None:
        self.content = io.BytesIO()
        self.limit = self.server.body_limit(self.channel._path.partition(b"?")[0], self.received_cookies)
        if length is not None and length > self.limit:
            self.channel.refuse(too_large(self.limit))

    def handleContentChunk(self, data: bytes) -> None:
        channel = self.channel
        if channel.refused:
            return
        channel.received += len(data)
        if self.content.tell() + len(data) > self.limit:
            channel.refuse(too_large(self.limit))
        elif not self.server.buffers.take(len(data)):
            channel.refuse(NO_ROOM)
        else:
            self.buffered += len(data)
            self.content.write(data)

    def let_go(self) -> None:
        """Of the body, which is not read any more."""
        self.server.buffers.give_back(self.buffered)
        self.buffered = 0

    def process(self) -> None:
        # No WebSocket is spoken here, and a server may ignore an upgrade (RFC 9110 section 7.8).
        self.requestHeaders.removeHeader(b"upgrade")
        target, host = origin_form(self.uri)
        if host:
            self.uri, self.path = target, target.partition(b"?")[0]
            self.requestHeaders.setRawHeaders(b"host", [host])
        # By which daphne lets any client say under which path it is served.
        self.requestHeaders.removeHeader(b"daphne-root-path")
        self.content = io.BytesIO(self.content.getvalue())
        super().process()
        if self.content is not None:
            self.content.close()

    # The answer out.

    def handle_reply(self, message: dict) -> None:
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
        if self.server.ends_connections:
            self.setHeader(b"connection", b"close")
            self.channel.persistent = False
        if self.channel._waitingForTransport:
            self.pressure.pauseProducing()
        self.registerProducer(self.pressure, True)
        if not self.responseHeaders.hasHeader(b"content-length"):
            write_body(self, b"")

    def setResponseCode(self, code: int, message: bytes | None = None) -> None:
        super().setResponseCode(code, message or reason_phrase(code))

    def is_gone(self) -> bool:
        return bool(self.finished or self.channel is None)

    def finish(self) -> None:
        if self.producer is not None:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        self.let_go()
        if hasattr(self, "request_start") and not self.finished:
            self.server.factory.log(self, " cut" if self._response_started else " left before the answer")
        self.pressure.stopProducing()
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
