"""Whether a call costs the same on a large installation as on a small one."""

import os
from collections.abc import Collection, Mapping
from statistics import median

from bench.stage import Stage
from bench.table import Row

ROUNDS = 7
MOST = 1.1
COUNT = 400

# FULL=1 takes the ten million of the target, which take minutes to make; one million tells nearly as much.
LEDGER = 10_000_000 if os.environ.get("FULL") else 1_000_000

SIZES: Mapping[str, tuple[str, dict[str, int], dict[str, int]]] = {
    "accounts": ("accounts 10 -> 10,000", {"accounts": 10}, {"accounts": 10_000}),
    "ledger": (f"ledger rows 0 -> {LEDGER:,}", {"ledger": 0}, {"ledger": LEDGER}),
    "keys": ("client keys 1 -> 10,000", {"keys": 1}, {"keys": 10_000}),
}


def measure(stage: Stage, names: Collection[str]) -> list[Row]:
    return [compared(stage, name) for name in names]


def compared(stage: Stage, name: str) -> Row:
    """A small and a large gateway, asked in turn."""
    what, small_rows, large_rows = SIZES[name]
    with stage.another(f"{name}-small", **small_rows) as small, stage.another(f"{name}-large", **large_rows) as large:
        for gateway in (small, large):
            stage.cost(gateway, stage.plain(gateway, COUNT))
        ratios = []
        for number in range(ROUNDS):
            order = (small, large) if number % 2 else (large, small)
            costs = {gateway.port: stage.cost(gateway, stage.plain(gateway, COUNT)) for gateway in order}
            ratios.append(costs[large.port] / costs[small.port])
    middle = median(ratios)
    measured = f"{middle:.2f} x   ({min(ratios):.2f} to {max(ratios):.2f} in {ROUNDS} rounds)"
    return Row(f"a call's cost: {what}", f"<= {MOST:g} x", measured, middle <= MOST)
