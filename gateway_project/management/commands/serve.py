"""`manage.py serve`: the gateway behind daphne, with back-pressure, limits, background loops and a drain."""

import asyncio
import logging
import os
import socket
import sys
from argparse import ArgumentParser, ArgumentTypeError
from importlib import import_module
from threading import Timer
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error as DatabaseError
from django.db import connections

from accounts_app import http_client, roster
from gateway_project.background import loops
from gateway_project.messages import forwarded
from gateway_project.server.processes import Processes

log = logging.getLogger(__name__)

# Connections the kernel keeps waiting for us: a burst of SDK clients opens one each.
BACKLOG = 1024
# After everything is closed; what is still running then is waiting for nobody.
EXIT_SECONDS = 2.0


class Command(BaseCommand):
    help = "Serve the gateway until SIGTERM or Ctrl-C; open calls then get GATEWAY_DRAIN_SECONDS to end."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=settings.GATEWAY_HOST, help="default: %(default)s")
        parser.add_argument("--port", type=port_number, default=settings.GATEWAY_PORT, help="default: %(default)s")
        parser.add_argument(
            "--processes", type=process_count, default=1, help="nodes sharing the port; default: %(default)s"
        )
        parser.add_argument("--fd", type=int, help="serve a listening socket inherited from the parent process")

    def handle(self, *args: Any, host: str, port: int, processes: int, fd: int | None, **options: Any) -> None:
        proxies = forwarded.networks(settings.GATEWAY_TRUSTED_PROXIES)
        if fd is not None:
            sys.exit(serve(socket.socket(fileno=fd), proxies, is_child=True))
        try:
            listener = listen(host, port)
        except OSError as error:
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error
        if processes == 1:
            import_module("gateway_project.asgi")  # what cannot be loaded is not announced
        self.banner(host, listener.getsockname()[1], settings.GATEWAY_PATH_PREFIX)
        if proxy := http_client.described():
            log.info("Accounts without a proxy of their own go through %s.", proxy)
        if processes > 1:
            sys.exit(asyncio.run(Processes(listener, processes).run()))
        sys.exit(serve(listener, proxies))

    def banner(self, host: str, port: int, prefix: str) -> None:
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}{prefix}"
        self.stdout.write(f"Gemini Gateway on {url}\n  API      {url}/v1beta\n  console  {url}/admin/")
        if says_demo():
            self.stdout.write("  No account is connected: demo accounts answer. Add one in the console.")
        self.stdout.flush()


def port_number(written: str) -> int:
    return _whole(written, 0, 65535)


def process_count(written: str) -> int:
    return _whole(written, 1, 256)


def _whole(written: str, low: int, high: int) -> int:
    if not written.isascii() or not written.isdecimal() or len(written) > 9 or not low <= int(written) <= high:
        raise ArgumentTypeError(f"must be a whole number from {low} to {high}, not {written!r}")
    return int(written)


def listen(host: str, port: int) -> socket.socket:
    """A socket that already queues connections. Raises OSError when the address is taken or not ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve(listener: socket.socket, proxies: tuple[forwarded.Network, ...], is_child: bool = False) -> int:
    """One node until its end; the exit status. Raises CommandError where daphne or twisted is not one it can use."""
    from gateway_project.asgi import application, body_limit
    from gateway_project.server.private_names import MissingNames
    from gateway_project.server.server import GatewayServer
    from proxy_app.ledger import refused_calls

    try:
        server = GatewayServer(
            application,
            listener,
            opening=loops.start,
            closing=loops.stop,
            buffers=settings.GATEWAY_BUFFER_MB * 1024 * 1024,
            body_limit=body_limit,
            on_refusal=refused_calls.unread,
            origins=settings.GATEWAY_CORS_ORIGINS,
            stream_default=settings.GATEWAY_STREAM_DEFAULT,
            drain=settings.GATEWAY_DRAIN_SECONDS,
            trusted_proxies=proxies,
            parent=sys.stdin if is_child else None,
        )
    except MissingNames as error:
        raise CommandError(str(error)) from error
    server.run()
    # A thread that hangs in the database, a console page's say, would hold up the interpreter's own end for ever.
    last_resort = Timer(EXIT_SECONDS, os._exit, [server.exit_status])
    last_resort.daemon = True
    last_resort.start()
    return server.exit_status


def says_demo() -> bool:
    try:
        return loops.demo_answers(roster.load_now())
    except DatabaseError:
        return False  # the loops say what is wrong with it
    finally:
        connections.close_all()  # this thread asks nothing more
