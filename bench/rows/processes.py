"""Several nodes on one port: what each further one adds."""

import os
from collections.abc import Collection
from statistics import median

from bench.house import House
from bench.processes import Gateway
from bench.table import Row

NAMES = ("processes",)
ROUNDS = 5
COUNT = 600
PART = 0.9


def measure(house: House, _: Collection[str]) -> list[Row]:
    """CPU time is what processes compete for: the calls that a second of it answers must not become fewer.

    The load and the upstream run on the same cores here, so that elapsed time would tell of them rather than of us.
    """
    number = min(os.cpu_count() or 1, 4)
    with house.another("one") as one, house.another("several", processes=number) as several:
        for gateway in (one, several):
            house.perform(house.plain(gateway, COUNT, 32))
        parts, shares = [], []
        for _round in range(ROUNDS):
            alone, _ = answered(house, one, [one.pid])
            together, share = answered(house, several, several.children())
            parts.append(together / alone)
            shares.append(share)
    middle = median(parts)
    spread = f"({min(parts):.2f} to {max(parts):.2f} in {ROUNDS} rounds; the busier took {max(shares):.0%})"
    return [
        Row(
            f"{number} processes on one port: calls a CPU second",
            f">= {PART:g} x of one's",
            f"{middle:.2f} x   {spread}",
            middle >= PART,
        )
    ]


def answered(house: House, gateway: Gateway, nodes: list[int]) -> tuple[float, float]:
    """Calls for a CPU second over all nodes, and the busiest node's part of that time."""
    before = [gateway.cpu_of(pid) for pid in nodes]
    house.perform(house.plain(gateway, COUNT, 32))
    spent = [gateway.cpu_of(pid) - was for pid, was in zip(nodes, before, strict=True)]
    return COUNT / sum(spent), max(spent) / sum(spent)
