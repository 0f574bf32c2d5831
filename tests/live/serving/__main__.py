"""`python -m tests.live.serving [--hasty] [drain seconds] [trusted proxy ...]`: a GatewayServer. Prints its port first.

`--hasty`: one second for a head or a body, and two idle connections at most.
"""

import socket
import sys

from tests.live.serving.app import application


async def opening():
    print("opening", flush=True)


async def closing():
    print("closing", flush=True)


def main():
    from django.conf import settings

    from gateway_project.messages import forwarded
    from gateway_project.server.server import GatewayServer
    from gateway_project.server.timeouts import Timeouts
    from tests.live.serving import views

    arguments = sys.argv[1:]
    timeouts = Timeouts()
    if arguments[:1] == ["--hasty"]:
        timeouts = Timeouts(head=1.0, body=1.0, idle=60.0, most_idle=2)
        del arguments[0]
    drain, *proxies = arguments or ["30"]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    server = GatewayServer(
        application,
        listener,
        opening=opening,
        closing=closing,
        buffers=settings.GATEWAY_BUFFER_MB * 1024 * 1024,
        origins=settings.GATEWAY_CORS_ORIGINS,
        drain=float(drain),
        timeouts=timeouts,
        trusted_proxies=forwarded.networks(proxies),
    )
    views.buffers = server.buffers
    server.run()
    sys.exit(server.exit_status)


main()
