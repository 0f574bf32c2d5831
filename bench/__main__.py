"""`python -m bench [ROW,ROW…]`: measures the rows asked for (all, unless said) and prints the table."""

import sys

from bench.rows import bodies, calls, foreign_names, growth, latency, peers, processes, simulation, streams, uploads
from bench.stage import Stage
from bench.table import printed

FAMILIES = (
    (calls.COSTS.keys(), calls.measure),
    (latency.NAMES, latency.measure),
    (streams.NAMES, streams.measure),
    (growth.SIZES.keys(), growth.measure),
    (bodies.NAMES, bodies.measure),
    (foreign_names.NAMES, foreign_names.measure),
    (uploads.NAMES, uploads.measure),
    (processes.NAMES, processes.measure),
    (peers.NAMES, peers.measure),
    (simulation.NAMES, simulation.measure),
)
NAMES = [name for names, _ in FAMILIES for name in names]


def main(asked: str) -> int:
    chosen = asked.split(",") if asked else NAMES
    if unknown := set(chosen) - set(NAMES):
        print(f"No such row: {', '.join(sorted(unknown))}. There are: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    if chosen == list(simulation.NAMES):  # it needs nothing that runs
        rows = simulation.measure(None, chosen)
        print(printed(rows))
        return 0 if all(row.passed for row in rows) else 1
    rows = []
    with Stage() as stage:
        for names, measure in FAMILIES:
            wanted = [name for name in names if name in chosen]
            if wanted:
                rows += measure(stage, wanted)
    print(printed(rows))
    return 0 if all(row.passed is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
