"""daphne's server with back-pressure, limits for slow and idle clients, and a drain.

Besides `channel`, `listening`, `private_names` and `request` no module imports daphne or twisted.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from daphne.http_protocol import HTTPFactory
from daphne.server import Server, reactor
from twisted.internet.defer import Deferred
from twisted.logger import STDLibLogObserver, globalLogBeginner

from gateway_project.messages import access_log, forwarded
from gateway_project.messages.refusals import OnRefusal, Refusal
from gateway_project.server import listening, private_names, tuning
from gateway_project.server.channel import Channel
from gateway_project.server.drain import drain
from gateway_project.server.inbox import Buffers
from gateway_project.server.request import Request
from gateway_project.server.timeouts import Timeouts

log = logging.getLogger(__name__)

# What twisted buffers before it pauses its producer. A bigger answer is sent as a stream, so that its request stays
# open until the client has taken it, and no idle timer ends a slow download.
LARGE_ANSWER = 64 * 1024

CHECK_SECONDS = 1.0
# Between two log lines about clients that speak TLS, which try again and again.
TLS_HINT_SECONDS = 60.0

Hook = Callable[[], Awaitable[None]]
# The largest body in bytes for a path (undecoded, without its query) and the cookies that came with it; None where the
# application limits it by itself.
BodyLimit = Callable[[bytes, Mapping[bytes, bytes]], int | None]


def stop_with_the_server(closing: Hook) -> None:
    """Under stock daphne and runserver: the server waits for `closing` before it ends. Elsewhere does nothing."""
    if reactor.running:
        reactor.addSystemEventTrigger("before", "shutdown", lambda: awaited(closing))


def awaited(work: Hook) -> Deferred:
    """`work`, started, in the form that twisted waits for."""
    return Deferred.fromFuture(asyncio.ensure_future(work()))


class Factory(HTTPFactory):
    """Makes a channel for each connection, and writes a line of the access log for each request."""

    def buildProtocol(self, addr: Any) -> Channel:
        channel = Channel()
        channel.factory = self
        channel.requestFactory = Request
        channel.timeOut = None  # Timeouts has the limits
        channel.callLater = self.reactor.callLater
        return channel

    def log(self, request: Request, ending: str = "") -> None:
        details = f" {request.duration():.3f}s {request.request_id}{ending}"
        client = request.client_addr[0] if request.client_addr else "-"
        access_log.write(client, request.method, request.path, request.code, request.sentLength, details)


class GatewayServer(Server):
    """
    One node: serves `application` on the listening socket until SIGTERM or SIGINT, then drains.

    `buffers` is the memory that all request bodies together may take, in bytes; `drain` is in seconds. `opening` runs
    before the first connection is taken, `closing` after the last call has ended. `origins` are those of
    answer_headers, `stream_default` is that of Refusal.asked_by. The end of `parent` (a pipe) counts as a SIGTERM.
    """

    def __init__(
        self,
        application: Callable,
        listener: socket.socket,
        *,
        opening: Hook,
        closing: Hook,
        drain: float,
        buffers: int,
        body_limit: BodyLimit = lambda path, cookies: None,
        on_refusal: OnRefusal | None = None,
        origins: Collection[str] = (),
        stream_default: str = "auto",
        trusted_proxies: tuple[forwarded.Network, ...] = (),
        timeouts: Timeouts | None = None,
        parent: IO | None = None,
    ) -> None:
        """Raises MissingNames where the installed daphne or twisted is not one that this server can use."""
        private_names.check()
        super().__init__(application, endpoints=[listener], server_name="")
        self.listener, self.opening, self.closing, self.parent = listener, opening, closing, parent
        self.drain_seconds, self.trusted_proxies, self.origins = drain, trusted_proxies, origins
        self.stream_default = stream_default
        self.body_limit = body_limit
        self.on_refusal = on_refusal
        self.buffers = Buffers(buffers)
        self.timeouts = timeouts or Timeouts()
        self.tls_hint_due = 0.0
        self.now = reactor._asyncioEventloop.time
        self.connections: dict = {}
        self.channels: set[Channel] = set()
        # Of these, those that are not read from until the application takes more of a body.
        self.paused: set[Channel] = set()
        self.factory = Factory(self)
        self.port: Any = None
        # When the drain ends (loop time), once it has begun.
        self.leaving: float | None = None
        self.exit_status = 0

    def run(self) -> None:
        """Returns when everything is closed; `exit_status` is then 0, or 1 after a failure."""
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
        tuning.tune()
        if self.leaving is None:
            self.port = listening.adopted(reactor, self.listener, self.factory)
            self.application_checker()
            self.end_overdue()

    # What channels report.

    def opened(self, channel: Channel) -> None:
        self.channels.add(channel)
        self.close_idle(self.timeouts.opened(channel, self.now()))

    def answered(self, channel: Channel) -> None:
        self.close_idle(self.timeouts.answered(channel, self.now()))

    def closed(self, channel: Channel) -> None:
        self.channels.discard(channel)
        self.paused.discard(channel)
        self.timeouts.forget(channel)

    def close_idle(self, channel: Any | None) -> None:
        if channel is not None:
            self.timeouts.forget(channel)
            channel.timeoutConnection()

    def end_overdue(self) -> None:
        """Once a second: ends connections whose time is over, and those not read from whose client has disconnected."""
        for channel, refusal in self.timeouts.over(self.now()):
            if refusal is None:
                self.close_idle(channel)
            else:
                channel.refuse(refusal)
        for channel in [channel for channel in self.paused if channel.has_left()]:
            channel.transport.abortConnection()
        reactor.callLater(CHECK_SECONDS, self.end_overdue)

    @property
    def ends_connections(self) -> bool:
        """Whether the answers that begin now close their connections."""
        return self.leaving is not None or self.timeouts.is_crowded

    def met_tls(self, channel: Channel) -> None:
        channel.hang_up()
        if self.now() >= self.tls_hint_due:
            self.tls_hint_due = self.now() + TLS_HINT_SECONDS
            log.warning(
                "A client at %s speaks TLS to this port, which speaks plain HTTP: give it an http:// address, or put a "
                "proxy that ends TLS in front.",
                channel.getPeer().host,
            )

    def refused(
        self, channel: Channel, method: bytes, path: bytes, headers: Any, refusal: Refusal, request_id: str
    ) -> None:
        """Writes to the access log and calls `on_refusal`. `headers` are twisted's, as far as they have arrived."""
        address = channel.getPeer().host
        if self.trusted_proxies:
            forwarded_for = b",".join(headers.getRawHeaders(b"x-forwarded-for", ())).decode("latin-1")
            address = forwarded.client_address(address, forwarded_for, self.trusted_proxies)
        access_log.write(address, method, path, refusal.code, len(refusal.body), f" {request_id}")
        if self.on_refusal is not None:
            decoded = unquote_to_bytes(path).decode(errors="replace")
            self.on_refusal(
                method.decode("latin-1"), decoded, address, request_id, refusal.code, refusal.message, channel.arrived
            )

    # Shutting down.

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
        """daphne has twisted wait for this before it stops: here, the drain."""
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
        # Generators left open would be finalised while the interpreter shuts down: a SIGSEGV on Python 3.11.
        await asyncio.get_running_loop().shutdown_asyncgens()

    def applications(self) -> list[asyncio.Task]:
        running = (details.get("application_instance") for details in self.connections.values())
        return [task for task in running if task is not None and not task.done()]

    def create_application(self, protocol: Request, scope: dict) -> None:
        if self.trusted_proxies:
            forwarded.resolve(scope, self.trusted_proxies)
            protocol.client_addr = scope["client"]
        call = self.application(scope, protocol.inbox.receive, partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = reactor._asyncioEventloop.create_task(call)

    async def handle_reply(self, protocol: Request, message: Mapping[str, Any]) -> None:
        """Returns when the client is ready for more. Unlike daphne's it does not check the types in `message`."""
        if message.get("more_body", False):
            if not protocol.more(message.get("body", b"")):
                await protocol.room()
        elif len(message.get("body", b"")) > LARGE_ANSWER:
            await self.handle_reply(protocol, {**message, "more_body": True})
            protocol.handle_reply({"type": "http.response.body"})
        else:
            protocol.handle_reply(message)
