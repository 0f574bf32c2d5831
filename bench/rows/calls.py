"""What a call costs, as a multiple of the floor: a no-op endpoint behind the same server and handler."""

from collections.abc import Callable, Collection, Mapping

from bench.answers import Script
from bench.stage import BURST, Stage
from bench.table import Row, fraction_row, ratio_row

ROUNDS = 7

# What an event adds is the difference between streams of many and of few that take the same time, so that what a node
# does by itself meanwhile is in both.
FEW, MANY = Script(20, 0.17, 200), Script(170, 0.02, 200)
OPEN_STREAMS = 50

Cost = Callable[[Stage], float]


def floor(stage: Stage) -> float:
    return stage.cost(stage.gateway, stage.noops(stage.gateway, 2000))


def stock(stage: Stage) -> float:
    return stage.cost(stage.stock, stage.noops(stage.stock, 200))


def plain(stage: Stage) -> float:
    return stage.cost(stage.gateway, stage.plain(stage.gateway, 1500))


def stream(stage: Stage) -> float:
    return stage.cost(stage.gateway, stage.streams(stage.gateway, BURST, 750))


def event(stage: Stage) -> float:
    def of(script: Script) -> float:
        return stage.cost(stage.gateway, stage.streams(stage.gateway, script, OPEN_STREAMS, OPEN_STREAMS))

    return (of(MANY) - of(FEW)) / (MANY.events - FEW.events)


COSTS: Mapping[str, Cost] = {"floor": stock, "plain": plain, "stream": stream, "event": event}


def measure(stage: Stage, names: Collection[str]) -> list[Row]:
    """One warm-up round, then ROUNDS; in each the floor is measured right before every subject."""
    subjects = {name: cost for name, cost in COSTS.items() if name in names}
    for cost in (floor, *subjects.values()):
        cost(stage)
    floors: list[float] = []
    costs: dict[str, list[tuple[float, float]]] = {name: [] for name in subjects}  # (the floor then, the subject)
    for _ in range(ROUNDS):
        for name, cost in subjects.items():
            floors.append(floor(stage))
            costs[name].append((floors[-1], cost(stage)))
    ratios = {name: [subject / base for base, subject in pairs] for name, pairs in costs.items()}
    rows = [Row("(the floor itself)", "", microseconds(floors))]
    if "floor" in ratios:
        pairs = [base / subject for base, subject in costs["floor"]]
        rows.append(fraction_row("no-op endpoint, against stock daphne + Django", pairs, 6))
    if "plain" in ratios:
        rows.append(ratio_row("plain generateContent", ratios["plain"], 2.5, told(costs["plain"])))
    if "stream" in ratios:
        rows.append(ratio_row("stream of 30 events in a burst", ratios["stream"], 5.5, told(costs["stream"])))
    if "event" in ratios:
        rows.append(ratio_row("each event of a paced stream", ratios["event"], 0.25, told(costs["event"])))
    return rows


def told(pairs: list[tuple[float, float]]) -> str:
    return f"; {microseconds([subject for _, subject in pairs])}"


def microseconds(seconds: list[float]) -> str:
    return f"{sorted(seconds)[len(seconds) // 2] * 1e6:.0f} us"
