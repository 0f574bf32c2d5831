"""An answer as public response objects: one for a unary call, one an event for a stream."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from emulator.answers import tokens
from emulator.answers.answer import Answer, Candidate
from emulator.wire.replies import Json, Style, UsageForm


@dataclass(frozen=True, slots=True)
class Meta:
    """What every response object of one answer repeats."""

    model: str
    created: str
    response_id: str

    def fields(self) -> Json:
        return {"modelVersion": self.model, "createTime": self.created, "responseId": self.response_id}


def new_meta(model: str, now: float) -> Meta:
    created = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Meta(model, created, base64.urlsafe_b64encode(secrets.token_bytes(15)).decode())


def whole(answer: Answer, meta: Meta) -> Json:
    """The unary response: neighbouring texts of one kind are one part."""
    if answer.blocked:
        return _blocked(answer, meta)
    candidates = []
    for index, candidate in enumerate(answer.candidates):
        parts = _joined(candidate.pieces)
        if candidate.signature:
            _signed(parts, candidate.signature)
        content: Json = {"content": {"role": "model", **({"parts": parts} if parts else {})}}
        candidates.append({**content, "finishReason": candidate.finish, **_index(index), **candidate.extra})
    all_parts = [candidate.pieces for candidate in answer.candidates]
    return {"candidates": candidates, "usageMetadata": usage(answer, all_parts), **meta.fields()}


def events(answer: Answer, meta: Meta, style: Style) -> list[Json]:
    """The stream's response objects, in Google's own way unless the style says otherwise."""
    if answer.blocked:
        return [_blocked(answer, meta)]
    pieces = [_with_last(candidate, style.last) for candidate in answer.candidates]
    told: list[Json] = []
    length = max(len(listed) for listed in pieces)
    for number in range(length):
        candidates = [
            _event_candidate(candidate, listed, number, index, style)
            for index, (candidate, listed) in enumerate(zip(answer.candidates, pieces, strict=True))
            if number < len(listed)
        ]
        event: Json = {"candidates": candidates}
        if style.usage is UsageForm.EVERY or (style.usage is UsageForm.LAST and number == length - 1):
            event["usageMetadata"] = usage(answer, [_parts_of(listed[: number + 1]) for listed in pieces])
        told.append({**event, **meta.fields()})
    if style.usage is UsageForm.TRAILING:
        told.append({"usageMetadata": usage(answer, [_parts_of(listed) for listed in pieces]), **meta.fields()})
    return told


def usage(answer: Answer, parts: Sequence[Sequence[Json]]) -> Json:
    """usageMetadata for what was told so far, by candidate; thoughts are counted apart, shown or not."""
    prompt, told = sum(answer.prompt.values()), [part for listed in parts for part in listed if not part.get("thought")]
    counts = tokens.count_parts(told)
    candidates = sum(counts.values())
    counted: Json = {"promptTokenCount": prompt + answer.cached}
    if candidates:
        counted["candidatesTokenCount"] = candidates
    counted["totalTokenCount"] = prompt + answer.cached + candidates + answer.thoughts
    if answer.cached:
        counted["cachedContentTokenCount"] = answer.cached
        counted["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer.cached}]
    prompt_counts = dict(answer.prompt)
    if answer.cached:
        prompt_counts["TEXT"] = prompt_counts.get("TEXT", 0) + answer.cached
    counted["promptTokensDetails"] = tokens.details(prompt_counts)
    if candidates:
        counted["candidatesTokensDetails"] = tokens.details(counts)
    if answer.thoughts:
        counted["thoughtsTokenCount"] = answer.thoughts
    return counted


# What a stream's last event holds, when it is not a part: the marks for no parts, and no content at all.
_NO_PARTS: Json = {"no": "parts"}
_NO_CONTENT: Json = {"no": "content"}


def _with_last(candidate: Candidate, last: str) -> list[Json]:
    """The pieces with the finishing one: Gemini 3 ends with an empty text that carries the signature."""
    pieces = [dict(piece) for piece in candidate.pieces]
    match last or ("empty_text" if candidate.signature else "text"):
        case "empty_text":
            pieces.append({"text": ""})
        case "no_parts":
            return [*pieces, _NO_PARTS]
        case "no_content":
            return [*pieces, _NO_CONTENT]
    if candidate.signature and pieces:
        pieces[-1]["thoughtSignature"] = candidate.signature
    return pieces or [_NO_PARTS]


def _parts_of(pieces: Sequence[Json]) -> list[Json]:
    return [piece for piece in pieces if piece is not _NO_PARTS and piece is not _NO_CONTENT]


def _event_candidate(candidate: Candidate, pieces: Sequence[Json], number: int, index: int, style: Style) -> Json:
    piece, told = pieces[number], dict[str, object]()
    if piece is _NO_PARTS:
        told["content"] = {"role": "model"}
    elif piece is not _NO_CONTENT:
        told["content"] = {"role": "model", "parts": [piece]}
    if number == len(pieces) - 1:
        told |= ({"finishReason": candidate.finish} if style.finish else {}) | candidate.extra
    return told | _index(index)


def _index(index: int) -> Json:
    return {"index": index} if index else {}


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
