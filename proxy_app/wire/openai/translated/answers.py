"""generateContent's answers in OpenAI's words: completions, and chunks of them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.calls import Call
from proxy_app.wire.interactions.translated.from_generate.answers import Answer, Candidate, Counts, Part, read
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.wanted import tells_usage

_FINISHES = {"STOP": "stop", "MAX_TOKENS": "length"}
_FILTERED = "content_filter"
_UNSPECIFIED = (None, "", "FINISH_REASON_UNSPECIFIED")
_NOT_BLOCKED = (None, "", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Completion:
    """A whole answer: `told` makes it of the one frame that there is."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def told(self, frame: bytes) -> list[bytes]:
        """Raises NotAnAnswer."""
        answer = read(frame)
        choices = [_choice(each, _Said(each, 0), "message") for each in _candidates(answer)]
        about = _about(self._call, answer, "chat.completion")
        return [_encode({**about, "choices": choices, "usage": _usage(answer.usage_metadata or Counts())})]

    def ended(self) -> list[bytes]:
        return []


class Chunks:
    """A stream: each event becomes a chunk; the last one is followed by what was used, where that is asked for, and by
    `[DONE]`.
    """

    def __init__(self, call: Call, choices: int) -> None:
        self._call = call
        self._wanted = choices
        self._tells_usage = tells_usage(call.body)
        self._calls: dict[int, int] = {}  # of functions, by choice; one that is here has begun
        self._finished: set[int] = set()
        self._counts = Counts()
        self._last = Answer()
        self._is_over = False

    def told(self, frame: bytes) -> list[bytes]:
        """Raises NotAnAnswer."""
        answer = read(frame)
        self._counts, self._last = answer.usage_metadata or self._counts, answer
        if self._is_over:
            return []
        choices = [self._chunk(each) for each in _candidates(answer)]
        frames = [self._written(choices)] if choices else []
        is_whole = len(self._finished) >= self._wanted
        return frames + self.ended() if is_whole and answer.usage_metadata is not None else frames

    def ended(self) -> list[bytes]:
        """What ends the stream, once."""
        if self._is_over:
            return []
        self._is_over = True
        usage = [self._written([], usage=_usage(self._counts))] if self._tells_usage else []
        return [*usage, b"[DONE]"]

    def _chunk(self, candidate: Candidate) -> dict[str, Any]:
        index = candidate.index or 0
        is_first, before = index not in self._calls, self._calls.get(index, 0)
        said = _Said(candidate, before)
        self._calls[index] = before + len(said.calls)
        choice = _choice(candidate, said, "delta", called=self._calls[index] > 0)
        if is_first:
            choice["delta"] = {"role": "assistant", **choice["delta"]}
        if choice["finish_reason"] is not None:
            self._finished.add(index)
        return choice

    def _written(self, choices: Sequence[dict[str, Any]], **more: Any) -> bytes:
        return _encode({**_about(self._call, self._last, "chat.completion.chunk"), "choices": choices, **more})


class _Said:
    """What a candidate's parts say. `calls` are of functions, `first` the number of the first one."""

    def __init__(self, candidate: Candidate, first: int) -> None:
        parts = candidate.content.parts if candidate.content else None
        shown = [part for part in parts or () if not part.thought]
        self.text = "".join(_decoded(part.text) for part in shown if bytes(part.text)[:1] == b'"')
        self.calls = [
            _tool_call(part, number, candidate.index or 0)
            for number, part in enumerate((part for part in shown if part.function_call), first)
        ]
        self.numbered = [{"index": number, **call} for number, call in enumerate(self.calls, first)]
        self.images = [_image(part) for part in shown if part.inline_data is not None]


def _candidates(answer: Answer) -> Sequence[Candidate]:
    """A prompt that was blocked is a choice without a word."""
    feedback = answer.prompt_feedback
    if feedback is not None and feedback.block_reason not in _NOT_BLOCKED:
        return [Candidate(finish_reason="SAFETY")]
    return answer.candidates or []


def _choice(candidate: Candidate, said: _Said, field: str, *, called: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {} if field == "delta" else {"role": "assistant", "content": said.text or None}
    if field == "delta" and said.text:
        told["content"] = said.text
    if said.calls:
        told["tool_calls"] = said.calls if field == "message" else said.numbered
    if said.images:
        told["images"] = said.images
    finish = None
    if candidate.finish_reason not in _UNSPECIFIED:
        finish = _FINISHES.get(str(candidate.finish_reason), _FILTERED)
        finish = "tool_calls" if finish == "stop" and (said.calls or called) else finish
    return {"index": candidate.index or 0, field: told, "finish_reason": finish}


def _tool_call(part: Part, number: int, choice: int) -> dict[str, Any]:
    call = part.function_call
    assert call is not None
    arguments = json.dumps(_decoded(call.args), ensure_ascii=False) if bytes(call.args) else "{}"
    made: dict[str, Any] = {
        "id": call.id or f"call_{choice}_{number}_{call.name}",
        "type": "function",
        "function": {"name": call.name or "", "arguments": arguments},
    }
    if bytes(part.thought_signature):
        made["extra_content"] = {"google": {"thought_signature": part.thought_signature}}
    return made


def _image(part: Part) -> dict[str, Any]:
    blob = part.inline_data
    assert blob is not None
    url = f"data:{blob.mime_type or 'image/png'};base64,{_decoded(blob.data)}"
    return {"type": "image_url", "image_url": {"url": url}}


def _usage(counts: Counts) -> dict[str, Any]:
    """Thoughts are part of a completion, as in OpenAI's own answers."""
    prompt = (counts.prompt_token_count or 0) + (counts.tool_use_prompt_token_count or 0)
    thoughts = counts.thoughts_token_count or 0
    completion = (counts.candidates_token_count or 0) + thoughts
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": counts.total_token_count or prompt + completion,
        "prompt_tokens_details": {"cached_tokens": counts.cached_content_token_count or 0},
        "completion_tokens_details": {"reasoning_tokens": thoughts},
    }


def _decoded(value: Raw) -> Any:
    """Raises NotAnAnswer."""
    try:
        return _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnAnswer("an answer of an unknown shape") from None


def _about(call: Call, answer: Answer, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{call.request_id}", "object": kind, "created": _created(answer), "model": call.model}


def _created(answer: Answer) -> int:
    """0 where upstream does not say."""
    try:
        return int(datetime.fromisoformat(answer.create_time or "").timestamp())
    except ValueError:
        return 0
