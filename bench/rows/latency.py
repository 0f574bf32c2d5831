"""What the gateway adds to the time to first token, against asking the upstream directly."""

import dataclasses
from collections.abc import Collection
from statistics import median

from bench.answers import Script
from bench.load import Outcome, Work
from bench.stage import Stage
from bench.table import Row, percentile

NAMES = ("first",)
ROUNDS = 7
COUNT = 600
SCRIPT = Script(events=2, gap=0.05, size=200)
MOST_P50, MOST_P99 = 0.002, 0.010


def measure(stage: Stage, _: Collection[str]) -> list[Row]:
    """The median over rounds; both sides get the same requests at the same rate, half of what the gateway can take."""
    rate = saturation(stage) / 2
    through = dataclasses.replace(stage.streams(stage.gateway, SCRIPT, COUNT, 128), rate=rate)
    directly = dataclasses.replace(direct(stage), rate=rate)
    alone = stage.streams(stage.gateway, SCRIPT, 100, 1)
    alone_directly = dataclasses.replace(direct(stage), count=100, connections=1)
    p50, p99 = [], []
    for _round in range(ROUNDS):
        p50.append(added(stage.perform(alone), stage.perform(alone_directly), 0.5))
        p99.append(added(stage.perform(through), stage.perform(directly), 0.99))
    return [
        milliseconds("added to the time to first token, p50", p50, MOST_P50),
        milliseconds(f"the same, p99 at half of saturation ({rate:.0f} calls/s)", p99, MOST_P99),
    ]


def saturation(stage: Stage) -> float:
    """Streams a second that the gateway can begin, all asked at once."""
    work = stage.streams(stage.gateway, Script(events=2, gap=0.0, size=200), 600, 32)
    stage.perform(work)
    return work.count / stage.perform(work).seconds


def direct(stage: Stage) -> Work:
    body = '{"model":"%s","request":%s}' % (SCRIPT.model, stage.body)  # noqa: UP031
    return Work(stage.upstream.port, "/v1internal:streamGenerateContent?alt=sse", COUNT, 128, body=body)


def added(through: Outcome, directly: Outcome, part: float) -> float:
    return percentile(through.first, part) - percentile(directly.first, part)


def milliseconds(what: str, seconds: list[float], at_most: float) -> Row:
    middle = median(seconds)
    spread = f"({min(seconds) * 1000:.2f} to {max(seconds) * 1000:.2f} in {len(seconds)} rounds)"
    return Row(what, f"<= {at_most * 1000:g} ms", f"{middle * 1000:.2f} ms   {spread}", middle <= at_most)
