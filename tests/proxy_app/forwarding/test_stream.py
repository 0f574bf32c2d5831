"""streamGenerateContent as server-sent events: every byte a client gets, and when."""

import json
from typing import ClassVar

import pytest

from emulator import Ending, Reply
from gateway_project.asgi import api
from gateway_project.http.api_handler import ApiHandler
from tests.asgi_client import Client
from tests.factories import a_prompt
from tests.proxy_app.scripted import FINISHED, SSE, a_stream, a_text, an_event

MODEL = "gemini-2.5-flash"
BARE = f"/v1beta/models/{MODEL}:streamGenerateContent"
URL = f"{BARE}?alt=sse"


async def test_each_event_of_upstream_is_one_event(client, alice, upstream):
    responses = (a_text("one"), a_text("two"), FINISHED)
    upstream.script(a_stream(*responses))

    reply = await client.post(URL, a_prompt())

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.body == b"".join(b"data: " + response + b"\r\n\r\n" for response in responses)
    assert reply.ended


async def test_an_event_is_passed_on_while_upstream_is_still_silent_about_the_next(client, alice, upstream):
    upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
    exchange = client.start("POST", URL, a_prompt())

    assert await exchange.chunks() == b"data: " + a_text("one") + b"\r\n\r\n"

    await exchange.hang_up()


async def test_unknown_fields_pass_byte_for_byte_both_ways(client, alice, upstream):
    response = (
        b'{"candidates":[{"content":{"parts":[{"text":"caf\\u00e9 \xc3\xa9","novelty":{ "a":[1.50, 1e3,\tnull] }}],'
        b'"role":"model"},"finishReason":"STOP","index":0}],"somethingNew":{"deep":{"er":[]}},"zero":0.10}'
    )
    upstream.script(a_stream(response))
    contents = b'[ {"role":"user", "parts":[{"text":"Hi \xe2\x80\xa8 there","future_part":{"x" : 1.0e2}}] } ]'
    config = b'{"thinking_config":{"thinking_budget":-1},"responseSchema":{"property_ordering":["b","a"]},"q":1.50}'

    reply = await client.post(URL, b'{"contents": ' + contents + b', "generationConfig" : ' + config + b"}")

    assert reply.body == b"data: " + response + b"\r\n\r\n"
    sent = upstream.calls[0].raw
    assert contents in sent
    assert config in sent


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\u0085"])
async def test_characters_that_some_readers_take_for_line_ends_are_escaped(character, client, alice, upstream):
    upstream.script(a_stream(a_text(f"a{character}b", "STOP")))

    reply = await client.post(URL, a_prompt())

    assert character.encode() not in reply.body
    assert f"\\u{ord(character):04x}".encode() in reply.body
    assert reply.texts() == [f"a{character}b"]


async def test_an_answer_over_several_lines_is_told_in_one(client, alice, upstream):
    pretty = json.dumps({"response": json.loads(FINISHED)}, indent=2)
    lines = "".join(f"data: {line}\n" for line in pretty.splitlines())
    upstream.script(Reply(chunks=[lines.encode() + b"\n"], content_type=SSE))

    reply = await client.post(URL, a_prompt())

    assert reply.body.count(b"\n") == 2
    assert reply.body.endswith(b"}\r\n\r\n")
    assert reply.events() == [json.loads(FINISHED)]


async def test_comments_and_other_fields_of_upstream_go_no_further(client, alice, upstream):
    noise = [
        b": ping\r\n\r\n",
        b"event: message\r\nid: 7\r\nretry: 3\r\n",
        an_event(FINISHED),
        b": bye\r\n\r\n",
        b"\r\n",
    ]
    upstream.script(Reply(chunks=noise, content_type=SSE))

    reply = await client.post(URL, a_prompt())

    assert reply.body == b"data: " + FINISHED + b"\r\n\r\n"


class TestDone:
    """`[DONE]`, which Google never sends and other upstreams do."""

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"user_agent": "curl/8.5.0"},
            {"user_agent": "ai/6.0.326 ai-sdk/provider-utils/4.0.64 runtime/node.js/v20"},
        ],
        ids=("unknown", "curl", "ai-sdk"),
    )
    async def test_is_passed_on_to_clients_that_ignore_it(self, headers, client, alice, upstream):
        upstream.script("done_marker")

        reply = await client.post(URL, a_prompt(), **headers)

        assert reply.body.endswith(b"}\r\n\r\ndata: [DONE]\r\n\r\n")
        assert reply.ended

    @pytest.mark.parametrize(
        "headers",
        [
            {"x_goog_api_client": "google-genai-sdk/3.4.0 gl-python/3.12.1"},
            {"user_agent": "google-genai-sdk/2.32.0 gl-node/v20"},
            {"x_goog_api_client": "genai-js/0.24.1"},
            {"user_agent": "GeminiCLI-tui/0.61.0/gemini-3.5-flash (linux; x64; terminal)"},
            {"user_agent": "litellm/1.81.0"},
        ],
        ids=("genai-python", "genai-node", "legacy-js", "gemini-cli", "litellm"),
    )
    async def test_is_kept_from_clients_that_fail_on_it(self, headers, client, alice, upstream):
        upstream.script("done_marker")

        reply = await client.post(URL, a_prompt(), **headers)

        assert b"DONE" not in reply.body
        assert reply.events()[-1]["candidates"][0]["finishReason"] == "STOP"
        assert reply.ended

    async def test_is_never_invented(self, client, alice):
        reply = await client.post(URL, a_prompt())

        assert b"DONE" not in reply.body


@pytest.mark.parametrize("signature", ["ab+/cd==", "ab-_cd", "ab-_cd==", "YQ", "skip_thought_signature_validator"])
async def test_thought_signatures_in_any_base64_survive_both_ways(signature, client, alice, upstream):
    part = f'{{"functionCall": {{"name": "f","args": {{}}}},"thoughtSignature": "{signature}"}}'.encode()
    response = b'{"candidates": [{"content": {"role": "model","parts": [' + part + b']},"finishReason": "STOP"}]}'
    upstream.script(a_stream(response))

    turns = b'[{"role": "user","parts": [{"text": "Hi"}]},{"role": "model","parts": [' + part + b"]}]"
    reply = await client.post(URL, b'{"contents": ' + turns + b"}")

    assert part in reply.body
    assert part in upstream.calls[0].raw


async def test_several_candidates_end_when_each_has_finished(client, alice):
    reply = await client.post(URL, a_prompt(generationConfig={"candidateCount": 3}))

    finished = {
        candidate.get("index", 0)
        for event in reply.events()
        for candidate in event["candidates"]
        if "finishReason" in candidate
    }
    assert finished == {0, 1, 2}
    assert reply.ended


async def test_one_candidate_of_two_without_an_end_makes_a_broken_stream(client, alice, upstream):
    one = (
        b'{"candidates": [{"content": {"parts": [{"text": "a"}]}},{"content": {"parts": [{"text": "b"}]},"index": 1}]}'
    )
    upstream.script(a_stream(one, FINISHED))

    reply = await client.post(URL, a_prompt())

    assert not reply.ended
    assert "without finishing" in reply.events()[-1]["error"]["message"]


async def test_a_picture_is_streamed(client, alice):
    url = "/v1beta/models/gemini-2.5-flash-image:streamGenerateContent?alt=sse"

    reply = await client.post(url, a_prompt("A lighthouse"))

    parts = [part for event in reply.events() for part in event["candidates"][0].get("content", {}).get("parts", [])]
    pictures = [part["inlineData"] for part in parts if "inlineData" in part]
    assert pictures[0]["mimeType"] == "image/png"
    assert len(pictures[0]["data"]) > 100


async def test_a_blocked_prompt_is_a_complete_answer(client, alice, ledger):
    reply = await client.post(URL, a_prompt("Say [[blocked]]"))

    assert reply.events()[0]["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert reply.ended
    assert [entry.outcome for entry in await ledger()] == ["succeeded"]


async def test_an_upstream_that_compresses_is_read_as_it_comes(client, alice, upstream):
    upstream.script(a_stream(a_text("one"), gzip=True, ending=Ending.STALL))
    exchange = client.start("POST", URL, a_prompt())

    await exchange.chunks()

    reply = await exchange.hang_up()
    assert reply.texts() == ["one"]
    assert "content-encoding" not in reply.headers


async def test_events_are_sent_where_they_are_requested(client, alice):
    for query in ("?alt=sse", "?alt=SSE", "?$alt=sse", "?%24alt=sse", "?alt=sse&$alt=json"):
        reply = await client.post(BARE + query, a_prompt(), accept="*/*")
        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.body.startswith(b"data: {")


@pytest.mark.parametrize(
    "headers", [{"user_agent": "curl/8.5.0"}, {"user_agent": "X PowerShell/7.4.0"}, {"accept": "text/event-stream"}]
)
async def test_events_are_sent_to_people_at_a_shell_and_to_clients_that_accept_them(headers, client, alice):
    reply = await client.post(BARE, a_prompt(), **headers)

    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.body.startswith(b"data: {")


async def test_asking_for_events_wins_over_accepting_json(client, alice):
    reply = await client.post(URL, a_prompt(), accept="application/json")

    assert reply.headers["content-type"] == "text/event-stream"


class TestForGooglesGoSdk:
    """It reads a bare object as an error, and neither an error event nor a dropped connection."""

    HEADERS: ClassVar = {"x_goog_api_client": "google-genai-sdk/1.36.0 gl-go/go1.24.1"}

    @pytest.mark.parametrize(
        "fault", ["cut_after_first", "reset_after_first", "no_finish", "error_in_stream_pretty", "malformed_event"]
    )
    async def test_a_broken_stream_ends_with_a_bare_error_and_a_dropped_connection(
        self, fault, client, alice, upstream
    ):
        upstream.script(fault)

        reply = await client.post(URL, a_prompt(), **self.HEADERS)

        *events, error, after = reply.body.split(b"\r\n\r\n")
        assert not reply.ended
        assert after == b""
        assert events
        assert all(event.startswith(b"data: {") for event in events)
        assert json.loads(error)["error"]["code"] in (502, 503)
        assert b"\n" not in error

    async def test_a_complete_stream_is_like_any_other(self, client, alice, upstream):
        upstream.script(a_stream(a_text("one"), FINISHED))

        reply = await client.post(URL, a_prompt(), **self.HEADERS)

        assert reply.ended
        assert [event.get("error") for event in reply.events()] == [None, None]


class TestSilence:
    """Heartbeats while upstream sends nothing."""

    @pytest.fixture
    async def impatient(self, client, alice):
        await client.get("/healthz")  # starts the background loops
        return Client(application=ApiHandler(heartbeat_seconds=0.02))

    @pytest.mark.parametrize(
        ("url", "headers", "beat"),
        [
            (URL, {}, b"\r\n\r\n"),
            (URL, {"x_goog_api_client": "google-genai-sdk/3.4.0 gl-python/3.12.1"}, b"\r\n\r\n"),
            (URL, {"x_goog_api_client": "google-genai-sdk/1.77.0 gl-go/go1.25"}, b"\r\n\r\n"),
            (URL, {"x_goog_api_client": "genai-js/0.24.1"}, b"data: {}\r\n\r\n"),
            (f"{BARE}?alt=json", {}, b" "),
            (f"{BARE}?alt=json", {"x_goog_api_client": "genai-js/0.24.1"}, b" "),
        ],
        ids=("unknown", "genai", "go", "legacy-js", "array", "array-legacy-js"),
    )
    async def test_is_bridged_by_bytes_that_the_client_ignores(self, url, headers, beat, impatient, alice, upstream):
        upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
        exchange = impatient.start("POST", url, a_prompt(), **headers)

        await exchange.chunks(3)

        reply = await exchange.hang_up()
        assert reply.chunks[1:3] == [beat, beat]

    async def test_before_the_first_event_stays_silent(self, impatient, alice, upstream, settings):
        settings.GATEWAY_FIRST_EVENT_TIMEOUT = 0.1
        upstream.script("stall_after_headers", times=None)

        reply = await impatient.post(URL, a_prompt())

        assert reply.status == 504
        assert reply.json()["error"]["status"] == "DEADLINE_EXCEEDED"


def test_the_gateway_waits_fifteen_seconds_before_it_bridges_a_silence():
    assert api.heartbeat_seconds == 15.0
