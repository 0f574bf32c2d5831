"""Agents: made under chosen ids, and what they do in an interaction."""

import pytest

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import WEATHER, Talker, said, types_of
from tests.emulator.conftest import error_of

RESEARCH, HANDY = "deep-research-preview-04-2026", "antigravity-preview-05-2026"


def test_an_agent_takes_several_steps(talker: Talker):
    made = talker.made("Compare two kinds of lamps", agent=HANDY)

    assert (made["agent"], made["status"]) == (HANDY, "completed")
    assert "model" not in made
    searched = ["google_search_call", "google_search_result"]
    assert types_of(made["steps"]) == ["thought", *searched, "thought", "model_output"]
    assert made["usage"]["grounding_tool_count"] == [{"type": "google_search", "count": 1}]
    assert made["usage"]["total_tool_use_tokens"]


def test_research_needs_the_background_and_shows_how_far_it_is(google: Emulator, talker: Talker):
    refused = talker.create("Compare lamps", agent=RESEARCH)
    id = talker.made("Compare lamps", agent=RESEARCH, background=True)["id"]

    assert (refused.status_code, error_of(refused)["code"]) == (400, "invalid_request")
    google.advance(1.0)
    halfway = talker.get(id).json()
    google.advance(1.0)
    ended = talker.get(id).json()
    assert (halfway["status"], ended["status"]) == ("in_progress", "completed")
    assert 1 < len(halfway["steps"]) < len(ended["steps"])


def test_the_owns_instruction_is_followed(talker: Talker):
    agent = {"id": "my-pirate", "system_instruction": 'Finish every answer with "Arr!"', "description": "x"}
    created = talker.public("agents", agent)

    made = talker.made("Say hello", agent="my-pirate")

    assert created.json() == agent
    assert said(made).rstrip().endswith("Arr!")
    assert made["agent"] == "my-pirate"


def test_an_agent_calls_functions_too(talker: Talker):
    made = talker.made("What's the weather in Paris?", agent=HANDY, tools=[WEATHER])

    assert made["status"] == "requires_action"


def test_a_budget_that_does_not_do_is_told(talker: Talker):
    config = {"type": "antigravity", "max_total_tokens": 3}

    assert talker.made("Say hello", agent=HANDY, agent_config=config)["status"] == "budget_exceeded"


def test_agents_are_the_projects_and_listed_in_pages(talker: Talker, stranger: Talker):
    for id in ("one", "two", "three"):
        talker.public("agents", {"id": id, "base_agent": RESEARCH})

    first = talker.public("agents", params={"page_size": 2}).json()
    second = talker.public("agents", params={"page_size": 2, "page_token": first["next_page_token"]}).json()

    assert [one["id"] for one in (*first["agents"], *second["agents"])] == ["three", "two", "one"]
    assert "next_page_token" not in second
    assert stranger.public("agents").json() == {}
    assert stranger.public("agents/one").status_code == 404
    assert stranger.create(agent="one").status_code == 404
    assert stranger.public("agents", {"id": "one"}).status_code == 200
    assert talker.create(agent="one").status_code == 400


def test_an_id_can_be_chosen_once(talker: Talker):
    agent = {"id": "mine"}
    talker.public("agents", agent)

    again = talker.public("agents", agent)

    assert (again.status_code, error_of(again)["code"]) == (409, "already_exists")
    assert talker.send("DELETE", "agents/mine").json() == {}
    assert talker.public("agents/mine").status_code == 404
    assert talker.public("agents", agent).status_code == 200


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        ({}, 400),
        ({"id": "Ähem"}, 400),
        ({"id": RESEARCH}, 409),
        ({"id": "a", "base_agent": "b"}, 404),
        ({"name": 1}, 400),
    ],
)
def test_an_agent_that_cannot_be_is_refused(talker: Talker, agent: dict, status: int):
    assert talker.public("agents", agent).status_code == status


def test_what_an_agent_is_asked_counts_for_the_project(google: Emulator, talker: Talker):
    google.add_account("alice@example.com", project="alice-project", quota={HANDY: 1})

    assert talker.create(agent=HANDY).status_code == 200
    assert talker.create(agent=HANDY).status_code == 429
    assert talker.create().status_code == 200
