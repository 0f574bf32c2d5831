"""Bare connections to the paths that are down, which bring them back: TCP, TLS, the proxy's CONNECT, and no request."""

import asyncio
from time import monotonic

from accounts_app import leasing
from accounts_app.pool.paths.paths import Path
from proxy_app.forwarding import exchange

CONNECT_SECONDS = 5.0

_in_flight: set[asyncio.Task[None]] = set()


async def probe_due() -> None:
    """Begin those that are due, without waiting for them. For a loop, a few times a second; costs nothing else."""
    for path in leasing.paths_due(monotonic()):
        task = asyncio.get_running_loop().create_task(_probe(path), name=f"probe {path!r}")
        _in_flight.add(task)
        task.add_done_callback(_in_flight.discard)


async def finish() -> None:
    """End those in flight. For shutdown."""
    for task in list(_in_flight):
        task.cancel()
    await asyncio.gather(*_in_flight, return_exceptions=True)


async def _probe(path: Path) -> None:
    ok = egress_ok = False
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await exchange.probe(path.base, path.egress, connect_timeout=CONNECT_SECONDS)
        ok = egress_ok = True
    except exchange.ProxyFailed:
        pass
    except (exchange.Failure, TimeoutError):
        egress_ok = path.egress != ""  # the proxy at least has taken the connection
    finally:
        leasing.probed(path, monotonic(), ok=ok, egress_ok=egress_ok)
