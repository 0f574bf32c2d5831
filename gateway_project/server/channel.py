"""One HTTP connection: its requests one after the other; what is no valid request is refused in Google's JSON."""

import re
import select
from typing import Any

from twisted.web import http
from twisted.web.http_headers import Headers

from gateway_project.messages.refusals import Refusal, bad_request
from gateway_project.messages.request_ids import new_request_id
from gateway_project.server.request import as_asked, common_headers, now

# After the last answer we close when the client has been silent for the first time, or has gone on uploading for the
# second. Closing at once would reset the connection, and many clients would never read the answer.
LINGER_SECONDS, LONGEST_LINGER_SECONDS = 5.0, 30.0
# The first byte of a TLS connection (RFC 8446 section 5.1). No HTTP request begins with it.
TLS_HANDSHAKE = b"\x16"
# Of a Content-Length line in bytes, with its name: Python refuses numbers of more than 4,300 digits.
LONGEST_LENGTH = 100
# A name or an address, perhaps a port, or nothing (RFC 9112 section 3.2). No comma, which might join two hosts.
HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]*)(?::[0-9]*)?")


class Channel(http.HTTPChannel):
    """A connection of twisted's, with the limits of the server and its refusals."""

    refused = False
    # No byte of the next request has arrived.
    is_idle = True
    _has_begun = False
    has_paused_body = False
    # Until when input is read and discarded after the last answer (loop time); 0 before that.
    lingers_until = 0.0
    # Bytes of all request bodies on this connection.
    received = 0
    arrived = 0.0

    def connectionMade(self) -> None:
        super().connectionMade()
        self.server = self.factory.server
        self.peer, self.host = self.transport.getPeer(), self.transport.getHost()
        self.server.opened(self)

    def getPeer(self) -> Any:
        return self.peer

    def getHost(self) -> Any:
        return self.host

    def connectionLost(self, reason: Any) -> None:
        self.server.closed(self)
        super().connectionLost(reason)

    # What the client sends.

    def dataReceived(self, data: bytes) -> None:
        if self.lingers_until:
            if self.server.now() < self.lingers_until:
                self.resetTimeout()
            return
        if self.is_idle and data.lstrip(b"\r\n"):
            if data.startswith(TLS_HANDSHAKE):
                return self.server.met_tls(self)
            self.is_idle = False
            self.arrived = self.server.now()
            self.server.timeouts.head_begins(self, self.arrived)
        super().dataReceived(data)
        # A line that ends in LF alone: twisted would wait for a CR, and proxies disagree about where the line ends.
        if self.line_mode and b"\n" in self._buffer and not self._busyReceiving and not self.refused:
            self._respondToBadRequestAndDisconnect()

    def lineReceived(self, line: bytes) -> None:
        if not line and not self._has_begun:
            return  # empty lines before a request (RFC 9112 section 2.2)
        self._has_begun = True
        if line[:1] in (b" ", b"\t") or (len(line) > LONGEST_LENGTH and line[:15].lower() == b"content-length:"):
            # A folded header (RFC 9112 section 5.2), which proxies read in different ways, or a number too long.
            return self._respondToBadRequestAndDisconnect()
        super().lineReceived(line)

    def allHeadersReceived(self) -> None:
        self.server.timeouts.head_ends(self)
        request = self.requests[-1]
        headers = request.requestHeaders
        coding = headers.getRawHeaders(b"transfer-encoding")
        hosts = headers.getRawHeaders(b"host", () if self._version == b"HTTP/1.1" else (b"",))
        if len(hosts) != 1 or not HOST.fullmatch(hosts[0]):
            self.refuse(bad_request("A request has one Host header, and that names one host."))
        elif coding and (self._version != b"HTTP/1.1" or coding[0].lower() != b"chunked"):
            self.refuse(bad_request("A body is either chunked, in HTTP/1.1, or has a Content-Length."))
        else:
            super().allHeadersReceived()
            if self.length != 0 and not self.refused and not request.awaits_continue:
                self.server.timeouts.body_begins(self, self.server.now())
            if not self.refused:
                request.begin(self._command, self._path, self._version)

    def allContentReceived(self) -> None:
        if self.has_paused_body:
            self.resume_body()
        self.server.timeouts.body_ends(self)
        if self.refused:
            return
        request = self.requests[-1]
        super().allContentReceived()
        if request.finished:
            self.requestDone(request)

    def requestDone(self, request: Any) -> None:
        if self.has_paused_body:
            self.resume_body()
        if not request.inbox.is_whole:
            if not self.persistent:
                self.requests.remove(request)
                self.linger()
            return  # allContentReceived calls this again when the body has been read
        if self.persistent:
            self.is_idle, self._has_begun = True, False
            self.server.answered(self)
        super().requestDone(request)

    def pause_body(self) -> None:
        """Stops reading the body until the application takes more of it; meanwhile the client cannot be late."""
        self.has_paused_body = True
        self.server.paused.add(self)
        self.server.timeouts.body_ends(self)
        self._networkProducer.pauseProducing()

    def resume_body(self) -> None:
        self.has_paused_body = False
        self.server.paused.discard(self)
        self.server.timeouts.body_begins(self, self.server.now())
        if not self._waitingForTransport:
            self._networkProducer.resumeProducing()

    def send_continue(self) -> None:
        """The application reads a body that the client sends only after a `100 Continue` (RFC 9110 section 10.1.1)."""
        self.server.timeouts.body_begins(self, self.server.now())
        super()._send100Continue()

    def has_left(self) -> bool:
        """Whether the client has disconnected, which twisted notices only while it reads from the connection."""
        poll = select.poll()
        poll.register(self.transport.fileno(), getattr(select, "POLLRDHUP", 0))
        return bool(poll.poll(0))

    # How the connection ends.

    def refuse(self, refusal: Refusal) -> None:
        """Answers at once and closes. An application that has already started sees its client disconnect."""
        request = self.requests[-1] if self.requests else None
        if request and request._response_started:
            return self.hang_up()
        self.refused = True
        request_id = request.request_id if request else new_request_id()
        given = request.requestHeaders if request else Headers()
        refusal = as_asked(refusal, getattr(self, "_path", b""), given, self.server.stream_default)
        headers = common_headers(refusal, given, self.server.origins, request_id)
        self.transport.write(refusal.wire([*headers, (b"Date", now())]))
        self.linger()
        if request:
            request.release_buffers()
            request.inbox.is_answered = True
            request.inbox.hang_up()
        method, uri = getattr(self, "_command", b"-"), getattr(self, "_path", b"-")
        self.server.refused(self, method, uri.partition(b"?")[0], given, refusal, request_id)

    def linger(self) -> None:
        """Discards what still comes, until the client hangs up, is silent for LINGER_SECONDS or takes too long."""
        self.server.timeouts.forget(self)
        self.clearLineBuffer()
        if self.has_paused_body:
            self.resume_body()
        self.lingers_until = self.server.now() + LONGEST_LINGER_SECONDS
        self._networkProducer.unregisterProducer()
        self.transport.loseWriteConnection()
        self.setTimeout(LINGER_SECONDS)

    def hang_up(self) -> None:
        """Closes when what was written has gone out; at once if the client is not reading."""
        self._networkProducer.unregisterProducer()
        if self._waitingForTransport:
            self.transport.abortConnection()
        else:
            self.transport.loseConnection()

    def give_up(self, refusal: Refusal) -> None:
        """Hangs up; a call whose answer has not begun is answered with `refusal`."""
        request = self.requests[0] if self.requests else None
        if request is None or self.refused or request._response_started:
            self.hang_up()
        elif self._handlingRequest:
            self.persistent = False
            request.answer(refusal)
        else:
            self.refuse(refusal)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(bad_request("The request line or a header is too long."))

    def _respondToBadRequestAndDisconnect(self) -> None:
        if not self.refused:
            self.refuse(bad_request("The request is not valid HTTP."))

    def _send100Continue(self) -> None:
        self.requests[-1].awaits_continue = True
