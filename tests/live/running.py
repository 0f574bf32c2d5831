"""The gateway as its operators run it: `manage.py serve` in a process of its own, with temporary data."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from emulator import Account, Emulator
from tests import postgres

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0  # seconds; only a failing test takes so long


def wait_until(true: Callable[[], object]) -> None:
    """Returns when `true()` is; raises AssertionError after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# The superuser of every gateway.
OPERATOR, PASSWORD = "olga", "correct horse battery"
# The variable with a directory that all processes of a test run share, for the first run of all their gateways.
FIRST_RUN = "TESTS_FIRST_RUN"
# What makes a first run another one than that of all.
_SETTLED_BY = frozenset(("DATABASE_URL", "GATEWAY_DATA_DIR"))


@dataclass(slots=True)
class Gateway:
    """A running gateway whose upstream is `upstream`. A context manager: prepared and started by entering it.

    environment   more variables, besides those that point it at the emulator
    url, key      where it listens and one client key, once it runs
    """

    upstream: Emulator
    environment: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    key: str = field(default="", repr=False)
    _data: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)
    _log: IO[str] | None = field(default=None, repr=False)
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def __enter__(self) -> Self:
        if self._data is None:
            self._data = tempfile.TemporaryDirectory(prefix="gateway-live-")
            first = _first_run(self.upstream) if _SETTLED_BY.isdisjoint(self.environment) else None
            self._make_database(first.database if first else "")
            if first is None:
                self._run_first()
            else:
                shutil.copytree(first.data, self._data.name, dirs_exist_ok=True)
                self.key = first.key
        return self

    def _make_database(self, like: str) -> None:
        """On PostgreSQL one of its own, a copy of the first gateway's; SQLite's is a file of the folder."""
        if (server := postgres.given()) and "DATABASE_URL" not in self.environment:
            self.environment = {"DATABASE_URL": postgres.create_beside(server, like), **self.environment}

    def _run_first(self) -> None:
        self.manage("bootstrap")
        self.key = self.manage("issue_key", "live")
        self.environment = {**self.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        self.manage("createsuperuser", "--noinput", "--username", OPERATOR, "--email", f"{OPERATOR}@example.com")

    def another(self) -> Gateway:
        """Another node with the same data and a log of its own, to be entered and started like this one."""
        assert self._data is not None
        node = Gateway(self.upstream, {**self.environment, "GATEWAY_DATA_DIR": self._data.name}, key=self.key)
        node._data = tempfile.TemporaryDirectory(prefix="gateway-live-")
        return node

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._data is not None:
            self._data.cleanup()

    def connect(self, account: Account) -> str:
        """Adds one of the emulator's accounts by `add_account`; returns its id."""
        options = ("--email", account.email, "--project", account.project, "--refresh-token", "-")
        return self.manage("add_account", *options, said=account.refresh_token)

    def manage(self, *arguments: str, said: str = "") -> str:
        """Runs a management command with `said` as standard input; returns what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.variables(), input=said, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, f"{arguments[0]}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def start(self, *options: str) -> Self:
        """Starts `manage.py serve` with `options` on a free port."""
        process = self._run("manage.py", "serve", "--port", "0", *options)
        assert process.stdout is not None
        banner = process.stdout.readline()
        found = re.search(r"http://\S+", banner)
        assert found, f"no address in {banner!r}; {self.log()}"
        # The banner is printed when the socket listens: from then on no connection is refused.
        self.url = found[0]
        return self

    def start_other(self, *command: str, port: int) -> Self:
        """Starts another server, by a command that has its port; returns when it listens."""
        process = self._run(*command)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    self.url = f"http://127.0.0.1:{port}"
                    return self
            time.sleep(0.05)
        raise AssertionError(f"{command} does not listen; {self.log()}")

    def _run(self, *command: str) -> subprocess.Popen[str]:
        assert self._data is not None
        self._log = (Path(self._data.name) / "serve.log").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.variables(),
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        return self._process

    def stop(self) -> int | None:
        """Ends it by SIGTERM, or else SIGKILL; its exit status, None if it was not running."""
        if self._process is None or self._log is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._log.close()
        status, self._process = self._process.returncode, None
        return status

    def log(self) -> str:
        """Its standard error since its last start."""
        assert self._data is not None
        path = Path(self._data.name) / "serve.log"
        return path.read_text() if path.exists() else ""

    def ledger_size(self) -> int:
        """The number of attempts in the request log, which is complete when the gateway has stopped."""
        return int(self.select("count(*) FROM proxy_app_usagerecord WHERE attempt > 0")[0][0])

    def select(self, what: str) -> list[tuple[Any, ...]]:
        """Rows of its database."""
        assert self._data is not None
        if url := self.environment.get("DATABASE_URL"):
            return list(postgres.execute(url, f"SELECT {what}"))
        with contextlib.closing(sqlite3.connect(Path(self._data.name) / "gateway.sqlite3")) as database:
            return database.execute(f"SELECT {what}").fetchall()

    def variables(self) -> dict[str, str]:
        """Its environment: no settings of this machine, and a short drain, as clients of ended tests may be left."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "GATEWAY_ENV_FILE": os.devnull,
            "GATEWAY_DATA_DIR": self._data.name if self._data else "",
            "GATEWAY_AUTH_MODE": "all_except_health",
            "GATEWAY_DRAIN_SECONDS": "1",
            "CLOUD_CODE_URLS": self.upstream.url,
            "GEMINI_API_URL": self.upstream.url,
            "GOOGLE_OAUTH_CLIENT_ID": "live",
            "GOOGLE_OAUTH_CLIENT_SECRET": "live",
            "GOOGLE_OAUTH_TOKEN_URL": self.upstream.token_url,
            "GOOGLE_USERINFO_URL": self.upstream.userinfo_url,
            "GOOGLE_OAUTH_AUTHORIZE_URL": self.upstream.authorize_url,
            **self.environment,
        }


@dataclass(frozen=True, slots=True)
class _First:
    """What a first run leaves: a client key, the data directory, and on PostgreSQL the database's URL."""

    key: str = field(repr=False)
    data: str
    database: str


_places: list[tempfile.TemporaryDirectory[str]] = []


def _first_run(upstream: Emulator) -> _First:
    """Made once a test run, which takes seconds, and then copied; the first who needs it lets the others wait."""
    place = Path(os.environ.get(FIRST_RUN) or _place_of_this_process())
    told = place / "told.json"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            gateway = Gateway(upstream)
            gateway._data = tempfile.TemporaryDirectory(prefix="gateway-live-")
            gateway._make_database("")
            gateway._run_first()
            shutil.copytree(gateway._data.name, place / "data")
            gateway._data.cleanup()
            told.write_text(json.dumps((gateway.key, f"{place / 'data'}", gateway.environment.get("DATABASE_URL", ""))))
    return _First(*json.loads(told.read_text()))


def _place_of_this_process() -> str:
    if not _places:
        _places.append(tempfile.TemporaryDirectory(prefix="gateway-live-"))
        atexit.register(_places[0].cleanup)
    return _places[0].name
