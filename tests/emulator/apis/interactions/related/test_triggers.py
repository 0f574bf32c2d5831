"""Triggers: run by a schedule or on request, each execution an interaction of an agent."""

from typing import Any

import pytest

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import Talker

AGENT = "antigravity-preview-05-2026"
NIGHTLY = {"interaction": {"agent": AGENT, "input": "Look for news"}, "schedule": "0 0 * * *", "time_zone": "UTC"}
DAY = 86_400


def made(talker: Talker, **more: Any) -> dict[str, Any]:
    answered = talker.public("triggers", {**NIGHTLY, **more})
    assert answered.status_code == 200, answered.text
    return answered.json()


def executions(talker: Talker, id: str) -> list[dict[str, Any]]:
    return talker.public(f"triggers/{id}/executions").json().get("trigger_executions", [])


def test_a_trigger_tells_what_was_asked_and_when_it_runs_next(talker: Talker):
    trigger = made(talker, display_name="News", max_consecutive_failures=3)

    assert (trigger["status"], trigger["display_name"]) == ("active", "News")
    assert (trigger["create_time"], trigger["next_run_time"]) == ("2027-01-15T12:00:00Z", "2027-01-16T00:00:00Z")
    assert trigger["interaction"] == NIGHTLY["interaction"]
    assert talker.public(f"triggers/{trigger['id']}").json() == trigger
    assert talker.public("triggers").json()["triggers"] == [trigger]


def test_a_run_on_request_is_an_interaction_that_takes_a_moment(google: Emulator, talker: Talker):
    id = made(talker)["id"]

    run = talker.send("POST", f"triggers/{id}/executions").json()
    assert (run["trigger_id"], run["status"], "end_time" in run) == (id, "in_progress", False)
    assert talker.get(run["interaction_id"]).json()["status"] == "in_progress"

    google.advance(2)
    (done,) = executions(talker, id)
    assert (done["id"], done["status"], done["end_time"]) == (run["id"], "completed", "2027-01-15T12:00:02Z")
    interaction = talker.get(run["interaction_id"]).json()
    assert (interaction["status"], interaction["agent"]) == ("completed", AGENT)
    assert talker.public(f"triggers/{id}").json()["previous_interaction_id"] == run["interaction_id"]


def test_the_schedule_runs_it_without_any_call(google: Emulator, talker: Talker):
    id = made(talker, schedule="*/30 9-10 * * *", time_zone="Asia/Taipei")["id"]

    google.advance(DAY)

    ran = [one["scheduled_time"] for one in executions(talker, id)]
    expected = ["2027-01-16T01:00:00Z", "2027-01-16T01:30:00Z", "2027-01-16T02:00:00Z", "2027-01-16T02:30:00Z"]
    assert ran == expected[::-1]
    assert talker.public(f"triggers/{id}").json()["next_run_time"] == "2027-01-17T01:00:00Z"


def test_a_paused_trigger_waits_and_a_deleted_one_is_gone(google: Emulator, talker: Talker):
    id = made(talker)["id"]
    paused = talker.send("PATCH", f"triggers/{id}", {"status": "paused", "display_name": "Later"}).json()
    google.advance(2 * DAY)
    before = executions(talker, id)
    resumed = talker.send("PATCH", f"triggers/{id}", {"status": "active"}).json()

    assert (paused["status"], paused["display_name"], "next_run_time" in paused) == ("paused", "Later", False)
    assert before == []
    assert resumed["next_run_time"] == "2027-01-18T00:00:00Z"
    assert talker.send("DELETE", f"triggers/{id}").json() == {}
    assert talker.public(f"triggers/{id}/executions").status_code == 404


def test_runs_that_fail_again_and_again_end_the_schedule(google: Emulator, talker: Talker):
    interaction = {"agent": AGENT, "input": "[[safety]]"}
    id = made(talker, schedule="0 * * * *", interaction=interaction, max_consecutive_failures=2)["id"]
    for _ in range(3):
        google.advance(3_600)
        executions(talker, id)

    google.advance(60)

    trigger = talker.public(f"triggers/{id}").json()
    assert (trigger["status"], trigger["consecutive_failure_count"]) == ("error", 2)
    assert [one["status"] for one in executions(talker, id)] == ["failed", "failed"]


def test_an_execution_without_an_interaction_says_why(google: Emulator, talker: Talker):
    talker.public("agents", {"id": "mine", "base_agent": AGENT})
    id = made(talker, interaction={"agent": "mine", "input": "Hello"})["id"]
    talker.send("DELETE", "agents/mine")

    run = talker.send("POST", f"triggers/{id}/executions").json()

    assert (run["status"], run["error"]) == ("failed", "Requested entity was not found.")
    assert "interaction_id" not in run


def test_a_run_may_take_too_long(google: Emulator, talker: Talker):
    id = made(talker, execution_timeout_seconds=1)["id"]
    talker.send("POST", f"triggers/{id}/executions")

    google.advance(1)

    assert executions(talker, id)[0]["status"] == "timed_out"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"schedule": "every day"}, 400),
        ({"schedule": "61 * * * *"}, 400),
        ({"time_zone": "Moon/Base"}, 400),
        ({"time_zone": "../etc"}, 400),
        ({"interaction": {"model": "gemini-3.5-flash", "input": "Hello"}}, 400),
        ({"interaction": {"agent": AGENT, "input": "Hello", "store": False}}, 400),
        ({"interaction": {"agent": "nobody", "input": "Hello"}}, 404),
        ({"environment_id": "nowhere"}, 404),
        ({"cron": "* * * * *"}, 400),
    ],
)
def test_a_trigger_that_cannot_be_is_refused(talker: Talker, more: dict, status: int):
    answered = talker.public("triggers", {**NIGHTLY, **more})

    assert answered.status_code == status
    assert isinstance(answered.json()["error"]["code"], str)


def test_a_trigger_may_name_only_its_projects_own(talker: Talker, stranger: Talker):
    talker.public("credentials", {"id": "github", "type": "bearer_token", "token": "t"})
    talker.public("agents", {"id": "mine", "base_agent": AGENT})
    environment = talker.public("environments", {"mode": "on_demand"}).json()["id"]
    network = {"allowlist": [{"domain": "example.com", "credential": "github"}]}
    naming: list[dict[str, Any]] = [
        {"agent": "mine"},
        {"environment": environment},
        {"environment": {"type": "remote", "environment_id": environment}},
        {"environment": {"type": "remote", "network": network}},
        {"previous_interaction_id": talker.made()["id"]},
    ]

    for named in naming:
        asked = {**NIGHTLY, "interaction": {"agent": AGENT, "input": "Hello", **named}}
        assert talker.public("triggers", asked).status_code == 200
        assert stranger.public("triggers", asked).json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("verb", "after"), [("GET", ""), ("DELETE", ""), ("POST", "/executions"), ("GET", "/executions")]
)
def test_foreign_and_unknown_triggers_give_the_same_bytes(talker: Talker, stranger: Talker, verb: str, after: str):
    id = made(talker)["id"]

    unknown = talker.send(verb, f"triggers/nothing{after}")
    foreign = stranger.send(verb, f"triggers/{id}{after}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
