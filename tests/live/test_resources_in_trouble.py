"""What becomes of what a client keeps when the node restarts, when accounts go, and when storage is full.

One client, google-genai for Python, goes through all of it; between its steps the test makes the trouble.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.live.clients.install import NotInstalled, install
from tests.live.clients.keepers import Keeper, ended, started, told, told_next
from tests.live.pool import WARRANTY, Pool, running_pool

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

SIZE = 20 * 1024 * 1024
CAPITAL = {"contents": [{"role": "user", "parts": [{"text": "What is the capital of France?"}]}]}
KEEPER = Keeper("google-genai-3", "google-genai-3", ("keeping_in_trouble.py",))
Steps = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with running_pool() as pool:
        yield pool


@pytest.fixture(scope="module")
def steps(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Steps:
    """What the client told after each trouble, by the trouble's name, with the accounts that its calls went to."""
    try:
        place = install(KEEPER.sdk)
    except NotInstalled as reason:
        pytest.skip(str(reason))
    folder = tmp_path_factory.mktemp("kept")
    (folder / "kettle.txt").write_text(WARRANTY)
    (folder / "large.bin").write_bytes(bytes(SIZE))
    (folder / "requests.jsonl").write_text(json.dumps({"key": "one", "request": CAPITAL}) + "\n")
    paths = {"large": str(folder / "large.bin"), "requests": str(folder / "requests.jsonl")}
    process = started(KEEPER, place, {**pool.plan(), **paths, "files": [str(folder / "kettle.txt")]})
    steps: dict[str, Mapping[str, Any]] = {"half": told(process)}

    def go_on(after: str) -> None:
        before = len(pool.google.requests)
        outcome = told_next(process)
        steps[after] = {**outcome, "accounts": {one.account for one in pool.google.requests[before:]}}

    pool.restart()
    go_on("restart")
    store = steps["restart"].get("names", [""])[-1]
    pool.remove("a", store)
    go_on("one key gone")
    pool.remove("b", store)
    go_on("last key gone")
    home = pool.google.requests[-1].account
    pool.google.limit_storage(home, 0)
    go_on("full")
    for account in ("c@example.com", "d@example.com"):
        pool.google.limit_storage(account, 0)
    go_on("all full")
    steps["end"] = {"stderr": ended(process), "home": home}
    return steps


def after(steps: Steps, trouble: str) -> Mapping[str, Any]:
    assert steps[trouble].keys() > {"accounts"}, steps["end"]["stderr"]
    return steps[trouble]


def served(outcome: Mapping[str, Any]) -> dict[str, bool]:
    """For each resource whether it was served as it should be."""
    return {
        "large": outcome["large"] == SIZE,
        "file": outcome["file"] == "ACTIVE",
        "seen": "two years" in str(outcome["seen"]),
        "cache": str(outcome["cache"]).startswith("cachedContents/"),
        "cached": outcome["cached"] > 1_024,
        "batch": "The capital of France is Paris." in str(outcome["batch"]),
        "store": "two years" in str(outcome["store"]),
    }


def test_an_upload_goes_on_when_the_node_was_restarted_between_two_chunks(steps: Steps):
    outcome = after(steps, "restart")

    assert all(served(outcome).values()), outcome
    assert {name for name in outcome["names"] if name.startswith("files/")} <= set(outcome["listed"])


def test_another_key_of_the_project_serves_what_one_has_made(steps: Steps):
    outcome = after(steps, "one key gone")

    assert all(served(outcome).values()), outcome
    assert outcome["listed"] == after(steps, "restart")["listed"]
    assert "a@example.com" not in outcome["accounts"]
    assert "b@example.com" in outcome["accounts"]


def test_with_its_last_key_goes_what_a_project_has_and_a_deletion_of_it_succeeds(steps: Steps):
    outcome = after(steps, "last key gone")

    lost = {"large": 403, "file": 403, "cache": 403, "cached": 403, "batch": 404, "store": 403, "listed": []}
    assert {name: outcome[name] for name in lost} == lost
    # A small file is in the spool: calls that name it go to any account.
    assert served(outcome)["seen"]
    assert outcome["new"].startswith("files/")
    assert not outcome["accounts"] & {"a@example.com", "b@example.com"}


def test_a_full_project_keeps_its_files_and_a_new_one_goes_to_another(steps: Steps):
    outcome = after(steps, "full")

    assert str(outcome["newer"]).startswith("files/")
    assert outcome["new"] == "ACTIVE"


def test_when_every_project_is_full_the_client_gets_the_refusal(steps: Steps):
    assert after(steps, "all full")["newest"] == 429
