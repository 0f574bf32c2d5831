"""`python -m tests.live.serving [drain seconds] [trusted proxy ...]`: one GatewayServer; prints its port first."""

import socket
import sys

from tests.live.serving.app import application


async def opening():
    print("opening", flush=True)


async def closing():
    print("closing", flush=True)


def main():
    from django.conf import settings

    from gateway_project import forwarded
    from gateway_project.server import GatewayServer

    drain, *proxies = sys.argv[1:] or ["30"]
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    server = GatewayServer(
        application,
        listener,
        opening=opening,
        closing=closing,
        max_body=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        drain=float(drain),
        trusted_proxies=forwarded.networks(proxies),
    )
    server.run()
    sys.exit(server.exit_status)


main()
