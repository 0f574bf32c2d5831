"""Every test on SQLite, and those that touch the database on PostgreSQL too: `python -m tests [for pytest …]`.

Both halves run at the same time, each even if the other fails; what the second one prints follows the first one's, and
the last lines give both results. Without PostgreSQL the tests of the second half are skipped, and counted as such.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from tests.databases import LIST
from tests.live.running import FIRST_RUN
from tests.postgres import VARIABLE, Missing, Postgres

NOTHING_COLLECTED = 5  # pytest's exit status when a selection of tests has none for the database


def main(arguments: list[str]) -> int:
    """The worse of both halves' exit statuses."""
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        listed, told = directory / "files", stack.enter_context((directory / "told").open("w+"))
        first = Half("SQLite", arguments, {LIST: f"{listed}"}, directory, None)
        stack.callback(first.process.wait)
        while not listed.exists() and first.process.poll() is None:
            time.sleep(0.1)
        try:
            database = stack.enter_context(Postgres()).create("gateway")
        except Missing as why:
            database = f"{why}"
        second = Half("PostgreSQL", arguments, {LIST: f"{listed}", VARIABLE: database}, directory, told)
        stack.callback(second.process.wait)
        results = [first.result(), second.result()]
        told.seek(0)
        print(told.read())
    print("\n".join(line for _, line in results))
    return max(status for status, _ in results)


class Half:
    """The tests on one database: pytest in a process of its own, which prints to `output`, or else as this one does."""

    def __init__(
        self, name: str, arguments: list[str], environment: dict[str, str], directory: Path, output: IO[str] | None
    ) -> None:
        self.name, self.began = name, time.monotonic()
        self.report, first_run = directory / f"{name}.xml", directory / name
        first_run.mkdir()
        command = [sys.executable, "-m", "pytest", f"--junitxml={self.report}", *arguments]
        # What pytest compiled is kept, so that each worker need not compile it again.
        environment = {**os.environ, **environment, FIRST_RUN: f"{first_run}", "PYTHONDONTWRITEBYTECODE": ""}
        print(f"\nTests on {name}", file=output, flush=True)
        self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)

    def result(self) -> tuple[int, str]:
        """As soon as it has ended: its exit status, and a line with the result."""
        status = self.process.wait()
        line = f"{self.name}: {counted(self.report)} in {time.monotonic() - self.began:.0f} s"
        return 0 if status == NOTHING_COLLECTED else status, line


def counted(report: Path) -> str:
    if not report.exists() or not report.stat().st_size:
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
