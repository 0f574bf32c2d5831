"""Large bodies: what they take in memory, and whether other people's streams notice."""

import dataclasses
import time
from collections.abc import Collection

from bench.answers import IMAGE_MODEL, Script
from bench.load import Work
from bench.processes import LoadProcess
from bench.stage import Stage
from bench.table import Row, megabytes

NAMES = ("upload", "image")
MOST_TIMES = 3.0
MOST_DELAY = 0.05
UPLOAD = 99 * 2**20  # with its quotes and names just below GATEWAY_MAX_BODY_MB
IMAGE = 30 * 2**20
OTHERS = Script(events=150, gap=0.04, size=200)


def measure(stage: Stage, names: Collection[str]) -> list[Row]:
    rows: list[Row] = []
    if "upload" in names:
        rows += large(stage, "100 MB request body", UPLOAD, f"@{UPLOAD}", "bench-plain")
    if "image" in names:
        rows += large(stage, "30 MB image answer", IMAGE, stage.body, IMAGE_MODEL)
    return rows


def large(stage: Stage, what: str, size: int, body: str, model: str) -> list[Row]:
    """One large call among ten streams, after the same streams without it."""
    with stage.another(model + str(size)) as gateway, LoadProcess() as others:
        stage.perform(stage.plain(gateway, 50))
        work = Work(gateway.port, f"/v1beta/models/{model}:generateContent", 1, 1, gateway.key, body)
        quiet = others.perform(stage.streams(gateway, OTHERS, 10, 10))
        before = gateway.memory()
        gateway.forget_peak()
        others.begin(stage.streams(gateway, OTHERS, 10, 10))
        time.sleep(1.0)
        for _ in range(3):
            stage.perform(dataclasses.replace(work))
        growth = gateway.memory("VmHWM") - before
        delay = max(others.result().latest) - max(quiet.latest)
    return [
        Row(
            f"{what}: memory",
            f"<= {MOST_TIMES:g} x",
            f"{growth / size:.1f} x   ({megabytes(growth)})",
            growth <= MOST_TIMES * size,
        ),
        Row(
            f"{what}: others' events delayed",
            f"<= {MOST_DELAY * 1000:.0f} ms",
            f"{delay * 1000:.0f} ms",
            delay <= MOST_DELAY,
        ),
    ]
