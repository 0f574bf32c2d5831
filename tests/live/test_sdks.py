"""Google's own SDKs, old and new, work through the gateway as they do with Google, errors included.

In one file, as pytest-xdist gives a file to one worker: each client then takes its steps once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from emulator import Emulator
from tests.live.clients.raised import BROKEN, RAISED
from tests.live.clients.walkthrough import (
    CALLS,
    CLIENTS,
    FAILURES,
    HEARD_BEFORE_THE_BREAK,
    ODDITIES,
    PIECES,
    PLAIN,
    SIGNING,
    TRIALS,
    Call,
    Client,
    Outcome,
)

# The first client also waits for the installation of all of them.
pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

Outcomes = Mapping[str, Outcome]


def each_that(step: str) -> pytest.MarkDecorator:
    """Parametrizes a test with every client that takes this step."""
    return pytest.mark.parametrize("client", [one for one in CLIENTS if step not in one.without], ids=str)


def test_an_answer_arrives_whole(outcomes: Outcomes):
    answer = outcomes["generate"].result()

    assert answer["text"] == ", ".join(str(number) for number in range(1, 21))
    assert answer["finish"] == "STOP"
    assert answer["version"] == PLAIN


def test_a_stream_arrives_event_by_event(outcomes: Outcomes):
    stream = outcomes["stream"]

    assert stream.result() == {"finish": "STOP"}
    assert tuple(stream.pieces) == PIECES


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.command[1:]], ids=str)
def test_streams_at_the_same_time_do_not_wait_for_each_other(client: Client, walk: Callable[[Client], Outcomes]):
    crowd = [Outcome(**stream) for stream in walk(client)["crowd"].gave]

    assert {tuple(stream.pieces) for stream in crowd} == {PIECES}
    # One after the other they would take as long as all of them together.
    taken = max(stream.at[-1] for stream in crowd) - min(stream.at[0] for stream in crowd)
    assert taken < sum(stream.spread() for stream in crowd) / 2


@pytest.mark.parametrize("step", ["chat", "chat_stream"])
def test_the_second_turn_of_a_chat_sees_the_first(outcomes: Outcomes, step: str):
    chat = outcomes[step].result()

    assert "Zoe" in chat["texts"][0]
    assert chat["texts"][1] == "Your name is Zoe; you told me so before."
    # SDKs keep a turn only of a stream that ended with a finishReason; some keep a streamed one in several contents.
    assert chat["history"] >= 4


def test_a_function_is_called_and_its_result_used(outcomes: Outcomes):
    tools = outcomes["tools"].result()

    assert tools["asked"] == ["Paris"]
    assert "22 degrees in Paris" in tools["text"]


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.errors != "google-generativeai"], ids=str)
def test_thought_signatures_survive_the_round_trip(
    client: Client, walk: Callable[[Client], Outcomes], google: Emulator
):
    walk(client)["tools"].result()

    # Each of these clients made two calls of this model: the question, and the signed call with its result.
    second = [call.body["request"]["contents"] for call in google.calls if call.model == SIGNING][1::2]
    calls = [part for contents in second for part in contents[1]["parts"] if "functionCall" in part]
    assert calls
    assert all(part["thoughtSignature"] for part in calls)


def test_structured_output_has_its_structure(outcomes: Outcomes):
    recipe = outcomes["structured"].result()["recipe"]

    assert isinstance(recipe["name"], str)
    assert isinstance(recipe["servings"], int)
    assert all(isinstance(one, str) for one in recipe["ingredients"])
    assert recipe["ingredients"]


def test_an_image_goes_in(outcomes: Outcomes):
    assert "image/png of 73 bytes, 2 x 2 pixels" in outcomes["image"].result()["text"]


def test_tokens_are_counted_as_they_are_billed(outcomes: Outcomes):
    counted = outcomes["count"].result()

    assert counted["total"] == counted["prompt"] > 0


@each_that("list_models")
def test_the_list_of_models_is_read_page_by_page(client: Client, walk: Callable[[Client], Outcomes]):
    listed = walk(client)["list_models"].result()

    assert f"models/{PLAIN}" in listed["names"]
    assert len(listed["names"]) == len(set(listed["names"])) > 3
    assert listed.get("first_page", 3) == 3


@each_that("get_model")
def test_a_model_tells_its_limits(client: Client, walk: Callable[[Client], Outcomes]):
    assert walk(client)["get_model"].result() == {"name": f"models/{PLAIN}", "input": 1_048_576, "output": 65_536}


@each_that("leave")
def test_the_first_event_comes_before_the_last_and_a_stream_that_is_left_ends_at_upstream_too(
    client: Client, walk: Callable[[Client], Outcomes], google: Emulator
):
    left = walk(client)["leave"]  # of a stream that would take an hour

    assert left.result() == {}
    assert left.pieces[0] == PIECES[0]
    assert hung_up(google, client.model("leave")) == [True]


@pytest.mark.parametrize("client", [one for one in CLIENTS if one.deadlines], ids=str)
def test_a_call_whose_time_is_up_ends_at_upstream_too(
    client: Client, walk: Callable[[Client], Outcomes], google: Emulator
):
    assert walk(client)["late"].raised

    assert hung_up(google, client.model("late")) == [True]


def hung_up(google: Emulator, model: str) -> list[bool]:
    """For each call of a model, whether the gateway disconnected before upstream had finished."""
    google.wait_for_silence()
    return [call.hung_up for call in google.calls if call.model == model]


@pytest.mark.parametrize("call", [call for call in CALLS if call.trial in FAILURES], ids=str)
@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_a_failure_is_raised_with_its_type_and_code(client: Client, call: Call, walk: Callable[[Client], Outcomes]):
    outcome, expected = walk(client)[str(call)], RAISED[client.errors][call.trial]

    assert outcome.raised, f"taken for a success after {outcome.pieces}"
    assert outcome.raised["type"] == expected.type, outcome.raised["traceback"]
    if expected.code == 0:
        assert 500 <= outcome.raised["code"] < 600
    else:
        assert outcome.raised["code"] == expected.code


@pytest.mark.parametrize("failure", BROKEN)
@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_what_arrived_before_the_interruption_was_given_once(
    client: Client, failure: str, walk: Callable[[Client], Outcomes]
):
    heard = walk(client)[f"{failure} stream"].pieces

    assert tuple(heard) == PIECES[: len(heard)]
    # The JDK's reader throws away what it still holds when the connection breaks.
    assert len(heard) == HEARD_BEFORE_THE_BREAK or client.errors == "langchain4j"


@pytest.mark.parametrize("oddity", ODDITIES)
@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_no_sdk_fails_at_what_upstream_does_unusually(client: Client, oddity: str, walk: Callable[[Client], Outcomes]):
    outcome = walk(client)[f"{oddity} stream"]

    assert outcome.raised is None, outcome.raised["traceback"]
    assert "".join(outcome.pieces) == "".join(TRIALS[oddity].says)
