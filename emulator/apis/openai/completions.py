"""Google's responses told as OpenAI's chat completions, whole or a chunk at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from emulator.answers.tools.function_calls import call_id
from emulator.wire.replies import Json

_FINISHES = {"STOP": "stop", "MAX_TOKENS": "length"}


def completion(response: Json, created: float) -> Json:
    """A `chat.completion`; thoughts are not told."""
    choices = [_choice(one, "message") for one in _candidates(response)]
    return {"choices": choices, **_about(response, created, "chat.completion"), "usage": usage(response)}


def chunk(response: Json, created: float, *, with_usage: bool) -> Json:
    """A `chat.completion.chunk`; with usage every one tells what was used so far."""
    choices = [_choice(one, "delta") for one in _candidates(response)]
    told = {"choices": choices, **_about(response, created, "chat.completion.chunk")}
    return {**told, "usage": usage(response)} if with_usage and "usageMetadata" in response else told


def usage(response: Json) -> Json:
    """What was used. Thoughts count in the total alone."""
    counted = response.get("usageMetadata", {})
    told: Json = {
        "completion_tokens": counted.get("candidatesTokenCount", 0),
        "prompt_tokens": counted.get("promptTokenCount", 0),
        "total_tokens": counted.get("totalTokenCount", 0),
    }
    if cached := counted.get("cachedContentTokenCount"):
        told["prompt_tokens_details"] = {"cached_tokens": cached}
    return told


def _candidates(response: Json) -> Sequence[Json]:
    blocked = [{"finishReason": "SAFETY"}] if "promptFeedback" in response else []
    return response.get("candidates", blocked)


def _choice(candidate: Json, field: str) -> Json:
    parts = [part for part in candidate.get("content", {}).get("parts", ()) if not part.get("thought")]
    said = "".join(part.get("text", "") for part in parts)
    calls = [_tool_call(part, index) for index, part in enumerate(part for part in parts if "functionCall" in part)]
    told: Json = {"role": "assistant"}
    if said or not calls:
        told["content"] = said
    if calls:
        told["tool_calls"] = calls
    told |= next((_signature(part) for part in parts if "text" in part and "thoughtSignature" in part), {})
    choice: Json = {field: told, "index": candidate.get("index", 0)}
    if reason := candidate.get("finishReason"):
        finish = _FINISHES.get(reason, "content_filter")
        choice["finish_reason"] = "tool_calls" if calls and finish == "stop" else finish
    return choice


def _tool_call(part: Json, index: int) -> Json:
    """Always whole; unlike OpenAI's own it has no index in a stream."""
    call = part["functionCall"]
    function = {"arguments": json.dumps(call.get("args", {}), ensure_ascii=False), "name": call["name"]}
    return {**_signature(part), "function": function, "id": call.get("id") or call_id(call, index), "type": "function"}


def _signature(part: Json) -> dict[str, Any]:
    signature = part.get("thoughtSignature")
    return {"extra_content": {"google": {"thought_signature": signature}}} if signature else {}


def _about(response: Json, created: float, kind: str) -> Json:
    return {
        "created": int(created),
        "id": response.get("responseId", ""),
        "model": response.get("modelVersion", ""),
        "object": kind,
    }
