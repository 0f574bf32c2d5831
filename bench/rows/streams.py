"""Many streams at once, and a client that does not read."""

import dataclasses
import socket
import time
from collections.abc import Collection

from bench.answers import Script
from bench.load import request_of
from bench.processes import Gateway
from bench.stage import Stage
from bench.table import Row, kilobytes, megabytes

NAMES = ("open", "deaf")
OPEN = 1000
MOST_LATE = 0.25
MOST_A_STREAM = 150_000
SECONDS = 12

OFFERED = Script(events=200_000, gap=0.0, size=1000)  # 200 MB of text, poured as fast as it is taken
MOST_GROWTH = 5_000_000
STALLED_SECONDS = 60.0  # gateway_project.server.backpressure drops such a client after this long
PATIENCE = STALLED_SECONDS + 30


def measure(stage: Stage, names: Collection[str]) -> list[Row]:
    rows = []
    if "open" in names:
        rows += many(stage)
    if "deaf" in names:
        rows += deaf(stage)
    return rows


def many(stage: Stage) -> list[Row]:
    """1,000 streams opened over ten seconds and held, an event a second each."""
    script = Script(events=SECONDS, gap=1.0, size=200)
    with stage.another("open") as gateway:
        stage.perform(stage.streams(gateway, Script(2, 0.0, 200), 50))
        before = gateway.memory()
        gateway.forget_peak()
        work = dataclasses.replace(stage.streams(gateway, script, OPEN, OPEN), spread=10.0)
        outcome = stage.perform(work)  # raises if a single one fails
        each = (gateway.memory("VmHWM") - before) / OPEN
    latest = max(outcome.latest)
    is_whole = outcome.events == OPEN * SECONDS
    return [
        Row(
            f"{OPEN} streams at once: the latest event",
            f"<= {MOST_LATE * 1000:.0f} ms",
            f"{latest * 1000:.0f} ms   ({outcome.events} events, no error)",
            latest <= MOST_LATE and is_whole,
        ),
        Row(
            "the same: memory a stream", f"<= {kilobytes(MOST_A_STREAM)}", kilobytes(each), each <= MOST_A_STREAM
        ),
    ]  # fmt: skip


def deaf(stage: Stage) -> list[Row]:
    """A client that asks for 200 MB and reads nothing of it."""
    with stage.another("deaf") as gateway:
        stage.perform(stage.streams(gateway, Script(2, 0.0, 200), 50))
        before = gateway.memory()
        gateway.forget_peak()
        dropped = dropped_after(gateway, stage)
        growth = gateway.memory("VmHWM") - before
    is_dropped = dropped is not None
    told = f"dropped after {dropped:.0f} s" if is_dropped else "never dropped"
    return [
        Row(
            "a client that does not read, 200 MB offered",
            f"<= {megabytes(MOST_GROWTH)}",
            f"{megabytes(growth)}   ({told})",
            growth <= MOST_GROWTH and is_dropped,
        )
    ]


def dropped_after(gateway: Gateway, stage: Stage) -> float | None:
    """Seconds until the gateway hung up on a client that reads nothing; None if it does not."""
    request = request_of(stage.streams(gateway, OFFERED, 1))
    with socket.create_connection(("127.0.0.1", gateway.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        client.sendall(request)
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            time.sleep(0.5)
            if was_reset(client):
                return time.monotonic() - began
    return None


def was_reset(client: socket.socket) -> bool:
    """Whether the connection has ended, told without reading from it."""
    return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or tcp_state(client) in CLOSED


CLOSED = (7, 8)  # TCP_CLOSE, TCP_CLOSE_WAIT


def tcp_state(client: socket.socket) -> int:
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
