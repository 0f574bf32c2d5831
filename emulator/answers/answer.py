"""One answer of the model, whole: what it says, calls, draws or refuses, why it stops, and what it counts.

Words in the prompt that make it misbehave, for those who cannot script it: `[[blocked]]` `[[safety]]` `[[recitation]]`
`[[empty]]` `[[no content]]`.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from emulator.answers import tokens
from emulator.answers.conversation import Conversation
from emulator.answers.media.pictures import draw
from emulator.answers.media.sounds import SPEECH_TYPE, say
from emulator.answers.signatures import sign
from emulator.answers.tools.function_calls import call_id, calls_for
from emulator.answers.tools.hosted_tools import play_tools, supported
from emulator.answers.words.instructions import dressed, instead
from emulator.answers.words.speech import speak, subject_of, think
from emulator.state.models import Model
from emulator.wire.replies import Json
from emulator.wire.schema import InstanceWriter

# Tokens a streamed event: a short first one, so that something is seen at once, then growing ones.
_EVENT_SIZES = (2, 5, 9, 14, 20)
_LONG_TEXT_EVENT = 40
_HARMS = ("HATE_SPEECH", "DANGEROUS_CONTENT", "HARASSMENT", "SEXUALLY_EXPLICIT")


@dataclass(slots=True)
class Candidate:
    """One candidate: its parts in the order of a stream; `signature` goes on the last part of all.

    extra    fields beside the content, told with the finishReason
    dropped  the content is taken back in the end
    """

    pieces: list[Json]
    finish: str = "STOP"
    signature: str = ""
    extra: Json = field(default_factory=dict)
    dropped: bool = False


@dataclass(slots=True)
class Answer:
    """Candidates and counts. `blocked` (a block reason) means that there are none."""

    candidates: list[Candidate]
    prompt: dict[str, int]
    thoughts: int = 0
    cached: int = 0
    tools: int = 0
    blocked: str = ""
    tier: str = "standard"


def answer(inner: Json, model: Model, *, texts: Sequence[str] | None = None, binding: str | None = None) -> Answer:
    """The answer to a checked request; `texts` are said instead of the emulator's own words, a piece an event."""
    talk = Conversation(inner)
    counted = Answer([], tokens.count_prompt(inner), tier=str(inner.get("serviceTier") or "standard").lower())
    if "[[blocked]]" in talk.prompt:
        counted.blocked = "PROHIBITED_CONTENT"
        return counted
    thoughts = _within(talk.config.get("maxOutputTokens"), think(talk) if model.thinks and talk.may_think() else [])
    counted.thoughts = sum(tokens.count_text(thought) for thought in thoughts)
    shown = [{"text": thought, "thought": True} for thought in thoughts] if talk.wants_thoughts() else []
    for variation in range(talk.config.get("candidateCount", 1)):
        candidate = _candidate(talk, model, variation, texts, binding, counted)
        candidate.pieces = [*shown, *candidate.pieces]
        counted.candidates.append(candidate)
    return counted


def _candidate(
    talk: Conversation,
    model: Model,
    variation: int,
    texts: Sequence[str] | None,
    binding: str | None,
    counted: Answer,
) -> Candidate:
    if texts is not None:
        return _limited([{"text": text} for text in texts], talk, counted.thoughts)
    if calls := calls_for(talk):
        return Candidate(_call_parts(calls, model, binding))
    if special := _special(talk):
        return special
    if talk.wants_json():
        candidate = _limited(_text_parts(_structured(talk)), talk, counted.thoughts)
    else:
        candidate = _spoken(talk, variation, counted)
    if model.speaks or "AUDIO" in talk.config.get("responseModalities", ()):
        return Candidate([{"inlineData": {"mimeType": SPEECH_TYPE, "data": say(talk.prompt)}}])
    if model.draws or "IMAGE" in talk.config.get("responseModalities", ()):
        picture = {"inlineData": {"mimeType": "image/png", "data": draw(f"{talk.prompt}{variation}")}}
        candidate.pieces.append(picture)
    if model.signs or talk.wants_thoughts():
        candidate.signature = sign(f"{talk.prompt}{variation}", binding)
    return candidate


def _spoken(talk: Conversation, variation: int, counted: Answer) -> Candidate:
    """Words, after what Google's own tools did for them."""
    played = play_tools(talk)
    counted.tools = played.tokens
    text = _enumerated(talk) or dressed(talk, f"{played.said}{instead(talk) or speak(talk, variation)}")
    supported(played, text)
    candidate = _limited(_text_parts(text), talk, counted.thoughts)
    candidate.pieces[:0] = played.parts
    candidate.extra = played.extra
    return candidate


def _call_parts(calls: Sequence[Json], model: Model, binding: str | None) -> list[Json]:
    parts: list[Json] = []
    for index, call in enumerate(calls):
        numbered = {"id": call_id(call, index), **call} if model.numbers_calls else call
        part: Json = {"functionCall": numbered}
        if model.signs and not index:
            part["thoughtSignature"] = sign(json.dumps(call, sort_keys=True, default=str), binding)
        parts.append(part)
    return parts


def _special(talk: Conversation) -> Candidate | None:
    prompt = talk.prompt
    if "[[safety]]" in prompt:
        return Candidate([{"text": "I would rather"}], "SAFETY", extra={"safetyRatings": _ratings()}, dropped=True)
    if "[[recitation]]" in prompt:
        return Candidate([{"text": "It was the best of times,"}], "RECITATION")
    if "[[empty]]" in prompt:
        return Candidate([{"text": ""}])
    return Candidate([]) if "[[no content]]" in prompt else None


def _ratings() -> list[Json]:
    ratings: list[Json] = [{"category": f"HARM_CATEGORY_{harm}", "probability": "NEGLIGIBLE"} for harm in _HARMS]
    ratings[1] |= {"probability": "HIGH", "blocked": True}
    return ratings


def _structured(talk: Conversation) -> str:
    schema = talk.response_schema()
    if schema is None:
        return json.dumps({"answer": speak(talk)}, ensure_ascii=False, indent=2)
    words = subject_of(talk.prompt).split()
    return json.dumps(InstanceWriter(schema, words).write(), ensure_ascii=False, indent=2)


def _enumerated(talk: Conversation) -> str:
    if talk.config.get("responseMimeType") != "text/x.enum":
        return ""
    return str(InstanceWriter(talk.response_schema(), subject_of(talk.prompt).split()).write())


def _text_parts(text: str) -> list[Json]:
    sizes = itertools.chain(_EVENT_SIZES, itertools.repeat(_LONG_TEXT_EVENT))
    return [{"text": piece} for piece in tokens.pieces_of(text, sizes)]


def _within(limit: int | None, thoughts: Sequence[str]) -> list[str]:
    """The thoughts up to maxOutputTokens, which counts them too."""
    kept: list[str] = []
    for thought in thoughts:
        left = None if limit is None else limit - sum(map(tokens.count_text, kept))
        if left is not None and left <= 0:
            break
        kept.append(thought if left is None else tokens.first_tokens(thought, left))
    return kept


def _limited(parts: list[Json], talk: Conversation, thoughts: int) -> Candidate:
    """The parts up to the first stop sequence, and to what the thoughts have left of maxOutputTokens."""
    finish, text = "STOP", "".join(part["text"] for part in parts)
    kept = text
    for stop in talk.config.get("stopSequences", ()):
        if stop and (at := kept.find(stop)) >= 0:
            kept = kept[:at]
    limit = talk.config.get("maxOutputTokens")
    if limit and tokens.count_text(kept) > limit - thoughts:
        kept, finish = tokens.first_tokens(kept, limit - thoughts), "MAX_TOKENS"
    return Candidate(parts if kept == text else _first_characters(parts, len(kept)), finish)


def _first_characters(parts: list[Json], length: int) -> list[Json]:
    kept: list[Json] = []
    for part in parts:
        if length <= 0:
            break
        kept.append({"text": part["text"][:length]})
        length -= len(part["text"])
    return kept


def fingerprint(inner: Json) -> str:
    """The same for every turn of a conversation: its system instruction, tools and first content."""
    start = [inner.get("systemInstruction"), inner.get("tools"), inner["contents"][0]]
    return hashlib.sha256(json.dumps(start, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()
