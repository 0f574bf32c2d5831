"""What clients keep (files, caches, batches, stores) over four accounts in three projects, with two keys of two groups.

Every client makes its own, all at the same time; then the node is restarted, and all use what they have made.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.live.clients.install import install_all
from tests.live.clients.keepers import KEEPERS, Keeper, ended, started, told, told_next
from tests.live.pool import MANUAL, MODEL, WARRANTY, Pool, running_pool
from tests.live.steps import LARGE, checks_of

# The first client also waits for the installation of all of them.
pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

CAPITAL = {"contents": [{"role": "user", "parts": [{"text": "What is the capital of France?"}]}]}
Told = Mapping[Keeper, Mapping[str, Any] | str]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with running_pool() as pool:
        yield pool


@pytest.fixture(scope="module")
def kept(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What each client told, before and after the node was restarted; the reason where it is missing."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "kettle.txt").write_text(WARRANTY)
    (folder / "toaster.txt").write_text("The toaster has no warranty.")
    (folder / "large.bin").write_bytes(LARGE)
    (folder / "requests.jsonl").write_text(json.dumps({"key": "one", "request": CAPITAL}) + "\n")
    given = given_by(pool)
    places = install_all(sorted({keeper.sdk for keeper in KEEPERS if keeper.sdk}))
    places[""] = folder if shutil.which("curl") and shutil.which("jq") else "curl and jq are not on this machine"
    missing = {keeper: place for keeper in KEEPERS if isinstance(place := places[keeper.sdk], str)}
    running = {
        keeper: started(keeper, place, plan_of(pool, folder, number) | given)
        for number, keeper in enumerate(KEEPERS)
        if isinstance(place := places[keeper.sdk], Path)
    }
    with ThreadPoolExecutor(len(KEEPERS)) as threads:
        made = list(threads.map(told, running.values()))
        pool.restart()
        used = list(threads.map(told_next, running.values()))
        deleted = list(threads.map(told_next, running.values()))
        ends = list(threads.map(ended, running.values()))
    outcomes = zip(running, made, used, deleted, ends, strict=True)
    return missing | {keeper: {**a, **b, **c, "stderr": end} for keeper, a, b, c, end in outcomes}


def plan_of(pool: Pool, folder: Path, number: int) -> dict[str, Any]:
    """What one client is told; another tenant has a file whose name it is to choose."""
    chosen = f"manual-{number}"
    assert pool.upload(pool.theirs, "theirs", chosen).status_code == 200
    paths = {name: str(folder / f"{name}.{kind}") for name, kind in (("large", "bin"), ("requests", "jsonl"))}
    files = [str(folder / "kettle.txt"), str(folder / "toaster.txt")]
    return {**pool.plan(), **paths, "files": files, "results": str(folder / f"{number}.jsonl"), "chosen": chosen}


def given_by(pool: Pool) -> dict[str, Any]:
    """Files, a cache and a store of the same tenant, for clients that cannot make them."""

    def made(path: str, **body: Any) -> Any:
        answer = pool.call("POST", f"/v1beta/{path}", pool.mine, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    own, files = ([pool.upload(pool.mine, text).json()["file"] for text in (WARRANTY, "No kettle.")] for _ in range(2))
    manual = [{"role": "user", "parts": [{"text": MANUAL}]}]
    cache = made("cachedContents", model=f"models/{MODEL}", contents=manual, ttl="600s")["name"]
    store = made("fileSearchStores", displayName="manuals")["name"]
    made(f"{store}:importFile", fileName=files[0]["name"])
    return {"given": {"files": files, "cache": cache, "store": store}, "own": own}


@pytest.mark.parametrize("keeper", KEEPERS, ids=str)
def test_a_client_keeps_and_uses_what_it_has_made_while_the_node_is_restarted(keeper: Keeper, kept: Told, pool: Pool):
    outcome = kept[keeper]
    if isinstance(outcome, str):
        pytest.skip(outcome)
    assert outcome.keys() >= keeper.does, outcome["stderr"]

    # On plain http Google's own SDKs know a file by Google's own address only.
    origin = "https://generativelanguage.googleapis.com" if "genai" in keeper.name else pool.gateway.url
    checks = checks_of(outcome, origin)
    assert {step: checks[step] for step in keeper.does} == dict.fromkeys(keeper.does, True), outcome


def test_a_tenant_sees_nothing_of_another(pool: Pool, kept: Told):
    made = [name for outcome in kept.values() if not isinstance(outcome, str) for name in outcome.get("names", ())]
    assert made

    for name in made[:6]:
        foreign = pool.call("GET", f"/v1beta/{name}", pool.theirs)
        unknown = pool.call("GET", f"/v1beta/{name[:-6]}zzzzzz", pool.theirs)
        assert foreign.status_code in (403, 404)
        assert foreign.text.replace(name[-6:], "") == unknown.text.replace("zzzzzz", "")
    listed = pool.call("GET", "/v1beta/files", pool.theirs).json().get("files", [])
    assert not {file["name"] for file in listed} & set(made)
