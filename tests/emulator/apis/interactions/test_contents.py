"""What goes into an interaction and comes out of it: tools, media, forms, and what it names."""

import base64
import json
from typing import Any

import pytest

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import MODEL, Talker, said, types_of
from tests.emulator.conftest import error_of

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "people": {"type": "integer"}}}


def step(interaction: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(one for one in interaction["steps"] if one["type"] == kind)


def contents_of(interaction: dict[str, Any]) -> list[dict[str, Any]]:
    return step(interaction, "model_output")["content"]


def test_code_is_run(talker: Talker):
    made = talker.made("What is the sum of the first 10 primes?", tools=[{"type": "code_execution"}])

    call, result = step(made, "code_execution_call"), step(made, "code_execution_result")
    assert call["arguments"]["language"] == "python"
    assert "primes" in call["arguments"]["code"]
    assert (result["call_id"], result["result"]) == (call["id"], "129\n")
    assert "129" in said(made)


def test_code_that_was_run_is_part_of_the_next_turn(talker: Talker):
    first = talker.made("What is the sum of the first 10 primes?", tools=[{"type": "code_execution"}])

    assert talker.made("Thanks.", previous_interaction_id=first["id"])["status"] == "completed"


def test_a_search_is_told_and_cited(talker: Talker):
    events = talker.streamed("Who won the last chess championship?", tools=[{"type": "google_search"}])
    made = talker.get(events[0]["interaction"]["id"]).json()

    call, result = step(made, "google_search_call"), step(made, "google_search_result")
    assert call["arguments"]["queries"] == ["Who won the last chess championship"]
    assert result["call_id"] == call["id"]
    assert result["result"][0]["search_suggestions"]
    cited = contents_of(made)[0]["annotations"][0]
    assert (cited["type"], cited["start_index"]) == ("url_citation", 0)
    assert cited["end_index"] == len(said(made).encode())
    assert made["usage"]["grounding_tool_count"] == [{"type": "google_search", "count": 1}]


def test_pages_and_maps_are_looked_at(talker: Talker):
    tools = [{"type": "url_context"}, {"type": "google_maps"}]
    made = talker.made("Sum up https://example.com/page for me", tools=tools)

    assert step(made, "url_context_call")["arguments"] == {"urls": ["https://example.com/page"]}
    assert step(made, "url_context_result")["result"] == [{"url": "https://example.com/page", "status": "success"}]
    assert step(made, "google_maps_result")["result"][0]["places"]


def test_a_store_is_searched_if_it_is_the_projects(google: Emulator, talker: Talker, stranger: Talker):
    store = talker.public("fileSearchStores", {"displayName": "rules"}).json()["name"]
    file = google.add_file(talker.account, b"Refunds are paid within thirty days.", mime_type="text/plain")
    talker.public(f"{store}:importFile", {"fileName": file})
    google.advance(10.0)
    question, tool = "When is a refund paid?", {"type": "file_search", "file_search_store_names": [store]}

    made = talker.made(question, tools=[tool])

    assert types_of(made["steps"])[1:3] == ["file_search_call", "file_search_result"]
    assert "thirty days" in said(made)
    assert contents_of(made)[0]["annotations"][0]["type"] == "file_citation"
    assert stranger.create(question, tools=[tool]).status_code in {403, 404}


def test_thoughts_are_told_when_asked_for(talker: Talker):
    config = {"thinking_summaries": "auto"}
    made = talker.made("Why is the sky blue?", generation_config=config)
    quiet = talker.made("Why is the sky blue?")

    assert step(made, "thought")["summary"][0]["text"]
    assert "summary" not in step(quiet, "thought")
    assert made["usage"]["total_thought_tokens"] == quiet["usage"]["total_thought_tokens"] > 0


@pytest.mark.parametrize(
    "form", [{"response_modalities": ["text", "image"]}, {"response_format": {"type": "image", "aspect_ratio": "1:1"}}]
)
def test_a_picture_is_drawn(talker: Talker, form: dict):
    made = talker.made("Draw a lamp", **form)

    text, picture = contents_of(made)
    assert (text["type"], picture["type"], picture["mime_type"]) == ("text", "image", "image/png")
    assert base64.b64decode(picture["data"]).startswith(b"\x89PNG")
    assert [one["modality"] for one in made["usage"]["output_tokens_by_modality"]] == ["text", "image"]


def test_a_picture_comes_in_a_delta(talker: Talker):
    events = talker.streamed("Draw a lamp", response_modalities=["image"])

    deltas = [event["delta"] for event in events if event["event_type"] == "step.delta"]
    assert [delta["mime_type"] for delta in deltas if delta["type"] == "image"] == ["image/png"]


def test_words_are_spoken(talker: Talker):
    made = talker.made("Say hello", model="gemini-3.8-flash-tts", response_modalities=["audio"])

    (sound,) = contents_of(made)
    assert (sound["type"], sound["mime_type"], sound["sample_rate"]) == ("audio", "audio/l16", 24_000)


@pytest.mark.parametrize(
    "form",
    [
        {"response_format": {"type": "text", "mime_type": "application/json", "schema": SCHEMA}},
        {"response_format": SCHEMA, "response_mime_type": "application/json"},
        {"response_format": [{"type": "text", "mime_type": "application/json", "schema": SCHEMA}]},
    ],
)
def test_an_answer_has_the_form_that_was_asked_for(talker: Talker, form: dict):
    told = json.loads(said(talker.made("The largest city", **form)))

    assert isinstance(told["city"], str)
    assert isinstance(told["people"], int)


def test_media_are_seen_and_counted(talker: Talker):
    given = [{"type": "text", "text": "What is this?"}, {"type": "image", "mime_type": "image/png", "data": PIXEL}]

    made = talker.made(given)

    assert {"modality": "image", "tokens": 258} in made["usage"]["input_tokens_by_modality"]
    assert types_of(talker.get(made["id"]).json()["steps"])[0] == "user_input"


def test_a_file_is_read_if_it_is_the_projects(google: Emulator, talker: Talker, stranger: Talker):
    name = google.add_file(talker.account, b"words", mime_type="text/plain")
    uri = f"https://generativelanguage.googleapis.com/v1beta/{name}"
    given = [{"type": "text", "text": "Sum it up"}, {"type": "document", "uri": uri, "mime_type": "text/plain"}]

    refused = stranger.create(given)

    assert talker.made(given)["status"] == "completed"
    assert (refused.status_code, error_of(refused)["code"]) == (403, "permission_denied")


def test_a_cache_goes_before_if_it_is_the_projects(talker: Talker, stranger: Talker):
    contents = [{"role": "user", "parts": [{"text": "word " * 5_000}]}]
    cache = talker.public("cachedContents", {"model": f"models/{MODEL}", "contents": contents}).json()["name"]

    made = talker.made("Go on", cached_content=cache)

    assert made["usage"]["total_cached_tokens"] > 4_000
    assert made["usage"]["total_input_tokens"] > made["usage"]["total_cached_tokens"]
    assert stranger.create("Go on", cached_content=cache).status_code == 403


def test_instructions_are_not_inherited(talker: Talker):
    first = talker.made("Hello", system_instruction='Finish every answer with "Arr!"')

    second = talker.made("Hello again", previous_interaction_id=first["id"])

    assert said(first).endswith("Arr!")
    assert not said(second).endswith("Arr!")


def test_the_headers_of_tools_are_not_shown(google: Emulator, talker: Talker):
    tool = {"type": "mcp_server", "name": "m", "url": "https://mcp.example/", "headers": {"authorization": "s3cret"}}

    talker.made("Hello", tools=[tool])

    recorded = google.calls[-1]
    assert "s3cret" not in str(recorded.body)
    assert b"s3cret" in recorded.raw
    assert (recorded.call, recorded.model) == ("createInteraction", MODEL)
