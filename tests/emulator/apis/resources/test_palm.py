"""The verbs of models before Gemini, generateAnswer, and tokens for live sessions."""

import re

import pytest

from tests.emulator.conftest import Caller, error_of

FLASH, EMBEDDING = "models/gemini-2.5-flash", "models/text-embedding-004"
MESSAGES = {"prompt": {"messages": [{"content": "Hello"}]}}


def test_texts_and_messages_are_answered_and_counted(caller: Caller):
    text = caller.public(f"{FLASH}:generateText", {"prompt": {"text": "What is 2 + 2?"}}).json()
    message = caller.public(f"{FLASH}:generateMessage", MESSAGES).json()

    assert "4" in text["candidates"][0]["output"]
    assert message["candidates"][0] == {"author": "1", "content": "Hello! What shall we try today?"}
    assert message["messages"] == [{"content": "Hello"}]
    assert caller.public(f"{FLASH}:countTextTokens", {"prompt": {"text": "one two"}}).json() == {"tokenCount": 2}
    assert caller.public(f"{FLASH}:countMessageTokens", MESSAGES).json() == {"tokenCount": 1}


def test_texts_are_embedded_one_and_many(caller: Caller):
    one = caller.public(f"{EMBEDDING}:embedText", {"text": "bees"}).json()["embedding"]

    many = caller.public(f"{EMBEDDING}:batchEmbedText", {"texts": ["bees", "glass"]}).json()["embeddings"]

    assert many[0] == one
    assert [len(each["value"]) for each in many] == [768, 768]


@pytest.mark.parametrize("verb", ["generateText", "generateMessage", "countTextTokens", "generateAnswer"])
def test_nothing_asked_is_refused(caller: Caller, verb: str):
    assert caller.public(f"{FLASH}:{verb}", {}).status_code == 400


def test_an_answer_comes_from_the_passages_that_came_along(caller: Caller):
    passages = [
        {"id": "a", "content": {"parts": [{"text": "Penguins cannot fly."}]}},
        {"id": "b", "content": {"parts": [{"text": "Refunds are paid within thirty days."}]}},
    ]
    contents = [{"role": "user", "parts": [{"text": "When is a refund paid?"}]}]

    answered = caller.public(
        f"{FLASH}:generateAnswer",
        {"contents": contents, "answerStyle": "ABSTRACTIVE", "inlinePassages": {"passages": passages}},
    ).json()

    assert answered["answer"]["content"]["parts"][0]["text"] == "Refunds are paid within thirty days."
    assert answered["answer"]["groundingAttributions"][0]["sourceId"]["groundingPassage"]["passageId"] == "b"
    assert answered["answerableProbability"] > 0.5


def test_a_token_for_live_sessions_is_made(caller: Caller):
    token = caller.public("auth_tokens", {"uses": 1, "newSessionExpireTime": "2030-01-01T00:00:00Z"}).json()

    assert re.fullmatch(r"auth_tokens/[0-9a-f]{64}", token["name"])
    assert "Unknown name" in error_of(caller.public("auth_tokens", {"lives": 9}))["message"]
