"""Every test on SQLite, then those that touch the database once more on PostgreSQL: `python -m tests [for pytest …]`.

Both halves run whatever becomes of the other, and the last lines tell of both. Without PostgreSQL the second half's
tests are skipped, and counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from tests.postgres import VARIABLE, Missing, Postgres

NOTHING_COLLECTED = 5  # pytest's exit status; of a part of the tests, none may touch the database


def main(arguments: list[str]) -> int:
    """The worse of both halves' exit statuses."""
    halves = [half("SQLite", arguments, {})]
    try:
        with Postgres() as server:
            halves.append(half("PostgreSQL", arguments, {VARIABLE: server.create("gateway")}))
    except Missing as why:
        halves.append(half("PostgreSQL", arguments, {VARIABLE: f"{why}"}))
    print("\n".join(line for _, line in halves))
    return max(status for status, _ in halves)


def half(name: str, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run pytest; its exit status, and what it came to in a line."""
    print(f"\nTests on {name}", flush=True)
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        command = [sys.executable, "-m", "pytest", f"--junitxml={report.name}", *arguments]
        status = subprocess.run(command, env=os.environ | environment, check=False).returncode
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
