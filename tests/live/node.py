"""A server in a process of its own, watched through its output."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0  # seconds; a process starts within two, or twenty on a busy machine


class Node:
    """A running server; standard output and error are files, read as they grow."""

    def __init__(self, directory: Path, *command: str, port: int = 0) -> None:
        """Without `port`, the first line that the server prints must be its port."""
        self.out_path, self.err_path = directory / "out.txt", directory / "err.txt"
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.live.serving.settings", "PYTHONUNBUFFERED": "1"}
        with self.out_path.open("w") as out, self.err_path.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, *command], stdout=out, stderr=err, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL
            )
        self.port = port or int(self.wait_for(r"^(\d+)$")[1])
        self.wait_until_open()

    @property
    def out(self) -> str:
        return self.out_path.read_text()

    @property
    def err(self) -> str:
        return self.err_path.read_text()

    def wait_for(self, pattern: str, count: int = 1) -> re.Match[str]:
        """The `count`th match of `pattern` in the output, as soon as it is there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = list(re.finditer(pattern, self.out, re.MULTILINE))
            if len(found) >= count:
                return found[count - 1]
            time.sleep(0.005)
        raise AssertionError(f"{pattern} did not come.\n{self.out}\n{self.err}")

    def wait_until_open(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError(f"The server does not listen.\n{self.out}\n{self.err}")

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def ended(self) -> int:
        """Waits for the exit status: after a crash, minus the number of the signal."""
        return self.process.wait(PATIENCE)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
