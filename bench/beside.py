"""`python -m bench.beside CHECKOUT [ROUNDS]`: what a plain call and an event cost here, beside another checkout.

CHECKOUT is a working tree of another version with a `.venv` of its own. Both gateways run at the same time, and each is
measured right after the other, so that what else the machine does meets both. Printed are, for each row, the median
cost (CPU time of the serving process) of both, the median of the ratios here / there, and their quartiles.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
ROWS = ("plain", "event")
ROUNDS = 20

# Runs in a checkout and uses its own `bench`: of 0.1.0 on, `Stage` was called `House`.
WORKER = """
import sys
try:
    from bench.house import House as Stage
except ImportError:
    from bench.stage import Stage
from bench.rows import calls
with Stage() as stage:
    for row in sys.stdin:
        print(calls.COSTS[row.strip()](stage), flush=True)
"""


class Checkout:
    """A gateway that is made of one working tree. A context manager."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> Self:
        self._worker = subprocess.Popen(
            [self._root / ".venv" / "bin" / "python", "-c", WORKER],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.communicate(timeout=60)

    def cost(self, row: str) -> float:
        """CPU seconds for one call, or one event."""
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(f"{row}\n")
        self._worker.stdin.flush()
        return float(self._worker.stdout.readline())


def main(other: Path, rounds: int) -> None:
    with Checkout(ROOT) as here, Checkout(other) as there:
        for row in ROWS:
            here.cost(row), there.cost(row)  # warm
            pairs = []
            for number in range(rounds):
                first, second = (here, there) if number % 2 else (there, here)
                one, two = first.cost(row), second.cost(row)
                pairs.append((one, two) if number % 2 else (two, one))
            print(told(row, pairs), flush=True)


def told(row: str, pairs: list[tuple[float, float]]) -> str:
    ours, theirs = (statistics.median(costs) * 1e6 for costs in zip(*pairs, strict=True))
    low, middle, high = statistics.quantiles([one / two for one, two in pairs], n=4)
    costs = f"{ours:.1f} us here, {theirs:.1f} us there"
    return f"{row}: {costs}; {middle:.3f} ({low:.3f} to {high:.3f}) of {len(pairs)} pairs"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
