"""Decisions: questions about one input, each answered with probabilities, the same ones every time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.answers import tokens
from emulator.answers.conversation import Conversation
from emulator.answers.interactions.asked import request_of
from emulator.apis.interactions.answering import named_model
from emulator.apis.interactions.related.common import require
from emulator.apis.models import spend
from emulator.apis.resources.attached import attach_files
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.interaction_input import steps_of
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_LEAST, _MOST = 2, 255


def _create(google: Google, call: Call) -> Json:
    asked = read_body("Decision", call.json_body())
    require(asked, "model", "input", "questions")
    model = named_model(call, asked["model"].removeprefix("models/"))
    if not isinstance(asked["questions"], dict):
        raise refuse_in_words(400, "The value of 'questions' must be an object.")
    questions = {id: _read(id, one) for id, one in asked["questions"].items()}
    inner = request_of({}, steps_of(asked["input"]))
    attach_files(call, inner)
    spend(call, model)
    prompt = Conversation(inner).prompt
    counts = tokens.count_prompt(inner)
    counts["TEXT"] = counts.get("TEXT", 0) + tokens.count_text(json.dumps(questions, ensure_ascii=False))
    used = {"total_input_tokens": sum(counts.values()), "total_output_tokens": 0, "total_tokens": sum(counts.values())}
    if "[[blocked]]" in prompt:
        return {"prompt_feedback": {"block_reason": "prohibited_content"}, "usage": used}
    answers = {id: _answer(question, f"{prompt}\n{id}") for id, question in questions.items()}
    used["total_output_tokens"] = len(answers)
    return {"answers": answers, "usage": {**used, "total_tokens": used["total_tokens"] + len(answers)}}


def _read(id: str, question: Any) -> Json:
    """A question as read; raises Refused for too few or too many criteria."""
    where = f"questions.{id}"
    read = read_body("Question", question)
    require(read, "instructions", at=where)
    criteria = read.get("criteria")
    match read.get("type"):
        case "noul":
            fits = criteria is None or isinstance(criteria, dict)
        case "choice":
            fits = isinstance(criteria, dict) and _LEAST <= len(criteria) <= _MOST
        case "score":
            fits = isinstance(criteria, list) and _LEAST <= len(criteria) <= _MOST and all(criteria)
        case kind:
            raise refuse_value(kind, f"{where}.type")
    if not fits:
        raise refuse_in_words(400, f"'criteria' at '{where}' must have between {_LEAST} and {_MOST} entries.")
    return read


def _answer(question: Json, seed: str) -> Json:
    kind, criteria = question["type"], question.get("criteria", ())
    seed = f"{seed}\n{json.dumps(question, sort_keys=True)}"
    if kind == "noul":
        noul = _weights(seed, 1)[0] / 257
        noul = round(min(max(noul, 0.01), 0.99), 4)
        return {"type": kind, "noul": noul, "confidence": round(max(noul, 1 - noul), 4)}
    options = list(criteria) if kind == "choice" else [str(level) for level in range(len(criteria))]
    weights = _weights(seed, len(options))
    probabilities = {option: weight / sum(weights) for option, weight in zip(options, weights, strict=True)}
    best = max(probabilities, key=lambda option: probabilities[option])
    told = {"type": kind, "confidence": probabilities[best], "probabilities": probabilities}
    if kind == "choice":
        return {**told, "choice": best}
    score = sum(int(level) * probability for level, probability in probabilities.items())
    return {**told, "score": score, "legend": dict(zip(options, map(str, criteria), strict=True))}


def _weights(seed: str, count: int) -> Sequence[int]:
    return [byte + 1 for byte in hashlib.shake_256(seed.encode("utf-8", "replace")).digest(count)]


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {"createDecision": _create}
