"""Streams of interactions: their order, their ids, resuming them, and how they go wrong to order."""

import httpx
import pytest

from emulator import Emulator
from emulator.wire.replies import ErrorForm, Style
from tests.emulator.apis.interactions.conftest import MODEL, WEATHER, Talker, frames_of, said, words_of


def test_a_stream_has_its_events_in_order_each_with_an_id(talker: Talker):
    answered = talker.create("Say hello", stream=True)
    events = frames_of(answered.content)

    assert answered.headers["content-type"] == "text/event-stream"
    types = [event["event_type"] for event in events]
    assert types[:3] == ["interaction.created", "interaction.status_update", "step.start"]
    assert types[-2:] == ["step.stop", "interaction.completed"]
    assert len({event["event_id"] for event in events}) == len(events)
    assert [event["index"] for event in events if event["event_type"] == "step.start"] == [0, 1]
    created, completed = events[0]["interaction"], events[-1]["interaction"]
    assert (created["status"], completed["status"], completed["steps"]) == ("in_progress", "completed", [])
    assert events[-2]["usage"] == completed["usage"]


def test_a_stream_says_what_a_whole_answer_does(talker: Talker):
    events = talker.streamed("Say hello")

    assert words_of(events) == said(talker.made("Say hello"))
    id = events[0]["interaction"]["id"]
    assert said(talker.get(id).json()) == words_of(events)
    assert talker.get(id).json()["usage"] == events[-1]["interaction"]["usage"]


def test_the_arguments_of_a_call_come_in_pieces(talker: Talker):
    events = talker.streamed("What's the weather in Paris?", tools=[WEATHER])

    start = next(event["step"] for event in events if event.get("step", {}).get("type") == "function_call")
    deltas = [event["delta"] for event in events if event["event_type"] == "step.delta"]
    arguments = "".join(delta["arguments"] for delta in deltas if delta["type"] == "arguments_delta")
    assert (start["name"], start["arguments"]) == ("get_weather", {})
    assert arguments == '{"city": "Paris"}'
    assert events[-1]["interaction"]["status"] == "requires_action"


def test_a_stream_can_be_heard_again_from_any_event(talker: Talker):
    events = talker.streamed("Say hello")
    id = events[0]["interaction"]["id"]

    assert talker.resumed(id) == events
    for place in range(len(events)):
        assert talker.resumed(id, events[place]["event_id"]) == events[place + 1 :]


def test_only_a_streams_own_events_can_be_resumed_after(talker: Talker):
    id = talker.made()["id"]

    assert talker.get(id, stream="true", last_event_id="x").status_code == 400
    assert talker.get(id, stream="false", last_event_id="x").status_code == 400


@pytest.mark.parametrize("place", range(8))
def test_a_stream_that_was_cut_anywhere_can_be_taken_up_again(google: Emulator, talker: Talker, place: int):
    google.script(Style(cut_after=place))

    came = talker.heard("Say hello", store=None)

    events = frames_of(came, whole=False)
    assert len(events) == place
    if events:
        left = talker.resumed(events[0]["interaction"]["id"], events[-1]["event_id"])
        assert words_of([*events, *left]) == said(talker.made("Say hello"))


@pytest.mark.parametrize("deltas", range(6))
def test_after_a_checkpoint_a_dropped_stream_is_gone_on_with(google: Emulator, talker: Talker, deltas: int):
    google.script(Style(checkpoint=deltas, dropped=True))

    events = frames_of(talker.heard("Tell me a story"), whole=False)
    last = events[-1]
    asked = {"model": MODEL, "continuation_token": last["continuation_token"]}
    left = talker.streamed(None, previous_interaction_id=last["interaction_id"], **asked)

    assert (last["event_type"], last["status"]) == ("interaction.status_update", "in_progress")
    assert [event["event_type"] for event in events].count("step.delta") == deltas
    assert words_of(events) + words_of(left) == said(talker.made("Tell me a story"))
    assert left[0]["interaction"]["id"] != last["interaction_id"]


def test_a_checkpoint_may_come_in_a_stream_that_goes_on(google: Emulator, talker: Talker):
    google.script(Style(checkpoint=2))

    events = talker.streamed("Tell me a story")

    tokens = [event for event in events if "continuation_token" in event]
    assert len(tokens) == 1
    assert events[-1]["interaction"]["status"] == "completed"
    assert words_of(events) == said(talker.made("Tell me a story"))


def test_a_stream_may_need_another_hop(google: Emulator, talker: Talker):
    google.script("requires_continuation")

    events = talker.streamed("Tell me a story")
    ended = events[-1]["interaction"]
    left = talker.streamed(None, continuation_token=ended["continuation_token"], previous_interaction_id=ended["id"])

    assert (ended["status"], left[-1]["interaction"]["status"]) == ("requires_continuation", "completed")
    assert words_of(events) + words_of(left) == said(talker.made("Tell me a story"))


def test_an_error_in_a_stream_is_an_event_and_its_end(google: Emulator, talker: Talker):
    google.script(Style(error_after=5))

    events = frames_of(talker.create("Say hello", stream=True).content, whole=False)

    assert len(events) == 6
    assert events[-1]["event_type"] == "error"
    assert events[-1]["error"]["code"] == "service_unavailable"
    told = talker.get(events[0]["interaction"]["id"]).json()
    assert (told["status"], told["errors"]) == ("failed", [events[-1]["error"]])


def test_an_error_may_have_other_forms(google: Emulator, talker: Talker):
    google.script(Style(error_after=1, error_form=ErrorForm.DATA))
    google.script(Style(error_after=1, error_form=ErrorForm.BARE))
    error = b'{"error": {"message": "The model is overloaded. Please try again later.","code": "service_unavailable"}}'

    in_data, bare = (talker.create("Say hello", stream=True).content for _ in range(2))

    assert in_data.endswith(b"\r\n\r\ndata: " + error + b"\r\n\r\n")
    assert bare.endswith(b"\r\n\r\n" + error)


def test_a_stream_may_end_without_its_completion(google: Emulator, talker: Talker):
    google.script("no_finish")

    events = frames_of(talker.create("Say hello", stream=True).content, whole=False)

    assert events[-1]["event_type"] == "step.stop"


def test_a_refusal_of_a_stream_is_one_object(google: Emulator, talker: Talker):
    google.script("overloaded")

    refused = talker.create(stream=True)

    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "service_unavailable"


def test_a_background_stream_tells_what_comes_to_pass(http: httpx.Client):
    with Emulator(job_seconds=0.05) as google:
        talker = Talker(google, google.add_account("ada@example.com"), http)
        events = talker.streamed("Say hello", background=True)

    assert events[0]["interaction"]["status"] == "in_progress"
    assert events[-1]["interaction"]["status"] == "completed"


def test_a_cancelled_one_ends_its_stream(google: Emulator, talker: Talker):
    id = talker.made("Say hello", background=True)["id"]
    google.advance(1.0)
    talker.send("POST", f"interactions/{id}/cancel")

    events = talker.resumed(id)

    assert events[-1]["interaction"]["status"] == "cancelled"
    assert "usage" not in events[-1]["interaction"]
    assert len(events) < len(talker.streamed("Say hello"))


def test_exactly_the_events_of_a_script_are_told(google: Emulator, talker: Talker):
    event = {"event_type": "interaction.created", "interaction": {"id": "v1_x", "status": "in_progress"}}
    google.script(Style(responses=[event]))

    assert talker.streamed() == [event]
