"""The fields of the public API's responses, as recorded answers of Google's have them."""

import base64
from typing import Any

import pytest

from tests.emulator.conftest import TOOLS, Caller, error_of, events_of


def public(caller: Caller, prompt: str, model: str = "gemini-3.8-flash", **request: Any) -> dict[str, Any]:
    body = {"contents": [{"parts": [{"text": prompt}]}], **request}
    answered = caller.public(f"models/{model}:generateContent", body)
    assert answered.status_code == 200, answered.text
    return answered.json()


def test_the_public_api_tells_other_fields_than_code_assist(caller: Caller):
    told, internal = public(caller, "Explain bees"), caller.generate("Explain bees", "gemini-3.8-flash")

    assert list(told) == ["candidates", "usageMetadata", "modelVersion", "responseId", "turnToken"]
    assert list(told["candidates"][0]) == ["content", "finishReason", "index"]
    assert list(told["candidates"][0]["content"]) == ["parts", "role"]
    assert told["usageMetadata"]["serviceTier"] == "standard"
    assert "candidatesTokensDetails" not in told["usageMetadata"]
    assert "createTime" in internal
    assert "index" not in internal["candidates"][0]
    assert "candidatesTokensDetails" in internal["usageMetadata"]


def test_older_models_tell_log_probabilities_and_details(caller: Caller):
    told = public(caller, "Explain bees", "gemini-2.0-flash")

    assert told["candidates"][0]["avgLogprobs"] < 0
    assert "index" not in told["candidates"][0]
    assert "candidatesTokensDetails" in told["usageMetadata"]


def test_a_call_says_that_it_is_one(caller: Caller):
    told = public(caller, "What is the weather in Boston?", tools=TOOLS)

    assert told["candidates"][0]["finishMessage"] == "Model generated function call(s)."


def test_the_tier_that_was_asked_for_is_told(caller: Caller):
    assert public(caller, "Hello", serviceTier="flex")["usageMetadata"]["serviceTier"] == "flex"


@pytest.mark.parametrize(
    "asked",
    [
        {"tools": [{"mcpServers": [{"url": "https://example.com"}]}]},
        {"contents": [{"parts": [{"videoMetadata": {"fps": 1}}, {"text": "Hello"}]}]},
        {"contents": [{"role": "model", "parts": [{"toolCall": {}}]}, {"parts": [{"toolResponse": {}}]}]},
    ],
)
def test_newer_fields_are_taken(caller: Caller, asked: dict[str, Any]):
    assert public(caller, "Hello", **asked)


def test_a_speaking_model_answers_with_sound(caller: Caller):
    told = public(caller, "Say cheerfully: Have a nice day", "gemini-3.8-flash-tts")
    sound = told["candidates"][0]["content"]["parts"][0]["inlineData"]

    assert sound["mimeType"] == "audio/L16;codec=pcm;rate=24000"
    assert len(base64.b64decode(sound["data"])) % 2 == 0
    assert told["usageMetadata"]["candidatesTokensDetails"][0]["modality"] == "AUDIO"


def test_an_error_before_a_stream_has_the_stream_s_type(caller: Caller):
    body = {"contents": [], "more": 1}
    answered = caller.public("models/gemini-2.5-flash:streamGenerateContent", body, params={"alt": "sse"})

    assert (answered.status_code, answered.headers["content-type"]) == (400, "text/event-stream")
    assert error_of(answered)["status"] == "INVALID_ARGUMENT"


def test_streams_tell_the_same_fields(caller: Caller):
    body = {"contents": [{"parts": [{"text": "Explain bees"}]}]}
    path = "models/gemini-2.5-flash:streamGenerateContent"
    *_, last = events_of(caller.public(path, body, params={"alt": "sse"}).content)

    assert list(last["candidates"][0]) == ["content", "finishReason", "index"]
