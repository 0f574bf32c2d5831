"""Limits, candidates, block reasons and thoughts of an answer."""

import pytest

from tests.emulator.conftest import Caller, text_of


def test_max_output_tokens_cuts_the_answer(caller: Caller):
    config = {"maxOutputTokens": 5, "thinkingConfig": {"thinkingBudget": 0}}
    response = caller.generate("Count to 100", generationConfig=config)

    assert response["candidates"][0]["finishReason"] == "MAX_TOKENS"
    assert text_of(response) == "1, 2, 3"
    assert response["usageMetadata"]["candidatesTokenCount"] == 5


def test_max_output_tokens_counts_thoughts(caller: Caller):
    response = caller.generate("Count to 100", generationConfig={"maxOutputTokens": 5})
    (event,) = caller.stream("Count to 100", generationConfig={"maxOutputTokens": 5})
    longer = caller.generate("Count to 100", generationConfig={"maxOutputTokens": 60})

    for told in (response, event):
        assert told["candidates"] == [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]
        assert told["usageMetadata"]["thoughtsTokenCount"] == 5
    counts = longer["usageMetadata"]
    assert counts["thoughtsTokenCount"] + counts["candidatesTokenCount"] == 60


def test_a_stop_sequence_ends_the_answer(caller: Caller):
    response = caller.generate("Count to 9", generationConfig={"stopSequences": ["7", "5"]})

    assert (text_of(response), response["candidates"][0]["finishReason"]) == ("1, 2, 3, 4, ", "STOP")


@pytest.mark.parametrize("streamed", [False, True])
def test_there_are_as_many_candidates_as_asked_for(caller: Caller, streamed: bool):
    config = {"generationConfig": {"candidateCount": 3}}
    events = caller.stream("Explain bees", **config) if streamed else [caller.generate("Explain bees", **config)]

    told = ["", "", ""]
    for event in events:
        for candidate in event["candidates"]:
            told[candidate.get("index", 0)] += text_of({"candidates": [candidate]})
    assert len(set(told)) == 3
    assert all(told)


def test_a_blocked_prompt_has_no_candidates(caller: Caller):
    (event,) = caller.stream("[[blocked]]")

    assert event["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert "candidates" not in event
    assert event["usageMetadata"]["promptTokenCount"] == event["usageMetadata"]["totalTokenCount"]


def test_a_stop_for_safety_has_ratings(caller: Caller):
    candidate = caller.generate("[[safety]]")["candidates"][0]
    first, last = (event["candidates"][0] for event in caller.stream("[[safety]]"))

    assert (candidate["finishReason"], candidate["content"]) == ("SAFETY", {})
    assert first["content"]["parts"]
    assert (last["finishReason"], last["content"]) == ("SAFETY", {})
    assert [one["category"] for one in candidate["safetyRatings"] if one.get("blocked")] == [
        "HARM_CATEGORY_DANGEROUS_CONTENT"
    ]


@pytest.mark.parametrize(("prompt", "content"), [("[[empty]]", [{"text": ""}]), ("[[no content]]", None)])
def test_an_answer_may_be_empty(caller: Caller, prompt: str, content: list | None):
    assert caller.generate(prompt)["candidates"][0]["content"].get("parts") == content


def test_thoughts_are_shown_when_asked_for_and_always_counted(caller: Caller):
    shown = caller.generate(generationConfig={"thinkingConfig": {"includeThoughts": True}})
    hidden = caller.generate()

    parts = shown["candidates"][0]["content"]["parts"]
    assert [part.get("thought") for part in parts] == [True, None]
    assert parts[1]["thoughtSignature"]
    assert shown["usageMetadata"]["thoughtsTokenCount"] == hidden["usageMetadata"]["thoughtsTokenCount"] > 0
    assert len(hidden["candidates"][0]["content"]["parts"]) == 1


def test_without_a_budget_there_are_no_thoughts(caller: Caller):
    response = caller.generate(generationConfig={"thinkingConfig": {"thinkingBudget": 0, "includeThoughts": True}})

    assert "thoughtsTokenCount" not in response["usageMetadata"]


def test_a_gemini_3_stream_ends_with_an_empty_signed_part(caller: Caller):
    last = caller.stream("Explain bees", model="gemini-3-flash")[-1]["candidates"][0]

    assert last["finishReason"] == "STOP"
    assert last["content"]["parts"][0]["text"] == ""
    assert last["content"]["parts"][0]["thoughtSignature"]
