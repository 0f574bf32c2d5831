"""Interactions over four accounts in three projects and two nodes, with every client that has them.

Each client holds a conversation of three turns, the second at the other node, the third after the first node was
restarted. Before that, its streams are cut at every event, and gone on with where that is possible.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from emulator import Style
from tests.live.clients.install import install_all
from tests.live.clients.interacting import CLIENTS, PROGRAMS, Client
from tests.live.clients.keepers import Keeper, ended, started, told, told_next
from tests.live.pool import MODEL, Pool, running_pool
from tests.live.running import wait_until

# The first client also waits for the installation of all of them.
pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

Outcome = Mapping[str, Any]

SAID = ("The kettle ", "is on ", "the stove", ".")
TEXT = "".join(SAID)
# interaction.created, a status_update, a thought of one delta, what is said, interaction.completed
EVENTS = 2 + 3 + (2 + len(SAID)) + 1
# Models that are out of order: what each does when a client calls it for the first time.
BROKEN = {
    "dropped": Style(texts=SAID, checkpoint=2, dropped=True),
    "hop": Style(texts=SAID, hop=2),
    "plain": Style(texts=SAID, hop=2),
    "loose": Style(texts=SAID, checkpoint=2, dropped=True),
    **{f"cut-{number}": Style(texts=SAID, cut_after=number) for number in range(EVENTS + 1)},
}
# What two others always do.
SAYING, SPENT = "said", "spent"
LISTENING = "c@example.com"
REFUSED = [404, "not_found", 0]

# The key expires, and it is time to look at jobs that nobody has asked for.
KEY_EXPIRES = """
from django.utils import timezone
from accounts_app.models import ApiKey, RunningJob
ApiKey.objects.filter(name="passing").update(expires_at=timezone.now())
RunningJob.objects.update(look_at=timezone.now())
"""


def suffix(client: Client) -> str:
    return f"{CLIENTS.index(client)}"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    models = [MODEL, *(f"{name}-{suffix(client)}" for name in (*BROKEN, SAYING, SPENT) for client in CLIENTS)]
    with running_pool(models=models) as pool:
        for client in CLIENTS:
            pool.google.script(Style(texts=SAID), model=f"{SAYING}-{suffix(client)}", times=None)
            pool.google.script("per_day", model=f"{SPENT}-{suffix(client)}", times=None)
            for name, style in BROKEN.items():
                pool.google.script(style, model=f"{name}-{suffix(client)}")
        # Only the client that listens to jobs is at home in this project: each of its streams breaks off once.
        for number in range(EVENTS + 1):
            for style in (Style(cut_after=number), Style()):
                pool.google.script(style, method="getInteraction", account=LISTENING)
        yield pool


@pytest.fixture(scope="module")
def outcomes(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Client, Outcome | str]:
    """What each client told, or the reason why it is missing."""
    places = install_all(sorted({program.sdk for program in PROGRAMS if program.sdk}))
    places[""] = tmp_path_factory.mktemp("work") if shutil.which("curl") and shutil.which("jq") else "no curl, no jq"
    there = [program for program in PROGRAMS if isinstance(places[program.sdk], Path)]
    with pool.gateway.another() as other, ThreadPoolExecutor(len(there) + 1) as threads:
        other.start()
        running = [started(program, places[program.sdk], plan_of(pool, other.url, program)) for program in there]
        first = list(threads.map(told, running))
        pool.google.advance(60)
        pool.gateway.manage("shell", "-c", KEY_EXPIRES)
        pool.restart()
        second = list(threads.map(told_next, running))
        ends = list(threads.map(ended, running))
    found: dict[Client, Outcome | str] = {}
    for program, begun, gone_on, end in zip(there, first, second, ends, strict=True):
        for client in of(program):
            found[client] = {**begun.get(client.name, {}), **gone_on.get(client.name, {}), "stderr": end}
    return {client: places[client.program.sdk] for client in CLIENTS} | found


def of(program: Keeper) -> list[Client]:
    return [client for client in CLIENTS if client.program == program]


def plan_of(pool: Pool, other: str, program: Keeper) -> dict[str, Any]:
    body = {"model": MODEL, "input": "Hello"}
    foreign = pool.call("POST", "/v1beta/interactions", pool.theirs, json=body).json()["id"]
    more = {"other": other, "passing": pool.passing, "foreign": foreign, "cuts": EVENTS + 1}
    key = {"key": pool.apart} if of(program)[0].listens else {}
    return {**pool.plan(), **more, **key, "clients": {one.name: suffix(one) for one in of(program)}}


@pytest.fixture(params=CLIENTS, ids=str)
def client(request: pytest.FixtureRequest, outcomes: Mapping[Client, Outcome | str]) -> Client:
    if isinstance(reason := outcomes[request.param], str):
        pytest.skip(reason)
    assert {"third", "turns"} <= reason.keys(), reason["stderr"]
    return request.param


@pytest.fixture
def outcome(client: Client, outcomes: Mapping[Client, Outcome]) -> Outcome:
    return outcomes[client]


def test_three_turns_are_one_conversation_on_two_nodes_and_across_a_restart(outcome: Outcome):
    turns = [*outcome["turns"], outcome["third"]]

    assert [turn["raised"] for turn in turns] == ["", "", ""]
    assert turns[0]["text"].startswith("Hello")
    assert [f"This is turn {number}" in turn["text"] for number, turn in enumerate(turns, 1)] == [False, True, True]
    assert len({turn["id"] for turn in turns}) == 3


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.connects], ids=str, indirect=True)
def test_a_stream_is_taken_up_after_an_event(outcome: Outcome):
    first, resumed = outcome["turns"][0], outcome["resumed"]

    assert resumed["events"] == first["events"][3:]
    assert (resumed["text"], resumed["raised"]) == (first["text"], "")


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.resumes], ids=str, indirect=True)
def test_a_client_goes_on_by_itself_after_a_checkpoint(outcome: Outcome):
    # What is not stored is "loose": only the token says where it goes on.
    for name in ("dropped", "hop", "loose"):
        assert (outcome[name]["text"], outcome[name]["raised"]) == (TEXT, "")
    assert outcome["plain"] == ["completed", TEXT]


def test_a_stream_without_a_checkpoint_that_breaks_off_is_an_error_wherever_that_is(client: Client, outcome: Outcome):
    before, *cuts, whole = outcome["cuts"]

    # Before the first event there is an HTTP error, after which a client may send again.
    assert bool(before["text"]) == client.retries
    assert [cut["raised"] for cut in cuts] == [client.raises.broken] * (EVENTS - 1)
    assert [cut["text"] for cut in cuts] == [said_in(number) for number in range(1, EVENTS)]
    assert (whole["text"], whole["raised"]) == (TEXT, "")
    if "events" in whole:
        assert [len(cut["events"]) for cut in (*cuts, whole)] == list(range(1, EVENTS + 1))


def said_in(events: int) -> str:
    """What the first events of the answer say: five come before the step that is said, and one begins it."""
    return "".join(SAID[: max(0, events - 6)])


@pytest.mark.parametrize("client", [client for client in CLIENTS if client.listens], ids=str, indirect=True)
def test_a_client_connects_again_to_a_job_wherever_its_stream_breaks_off(outcome: Outcome, pool: Pool):
    assert [(job["text"], job["raised"]) for job in outcome["jobs"]] == [(TEXT, "")] * (EVENTS + 1)

    listened = [one for one in pool.google.requests_of("getInteraction") if one.account == LISTENING]
    assert sum("last_event_id" in one.query for one in listened) == EVENTS - 1


def test_an_interaction_of_another_group_is_not_there(client: Client, outcome: Outcome):
    assert outcome["foreign"] == [[kind, *REFUSED] for kind in client.raises.not_there]


def test_no_client_sleeps_longer_than_a_minute_while_the_owner_cools_down_for_hours(client: Client, outcome: Outcome):
    kind, status, code, seconds = outcome["spent"]

    assert (kind, status, code) == (client.raises.spent, 429, "rate_limit_exceeded")
    assert 0 < seconds <= 60
    assert outcome.get("slept", 0) <= 60


def test_a_job_whose_key_expires_ends_and_is_counted_on_that_key(outcomes: Mapping[Client, Outcome | str], pool: Pool):
    there = {client: outcome for client, outcome in outcomes.items() if isinstance(outcome, Mapping)}
    jobs = {f"interactions/{outcome['job']}" for outcome in there.values() if "job" in outcome}
    assert jobs

    wait_until(lambda: {name for name, tokens in pool.gateway.select(COUNTED) if tokens} == jobs)
    for client, outcome in there.items():
        if "expired" in outcome:
            assert outcome["expired"] == [client.raises.expired, 401, "authentication", 0]


# What was made with the key that expires.
COUNTED = (
    "resource, candidates_tokens FROM proxy_app_usagerecord"
    " WHERE api_key_id = (SELECT id FROM accounts_app_apikey WHERE name = 'passing') AND delivered AND attempt > 0"
)


def test_what_is_stored_is_made_at_home(outcomes: Mapping[Client, Outcome | str], pool: Pool):
    listening = {suffix(client) for client in CLIENTS if client.listens}
    stored = [one for one in pool.google.requests_of("createInteraction") if one.body.get("store") is not False]

    assert {one.account for one in stored} <= {"a@example.com", "b@example.com", LISTENING}
    for one in stored:
        if one.model != MODEL:
            assert (one.account == LISTENING) == (one.model.rpartition("-")[2] in listening)
