"""The same calls through a peer: LiteLLM's proxy, in its own virtual environment, asking the same upstream.

It gets what favours it: one worker, no database, a master key, its Gemini-native paths, which pass answers through.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Collection
from pathlib import Path
from time import monotonic, sleep

from bench.answers import PLAIN_MODEL
from bench.load import Work
from bench.processes import ROOT, Process
from bench.rows import calls
from bench.stage import BURST, Stage, free_port
from bench.table import Row, fraction_row

NAMES = ("peers",)
PYTHON = ROOT / ".venv-peers" / "bin" / "python"
ROUNDS = 5
PLAIN_COUNT, STREAM_COUNT = 100, 50
PATIENCE = 120.0
# It neither asks the internet for prices nor logs what goes well.
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}


class LiteLLM(Process):
    key = "sk-bench"

    def __init__(self, directory: Path, upstream_port: int) -> None:
        self.port = free_port()
        config = directory / "litellm.json"
        config.write_text(json.dumps(configuration(upstream_port)))
        super().__init__(
            str(PYTHON.with_name("litellm")), "--config", str(config), "--host", "127.0.0.1",
            "--port", str(self.port), "--num_workers", "1", "--telemetry", "False",
            python=str(PYTHON), silent=True, environment=QUIET,
        )  # fmt: skip

    def work(self, model: str, verb: str, count: int, body: str) -> Work:
        return Work(self.port, f"/v1beta/models/{model}:{verb}", count, 16, self.key, body)


def configuration(upstream_port: int) -> dict:
    """JSON is YAML too."""
    base = f"http://127.0.0.1:{upstream_port}/v1beta"
    models = [
        {"model_name": model, "litellm_params": {"model": f"gemini/{model}", "api_base": base, "api_key": "upstream"}}
        for model in (PLAIN_MODEL, BURST.model)
    ]
    return {"model_list": models, "general_settings": {"master_key": LiteLLM.key}}


def measure(stage: Stage, _: Collection[str]) -> list[Row]:
    if not PYTHON.exists():
        return [Row("against LiteLLM's proxy", "", "not installed: make bench-peers")]
    with LiteLLM(stage.directory, stage.upstream.port) as peer:
        wait_until_alive(peer)
        plain = peer.work(PLAIN_MODEL, "generateContent", PLAIN_COUNT, stage.body)
        stream = peer.work(BURST.model, "streamGenerateContent?alt=sse", STREAM_COUNT, stage.body)
        return [
            compared(stage, "plain generateContent, against LiteLLM's", calls.plain, peer, plain, 15),
            compared(stage, "stream of 30 in a burst, against LiteLLM's", calls.stream, peer, stream, 10),
        ]


def compared(
    stage: Stage, what: str, ours: Callable[[Stage], float], peer: LiteLLM, theirs: Work, part: float
) -> Row:  # fmt: skip
    ours(stage)
    stage.cost(peer, theirs)
    ratios, costs = [], []
    for _round in range(ROUNDS):
        costs.append((ours(stage), stage.cost(peer, theirs)))
        ratios.append(costs[-1][0] / costs[-1][1])
    told = " and ".join(calls.microseconds([pair[side] for pair in costs]) for side in (0, 1))
    return fraction_row(what, ratios, part, f"; {told}")


def wait_until_alive(peer: LiteLLM) -> None:
    """It loads for many seconds after its port is open."""
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{peer.port}/health/liveliness", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            sleep(0.5)
    raise RuntimeError(f"LiteLLM did not start on port {peer.port}.")
