"""The processes of a benchmark: started on ports of their own, watched for CPU time and memory, ended with it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Self

from bench.load import Outcome, Work

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0


class Process:
    """A child process. A context manager: leaving it ends the child."""

    port: int

    def __init__(
        self,
        *command: str,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        python: str = sys.executable,
        silent: bool = False,
    ) -> None:
        """`silent`: what it prints is thrown away, as nobody reads it."""
        self._log = (log or Path(os.devnull)).open("a")
        self._child = subprocess.Popen(
            [python, *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=self._log if silent else subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.communicate()
        self._log.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    def line(self) -> str:
        """What it prints next. Raises RuntimeError when it ended instead."""
        assert self._child.stdout is not None
        if line := self._child.stdout.readline():
            return line.strip()
        raise RuntimeError(f"{self._child.args} ended with {self._child.wait()}")

    def cpu(self) -> float:
        """User and system time of all its threads so far, in seconds, to the nanosecond."""
        return self.cpu_of(self.pid)

    @staticmethod
    def cpu_of(pid: int) -> float:
        return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of that process, as clock_getcpuclockid(3)

    def memory(self, field: str = "VmRSS") -> int:
        """Bytes of memory it holds (`VmRSS`), or held at most since `forget_peak` (`VmHWM`)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
        assert found
        return int(found[1]) * 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


class Upstream(Process):
    def __init__(self) -> None:
        super().__init__("-m", "bench.upstream")
        self.port = int(self.line())


class LoadProcess(Process):
    def __init__(self) -> None:
        super().__init__("-m", "bench.load")

    def perform(self, work: Work) -> Outcome:
        """Raises RuntimeError when anything but a 200 came back."""
        self.begin(work)
        return self.result()

    def begin(self, work: Work) -> None:
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(asdict(work)) + "\n")
        self._child.stdin.flush()

    def result(self) -> Outcome:
        outcome = Outcome(**json.loads(self.line()))
        if outcome.errors:
            raise RuntimeError(f"{outcome.errors} of the requests failed; the first: {outcome.first_error}")
        return outcome


class Gateway(Process):
    """`manage.py serve` as operators run it, with one path more: the no-op that the floor is measured by."""

    def __init__(self, directory: Path, upstream: Upstream, *, processes: int = 1, **accounts: int) -> None:
        environment = gateway_environment(directory, upstream)
        filled = subprocess.run(
            [sys.executable, "-m", "bench.fill", json.dumps(accounts)],
            cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        self.key = filled.stdout.strip().splitlines()[-1]
        options = ["--processes", str(processes)] if processes > 1 else []
        super().__init__(
            "manage.py", "serve", "--port", "0", *options, environment=environment, log=directory / "gateway.log"
        )
        self.directory = directory
        self.port = int(self.line().rpartition(":")[2])


class Stock(Process):
    """The same no-op under daphne as it is and Django with the middleware of a new project."""

    def __init__(self, port: int) -> None:
        super().__init__("-m", "daphne", "-p", str(port), "bench.stock:application", silent=True)
        self.port = port


def gateway_environment(directory: Path, upstream: Upstream) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "bench.gateway_settings",
        "GATEWAY_ENV_FILE": os.devnull,
        "GATEWAY_DATA_DIR": str(directory),
        "GATEWAY_AUTH_MODE": "all_except_health",
        "GATEWAY_DRAIN_SECONDS": "1",
        "CLOUD_CODE_URLS": f"http://127.0.0.1:{upstream.port}",
        "GEMINI_API_URL": f"http://127.0.0.1:{upstream.port}",
        "DATABASE_URL": "",
    }
