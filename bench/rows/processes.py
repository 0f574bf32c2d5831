"""Several nodes on one port: what each further one adds."""

import os
from collections.abc import Collection
from statistics import median

from bench.processes import Gateway
from bench.stage import Stage
from bench.table import Row

NAMES = ("processes",)
ROUNDS = 5
COUNT, CLIENTS = 1000, 64
PART = 0.9


def measure(stage: Stage, _: Collection[str]) -> list[Row]:
    """N nodes answer as much as one does, times N, if their calls cost the same and are spread evenly.

    So what counts is the CPU time of the busiest node: it is the first to have no more. Elapsed time would tell of the
    load and the upstream, which run on the same cores here.
    """
    number = min(os.cpu_count() or 1, 4)
    with stage.another("one") as one, stage.another("several", processes=number) as several:
        for gateway in (one, several):
            stage.perform(stage.plain(gateway, COUNT, CLIENTS))
        times = []
        for _round in range(ROUNDS):
            alone = busiest(stage, one, [one.pid])
            times.append(alone / busiest(stage, several, several.children()))
    middle = median(times)
    return [
        Row(
            f"{number} processes on one port: throughput of one's",
            f">= {PART * number:.1f} x",
            f"{middle:.2f} x   ({min(times):.2f} to {max(times):.2f} in {ROUNDS} rounds)",
            middle >= PART * number,
        )
    ]


def busiest(stage: Stage, gateway: Gateway, nodes: list[int]) -> float:
    """CPU seconds that the node with the most to do has spent on the calls."""
    before = [gateway.cpu_of(pid) for pid in nodes]
    stage.perform(stage.plain(gateway, COUNT, CLIENTS))
    return max(gateway.cpu_of(pid) - was for pid, was in zip(nodes, before, strict=True))
