"""An answer as public response objects: one for a unary call, one an event for a stream."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.answers import tokens
from emulator.answers.answer import Answer, Candidate
from emulator.state.models import Model
from emulator.wire.replies import Json, Style, UsageForm


@dataclass(frozen=True, slots=True)
class Meta:
    """What the response objects of one answer have in common; the `public` API tells other fields than v1internal."""

    model: Model
    created: str
    response_id: str
    public: bool

    def fields(self) -> Json:
        told: Json = {"modelVersion": self.model.id}
        if not self.public:
            told["createTime"] = self.created
        told["responseId"] = self.response_id
        if self.public and self.model.signs:
            told["turnToken"] = f"v1_{self.response_id}"
        return told

    def content(self, parts: Sequence[Json]) -> Json:
        """The model's content: the public API puts the role last."""
        listed: Json = {"parts": list(parts)} if parts else {}
        return {**listed, "role": "model"} if self.public else {"role": "model", **listed}

    def index(self, index: int) -> Json:
        """Zero is told by the public API alone, and of models since 2.5."""
        return {"index": index} if index or (self.public and self.model.modern) else {}

    def finish(self, candidate: Candidate, pieces: Sequence[Json]) -> Json:
        """What is told at the end of a candidate, beside its finishReason."""
        told: Json = {}
        if any("functionCall" in piece for piece in pieces) and self.public and self.model.modern:
            told["finishMessage"] = "Model generated function call(s)."
        if not self.model.modern:
            told["avgLogprobs"] = -0.25
        return told | candidate.extra


def new_meta(model: Model, now: float, *, public: bool) -> Meta:
    created = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Meta(model, created, base64.urlsafe_b64encode(secrets.token_bytes(15)).decode(), public)


def whole(answer: Answer, meta: Meta) -> Json:
    """The unary response: neighbouring texts of one kind are one part."""
    if answer.blocked:
        return _blocked(answer, meta)
    candidates = []
    for index, candidate in enumerate(answer.candidates):
        parts = _joined(candidate.pieces)
        if candidate.signature:
            _signed(parts, candidate.signature)
        content = {} if candidate.dropped else meta.content(parts)
        ending = meta.finish(candidate, parts)
        candidates.append({"content": content, "finishReason": candidate.finish, **meta.index(index), **ending})
    all_parts = [[] if candidate.dropped else candidate.pieces for candidate in answer.candidates]
    return {"candidates": candidates, "usageMetadata": usage(answer, all_parts, meta), **meta.fields()}


def events(answer: Answer, meta: Meta, style: Style) -> list[Json]:
    """The stream's response objects, in Google's own way unless the style says otherwise."""
    if answer.blocked:
        return [_blocked(answer, meta)]
    pieces = [_with_last(candidate, style.last) for candidate in answer.candidates]
    told: list[Json] = []
    length = max(len(listed) for listed in pieces)
    for number in range(length):
        candidates = [
            _event_candidate(candidate, listed, number, index, style, meta)
            for index, (candidate, listed) in enumerate(zip(answer.candidates, pieces, strict=True))
            if number < len(listed)
        ]
        event: Json = {"candidates": candidates}
        if style.usage is UsageForm.EVERY or (style.usage is UsageForm.LAST and number == length - 1):
            event["usageMetadata"] = usage(answer, [_parts_of(listed[: number + 1]) for listed in pieces], meta)
        told.append({**event, **meta.fields()})
    if style.usage is UsageForm.TRAILING:
        told.append({"usageMetadata": usage(answer, [_parts_of(listed) for listed in pieces], meta), **meta.fields()})
    return told


def usage(answer: Answer, parts: Sequence[Sequence[Json]], meta: Meta) -> Json:
    """usageMetadata for what was told so far, by candidate; thoughts are counted apart, shown or not."""
    prompt, told = sum(answer.prompt.values()), [part for listed in parts for part in listed if not part.get("thought")]
    counts = tokens.count_parts(told)
    candidates = sum(counts.values())
    counted: Json = {"promptTokenCount": prompt + answer.cached}
    if candidates:
        counted["candidatesTokenCount"] = candidates
    counted["totalTokenCount"] = prompt + answer.cached + candidates + answer.thoughts + answer.tools
    if answer.cached:
        counted["cachedContentTokenCount"] = answer.cached
        counted["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer.cached}]
    prompt_counts = dict(answer.prompt)
    if answer.cached:
        prompt_counts["TEXT"] = prompt_counts.get("TEXT", 0) + answer.cached
    counted["promptTokensDetails"] = tokens.details(prompt_counts)
    if answer.tools:
        counted["toolUsePromptTokenCount"] = answer.tools
        counted["toolUsePromptTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer.tools}]
    # Of text alone, the public API leaves the details out since 2.5.
    if candidates and not (meta.public and meta.model.modern and set(counts) == {"TEXT"}):
        counted["candidatesTokensDetails"] = tokens.details(counts)
    if answer.thoughts:
        counted["thoughtsTokenCount"] = answer.thoughts
    if meta.public:
        counted["serviceTier"] = answer.tier
    return counted


# One event's parts. Of a stream's last one there may be none, or no content, or it is taken back; these mark which.
_Parts = list[Json]
_NO_PARTS: _Parts = []
_NO_CONTENT: _Parts = [{"no": "content"}]
_TAKEN_BACK: _Parts = [{"taken": "back"}]


def _with_last(candidate: Candidate, last: str) -> list[_Parts]:
    """The parts by event, with the finishing one: Gemini 3 ends with an empty text that carries the signature.

    Calls of one turn come in one event.
    """
    events: list[_Parts] = []
    for piece in candidate.pieces:
        if events and "functionCall" in piece and "functionCall" in events[-1][-1]:
            events[-1].append(dict(piece))
        else:
            events.append([dict(piece)])
    if candidate.dropped:
        return [*events, _TAKEN_BACK]
    match last or ("empty_text" if candidate.signature else "text"):
        case "empty_text":
            events.append([{"text": ""}])
        case "no_parts":
            return [*events, _NO_PARTS]
        case "no_content":
            return [*events, _NO_CONTENT]
    if candidate.signature and events:
        events[-1][-1]["thoughtSignature"] = candidate.signature
    return events or [_NO_PARTS]


def _parts_of(events: Sequence[_Parts]) -> list[Json]:
    return [part for parts in events if parts is not _NO_CONTENT and parts is not _TAKEN_BACK for part in parts]


def _event_candidate(
    candidate: Candidate, events: Sequence[_Parts], number: int, index: int, style: Style, meta: Meta
) -> Json:
    parts, told = events[number], dict[str, object]()
    if parts is _TAKEN_BACK:
        told["content"] = {}
    elif parts is not _NO_CONTENT:
        told["content"] = meta.content(parts)
    if number == len(events) - 1:
        told |= ({"finishReason": candidate.finish} if style.finish else {}) | meta.finish(candidate, parts)
    return told | meta.index(index)


def _joined(pieces: Sequence[Json]) -> list[Json]:
    parts: list[Json] = []
    for piece in pieces:
        if parts and "text" in piece and "text" in parts[-1] and piece.get("thought") == parts[-1].get("thought"):
            parts[-1]["text"] += piece["text"]
        else:
            parts.append(dict(piece))
    return parts


def _signed(parts: list[Json], signature: str) -> None:
    texts = [part for part in parts if not part.get("thought")]
    if texts:
        texts[-1]["thoughtSignature"] = signature
    else:
        parts.append({"text": "", "thoughtSignature": signature})


def _blocked(answer: Answer, meta: Meta) -> Json:
    prompt = sum(answer.prompt.values())
    counted = {"promptTokenCount": prompt, "totalTokenCount": prompt}
    counted_details = {"promptTokensDetails": tokens.details(answer.prompt)}
    return {
        "promptFeedback": {"blockReason": answer.blocked},
        "usageMetadata": {**counted, **counted_details},
        **meta.fields(),
    }
