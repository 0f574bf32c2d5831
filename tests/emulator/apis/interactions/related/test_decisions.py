"""Decisions: questions about one input, answered with probabilities."""

from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import MODEL, Talker

QUESTIONS = {
    "spam": {"type": "noul", "instructions": "Is it spam?"},
    "tone": {"type": "choice", "instructions": "Which tone?", "criteria": {"warm": "Friendly", "cold": "Distant"}},
    "length": {"type": "score", "instructions": "How long?", "criteria": ["short", "middling", "long"]},
}


def decided(talker: Talker, **more: Any) -> httpx.Response:
    return talker.public("decisions", {"model": f"models/{MODEL}", "input": "Buy now!", "questions": QUESTIONS, **more})


def of_type(kind: str, **more: Any) -> dict[str, Any]:
    return {"questions": {"q": {"type": kind, **more}}}


def test_every_question_has_an_answer_of_its_kind(talker: Talker):
    told = decided(talker).json()

    spam, tone, length = (told["answers"][name] for name in QUESTIONS)
    assert 0.01 <= spam["noul"] <= 0.99
    assert spam["confidence"] == pytest.approx(max(spam["noul"], 1 - spam["noul"]), abs=1e-4)
    assert sum(tone["probabilities"].values()) == pytest.approx(1)
    assert tone["probabilities"][tone["choice"]] == tone["confidence"] == max(tone["probabilities"].values())
    assert length["legend"] == {"0": "short", "1": "middling", "2": "long"}
    assert length["score"] == pytest.approx(sum(int(level) * p for level, p in length["probabilities"].items()))
    used = told["usage"]
    assert used["total_tokens"] == used["total_input_tokens"] + used["total_output_tokens"] > 0


def test_the_same_question_is_decided_the_same_way(talker: Talker):
    content = [{"type": "text", "text": "Buy now!"}]

    assert decided(talker).json()["answers"] == decided(talker, model=MODEL, input=content).json()["answers"]


def test_a_blocked_input_has_no_answers(talker: Talker):
    told = decided(talker, input="[[blocked]]").json()

    assert told["prompt_feedback"] == {"block_reason": "prohibited_content"}
    assert "answers" not in told


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"questions": {}}, 400, "invalid_request"),
        ({"questions": ["q"]}, 400, "invalid_request"),
        (of_type("essay", instructions="Why?"), 400, "invalid_request"),
        (of_type("noul"), 400, "invalid_request"),
        (of_type("choice", instructions="Which?", criteria={"one": ""}), 400, "invalid_request"),
        (of_type("score", instructions="Which?", criteria=["a"]), 400, "invalid_request"),
        ({"input": ""}, 400, "invalid_request"),
        ({"temperature": 1}, 400, "parameter_unknown"),
        ({"model": "models/nothing"}, 404, "model_not_found"),
    ],
)
def test_what_cannot_be_decided_is_refused(talker: Talker, more: dict, status: int, code: str):
    answered = decided(talker, **more)

    assert (answered.status_code, answered.json()["error"]["code"]) == (status, code)


def test_decisions_count_and_can_be_scripted_by_the_model(google: Emulator, talker: Talker):
    google.script("overloaded", model=MODEL)
    assert decided(talker).status_code == 503

    talker.account = google.add_account("bob@example.com", project="bobs", quota=1)
    assert decided(talker).status_code == 200
    refused = decided(talker)

    assert (refused.status_code, google.calls[-1].model) == (429, MODEL)
