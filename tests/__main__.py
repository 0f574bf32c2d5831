"""Every test on SQLite, then those that touch the database once more on PostgreSQL: `python -m tests [for pytest …]`.

Each half runs even if the other fails, and the last lines give both results. Without PostgreSQL the tests of the second
half are skipped, and counted as such.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from tests.databases import LIST
from tests.live.running import FIRST_RUN
from tests.postgres import VARIABLE, Missing, Postgres

NOTHING_COLLECTED = 5  # pytest's exit status when a selection of tests has none for the database


def main(arguments: list[str]) -> int:
    """The worse of both halves' exit statuses."""
    with tempfile.TemporaryDirectory() as directory:
        files = {LIST: str(Path(directory) / "files")}
        halves = [half("SQLite", arguments, files)]
        try:
            with Postgres() as server:
                halves.append(half("PostgreSQL", arguments, {**files, VARIABLE: server.create("gateway")}))
        except Missing as why:
            halves.append(half("PostgreSQL", arguments, {**files, VARIABLE: f"{why}"}))
    print("\n".join(line for _, line in halves))
    return max(status for status, _ in halves)


def half(name: str, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run pytest; its exit status, and a line with the result."""
    print(f"\nTests on {name}", flush=True)
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".xml") as report, tempfile.TemporaryDirectory() as first_run:
        command = [sys.executable, "-m", "pytest", f"--junitxml={report.name}", *arguments]
        # What pytest compiled is kept, so that each worker need not compile it again.
        environment = {**os.environ, **environment, FIRST_RUN: first_run, "PYTHONDONTWRITEBYTECODE": ""}
        status = subprocess.run(command, env=environment, check=False).returncode
        counts = counted(Path(report.name))
    return 0 if status == NOTHING_COLLECTED else status, f"{name}: {counts} in {time.monotonic() - began:.0f} s"


def counted(report: Path) -> str:
    if not report.stat().st_size:
        return "no report"
    suites = ElementTree.parse(report).getroot().iter("testsuite")
    found = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in suites:
        for name in found:
            found[name] += int(suite.get(name, 0))
    failed = found["failures"] + found["errors"]
    return f"{found['tests'] - failed - found['skipped']} passed, {failed} failed, {found['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
