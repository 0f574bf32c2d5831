"""OpenAI's SDK works through the gateway, also where an account's OpenAI layer does not take its key."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.clients.install import NotInstalled, install
from tests.live.pool import EMBEDDING, MODEL, Pool, running_pool

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

PROGRAM = Path(__file__).parent / "clients" / "python" / "openai_walk.py"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with running_pool({"GATEWAY_AUTH": "strict"}) as pool:
        yield pool


def walked(pool: Pool, picture: str) -> dict[str, Any]:
    try:
        python = install("openai") / "bin" / "python"
    except NotInstalled as reason:
        pytest.skip(str(reason))
    plan = {**pool.plan(), "model": MODEL, "embedding": EMBEDDING, "picture": picture}
    done = subprocess.run([python, PROGRAM], input=json.dumps(plan), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check(got: dict[str, Any]) -> None:
    assert got["plain"] == got["streamed"] == [True, True]
    assert got["called"][:2] == ["tool_calls", "get_weather"]
    assert got["answered"]
    assert got["vectors"] == [16, 16]
    assert got["models"] == [True, f"models/{MODEL}"]


def test_it_works_through_googles_own_layer(pool: Pool):
    got = walked(pool, "gemini-2.5-flash-image")

    check(got)
    assert got["picture"]
    assert got["batch"] == ["batch", "lines.jsonl", "completed", True, True, True]
    assert got["errors"][1:] == [
        ["NotFoundError", 404, "not_found_error", True],
        ["BadRequestError", 400, "invalid_request_error", True],
        ["NotFoundError", 404, "not_found_error", True],
    ]
    assert not any(one.fault for one in pool.google.requests)


def test_it_works_where_the_layer_does_not_take_the_key(pool: Pool):
    for method in ("openaiChat", "openaiEmbeddings"):
        pool.google.script("several_credentials", method=method, times=None)

    check(walked(pool, ""))
