"""daphne's server with what stands between long streams and bad clients: back-pressure, limits and a patient end.

The only module that knows daphne, and with `listening` twisted.
"""

import asyncio
import io
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from typing import IO, Any

from daphne.http_protocol import HTTPFactory, WebRequest
from daphne.server import Server, reactor
from twisted.internet.defer import Deferred
from twisted.logger import STDLibLogObserver, globalLogBeginner
from twisted.web import http

from gateway_project import access_log, forwarded, interpreter, listening
from gateway_project.backpressure import Backpressure
from gateway_project.drain import drain
from gateway_project.listening import Channel
from gateway_project.refusals import INTERNAL, bad_request, too_large
from gateway_project.targets import origin_form

log = logging.getLogger(__name__)

# What twisted holds before it says pause. A bigger answer waits until the client has taken it, so that no idle timer
# of twisted's cuts a slow download.
LARGE_ANSWER = 64 * 1024

# Looked up once: `http` is a proxy of a module, and looks its every name up anew.
write_body, to_chunk = http.Request.write, http.toChunk

Hook = Callable[[], Awaitable[None]]


def stop_with_the_server(closing: Hook) -> None:
    """Under stock daphne and runserver: lets the server wait for `closing` before it ends. Elsewhere does nothing."""
    if reactor.running:
        reactor.addSystemEventTrigger("before", "shutdown", lambda: awaited(closing))


def awaited(work: Hook) -> Deferred:
    """What twisted waits for."""
    return Deferred.fromFuture(asyncio.ensure_future(work()))


class Request(WebRequest):
    """One request, its body in memory, its answer written no faster than the client reads."""

    uri: bytes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A form is the view's to read; twisted would parse (and copy) it here.
        self._parsePOSTFormSubmission = False
        self.pressure = Backpressure(self.transport)

    # The body in. A BytesIO gives its buffer away without copying, so a body is in memory once.

    def gotLength(self, length: int | None) -> None:
        self.content = io.BytesIO()
        if length is not None and length > self.server.max_body:
            self.channel.refuse(too_large(self.server.max_body))

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.refused:
            return
        if self.content.tell() + len(data) > self.server.max_body:
            self.content = io.BytesIO()
            self.channel.refuse(too_large(self.server.max_body))
        else:
            self.content.write(data)

    def process(self) -> None:
        # No WebSocket is spoken here, and a server may ignore an upgrade (RFC 9110 section 7.8).
        self.requestHeaders.removeHeader(b"upgrade")
        target, host = origin_form(self.uri)
        if host:
            self.uri, self.path = target, target.partition(b"?")[0]
            self.requestHeaders.setRawHeaders(b"host", [host])
        self.content = io.BytesIO(self.content.getvalue())
        super().process()
        if self.content is not None:
            self.content.close()

    def handle_reply(self, message: dict) -> None:
        if self.method == b"HEAD" and message["type"] == "http.response.body":
            message = {**message, "body": b""}
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
        if self.server.leaving is not None:
            self.setHeader(b"connection", b"close")
            self.channel.persistent = False
        if self.channel._waitingForTransport:
            self.pressure.pauseProducing()
        self.registerProducer(self.pressure, True)
        if not self.responseHeaders.hasHeader(b"content-length"):
            write_body(self, b"")

    def is_gone(self) -> bool:
        return bool(self.finished or self.channel is None)

    def finish(self) -> None:
        if self.producer is not None:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        if hasattr(self, "request_start") and not self.finished:
            self.server.factory.log(self, " cut" if self._response_started else " left before the answer")
        self.pressure.stopProducing()
        super().connectionLost(reason)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """daphne's own refusals (a bad header, a failed application), as JSON instead of HTML."""
        refusal = INTERNAL if status >= 500 else bad_request(f"{body}.")
        if not self._response_started:
            self.handle_reply({"type": "http.response.start", "status": refusal.code, "headers": refusal.headers})
            self.handle_reply({"type": "http.response.body", "body": refusal.body})
        elif not self.is_gone():
            self.channel.hang_up()


class Factory(HTTPFactory):
    """Makes a channel a connection and an access log line a request."""

    def buildProtocol(self, addr: Any) -> Channel:
        channel = Channel()
        channel.factory = self
        channel.requestFactory = Request
        channel.timeOut = self.timeOut
        channel.callLater = self.reactor.callLater
        return channel

    def log(self, request: Request, ending: str = "") -> None:
        (request_id,) = request.responseHeaders.getRawHeaders("x-request-id", ["-"])
        rest = f" {request.duration():.3f}s {request_id}{ending}"
        client = request.client_addr[0] if request.client_addr else "-"
        access_log.write(client, request.method, request.path, request.code, request.sentLength, rest)


class GatewayServer(Server):
    """
    One node: serves `application` on the listening socket until SIGTERM or SIGINT, then drains.

    `max_body` in bytes, `drain` in seconds; `opening` runs before the first connection is taken, `closing` after the
    last call has ended. The end of `parent` (a pipe) is taken for a SIGTERM.
    """

    def __init__(
        self,
        application: Callable,
        listener: socket.socket,
        *,
        opening: Hook,
        closing: Hook,
        max_body: int,
        drain: float,
        trusted_proxies: tuple[forwarded.Network, ...] = (),
        parent: IO | None = None,
    ) -> None:
        # One read takes the whole body: daphne would hand it on in 8 KiB pieces.
        super().__init__(application, endpoints=[listener], request_buffer_size=max_body + 1, server_name="")
        self.listener, self.opening, self.closing, self.parent = listener, opening, closing, parent
        self.max_body, self.drain_seconds, self.trusted_proxies = max_body, drain, trusted_proxies
        self.connections: dict = {}
        self.channels: set[Channel] = set()
        self.factory = Factory(self)
        self.port: Any = None
        # When the drain ends (loop time), once it has begun.
        self.leaving: float | None = None
        self.exit_status = 0

    def run(self) -> None:
        """Returns when everything is closed; `exit_status` then says how it went."""
        loop = reactor._asyncioEventloop
        asyncio.set_event_loop(loop)
        logging.getLogger("twisted").setLevel(logging.WARNING)
        globalLogBeginner.beginLoggingTo([STDLibLogObserver("twisted")], redirectStandardIO=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)
        if self.parent is not None:
            loop.add_reader(self.parent, self.orphaned, self.parent)
        reactor.addSystemEventTrigger("before", "shutdown", self.kill_all_applications)
        reactor.callWhenRunning(lambda: awaited(self.open).addErrback(self.failed))
        reactor.run(installSignalHandlers=False)

    async def open(self) -> None:
        await self.opening()
        interpreter.tune()
        if self.leaving is None:
            self.port = listening.adopted(reactor, self.listener, self.factory)
            self.application_checker()

    def leave(self) -> None:
        """The first signal begins the drain, the second ends it, the third ends the process."""
        now = reactor._asyncioEventloop.time()
        if self.leaving is None:
            self.leaving = now + self.drain_seconds
            reactor.stop()
        elif self.leaving > now:
            self.leaving = now
        else:
            os._exit(1)

    def orphaned(self, parent: IO) -> None:
        asyncio.get_running_loop().remove_reader(parent)
        if self.leaving is None:
            self.leave()

    def kill_all_applications(self) -> Deferred:
        """What daphne lets twisted wait for before it stops: here the drain."""
        return awaited(self.drain).addErrback(self.failed)

    def failed(self, failure: Any) -> None:
        log.critical("The server failed.", exc_info=failure.value)
        self.exit_status = 1
        if self.leaving is None:
            self.leave()

    async def drain(self) -> None:
        if self.port is not None:
            await self.port.stopListening().asFuture(asyncio.get_running_loop())
        self.listener.close()
        await drain(self)
        await self.closing()
        # Generators nobody closed would be finalised while the interpreter goes down: a SIGSEGV on Python 3.11.
        await asyncio.get_running_loop().shutdown_asyncgens()

    def applications(self) -> list[asyncio.Task]:
        running = (details.get("application_instance") for details in self.connections.values())
        return [task for task in running if task is not None and not task.done()]

    def create_application(self, protocol: Request, scope: dict) -> asyncio.Queue | None:
        if self.trusted_proxies:
            forwarded.resolve(scope, self.trusted_proxies)
            protocol.client_addr = scope["client"]
        return super().create_application(protocol, scope)

    async def handle_reply(self, protocol: Request, message: dict) -> None:
        """Returns when the client is ready for more."""
        goes_on = message.get("more_body", False)
        if goes_on and protocol._response_started:
            protocol.more(message["body"])
        elif not goes_on and len(message.get("body", b"")) > LARGE_ANSWER:
            await self.handle_reply(protocol, {**message, "more_body": True})
            await super().handle_reply(protocol, {"type": "http.response.body"})
        else:
            await super().handle_reply(protocol, message)
        if protocol.is_gone():
            # Without this, a generator that never waits would not hear of its cancellation.
            await asyncio.sleep(0)
        elif protocol.pressure.is_on:
            await protocol.pressure.room()
