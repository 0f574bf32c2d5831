"""Probes of the paths that are down: a connection (TCP, TLS, the proxy's CONNECT) without a request brings one back."""

import asyncio
from functools import partial
from time import monotonic

from accounts_app import leasing
from accounts_app.pool.paths.paths import Path
from accounts_app.storage.single_flight import SingleFlight
from proxy_app.forwarding import exchange

CONNECT_SECONDS = 5.0

_probes: SingleFlight[Path, None] = SingleFlight("probe")


async def probe_due() -> None:
    """Begin the probes that are due, without waiting for them. For a loop, a few times a second."""
    for path in leasing.paths_due(monotonic()):
        _probes.start(path, partial(_probe, path))


async def finish() -> None:
    """End those in flight. For shutdown."""
    await _probes.cancel()


async def _probe(path: Path) -> None:
    ok = egress_ok = False
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await exchange.probe(path.base, path.egress, connect_timeout=CONNECT_SECONDS)
        ok = egress_ok = True
    except exchange.ProxyFailed:
        pass
    except (exchange.Failure, TimeoutError):
        egress_ok = path.egress != ""  # the proxy at least has accepted the connection
    finally:
        leasing.probed(path, monotonic(), ok=ok, egress_ok=egress_ok)
