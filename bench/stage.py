"""The set of a benchmark: one upstream, one load, and the gateways under test."""

import socket
import tempfile
import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

from bench.answers import PLAIN_MODEL, Script, request_body
from bench.load import Outcome, Work
from bench.processes import Gateway, LoadProcess, Process, Stock, Upstream

# A ledger row is written within a second of its call; until then the call's cost is not complete.
SETTLING_SECONDS = 1.2
NOOP = "/bench/noop"
BURST = Script(events=30, gap=0.0, size=200)


class Stage:
    """A context manager; what is started in it ends with it. Processes start when a row first asks for them."""

    def __enter__(self) -> Self:
        self._open = ExitStack()
        self.directory = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="gateway-bench-")))
        self.upstream = self._open.enter_context(Upstream())
        self.load = self._open.enter_context(LoadProcess())
        self.body = request_body().decode()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def gateway(self) -> Gateway:
        """The one that most rows ask: 20 accounts, one key, an empty ledger."""
        return self._open.enter_context(self.another("gateway"))

    @cached_property
    def stock(self) -> Stock:
        port = free_port()
        server = self._open.enter_context(Stock(port))
        wait_for(port)
        return server

    def another(self, name: str, *, processes: int = 1, **rows: int) -> Gateway:
        """A gateway of its own data directory, to be entered by the caller; warm when it is entered."""
        directory = self.directory / name
        directory.mkdir()
        return Gateway(directory, self.upstream, processes=processes, **rows)

    # What is asked of a gateway.

    def noops(self, server: Process, count: int, connections: int = 16) -> Work:
        return Work(server.port, NOOP, count, connections)

    def plain(self, gateway: Gateway, count: int, connections: int = 16, model: str = PLAIN_MODEL) -> Work:
        path = f"/v1beta/models/{model}:generateContent"
        return Work(gateway.port, path, count, connections, gateway.key, self.body)

    def streams(self, gateway: Gateway, script: Script, count: int, connections: int = 16) -> Work:
        path = f"/v1beta/models/{script.model}:streamGenerateContent?alt=sse"
        return Work(gateway.port, path, count, connections, gateway.key, self.body)

    def cost(self, server: Process, work: Work) -> float:
        """CPU seconds of `server` for each request of `work`, with what it writes down afterwards."""
        before = server.cpu()
        self.load.perform(work)
        if work.key:
            time.sleep(SETTLING_SECONDS)
        return (server.cpu() - before) / work.count

    def perform(self, work: Work) -> Outcome:
        return self.load.perform(work)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, patience: float = 60.0) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
