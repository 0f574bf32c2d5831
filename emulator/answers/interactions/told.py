"""An answer of a model told in steps, and what it counts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from emulator.answers import tokens
from emulator.answers.answer import Answer, Candidate
from emulator.answers.signatures import sign
from emulator.answers.tools.function_calls import call_id
from emulator.state.resources.interactions.steps import Step
from emulator.wire.replies import Json

_PIECE = 24

# How an answer ended, as the status of its interaction.
_OUTCOMES = {"STOP": "completed", "MAX_TOKENS": "incomplete"}


def steps_of(told: Answer, prompt: str, binding: str | None) -> list[Step]:
    """The steps of an answer: thought, then what Google's own tools did, then code, words, media and calls."""
    candidate = told.candidates[0] if told.candidates else Candidate([])
    pieces = [piece for piece in candidate.pieces if not piece.get("thought")]
    calls = [piece for piece in pieces if "functionCall" in piece]
    signature = candidate.signature or next((piece.get("thoughtSignature", "") for piece in calls), "")
    steps: list[Step] = []
    if told.thoughts or signature:
        summary = [piece["text"] for piece in candidate.pieces if piece.get("thought")]
        steps.append(thought(summary, signature or sign(prompt, binding)))
    steps += _searches(candidate.extra)
    if candidate.dropped:
        return steps
    annotations = _annotations(candidate.extra, pieces)
    for number, piece in enumerate(pieces):
        _add(steps, piece, number)
    if annotations and steps and steps[-1].start["type"] == "model_output":
        last = steps[-1]
        noted: Json = {"type": "text_annotation_delta", "annotations": annotations}
        steps[-1] = Step(last.start, [*last.deltas, noted])
    return steps


def outcome_of(told: Answer) -> tuple[str, list[Json]]:
    """The status in the end, and the errors that go with it."""
    if told.blocked or not told.candidates:
        return "failed", [{"code": "blocked", "message": f"The prompt was blocked: {told.blocked}."}]
    candidate = told.candidates[0]
    if any("functionCall" in piece for piece in candidate.pieces):
        return "requires_action", []
    outcome = _OUTCOMES.get(candidate.finish, "failed")
    text = f"The answer was stopped: {candidate.finish}."
    return outcome, [{"code": "blocked", "message": text}] if outcome == "failed" else []


def usage_of(told: Answer, steps: Sequence[Step]) -> Json:
    """The usage of an answer as far as it was told in `steps`."""
    output = tokens.count_parts(_counted(steps))
    prompt = {**told.prompt, "TEXT": told.prompt.get("TEXT", 0) + told.cached}
    counted: Json = {
        "total_input_tokens": sum(prompt.values()),
        "input_tokens_by_modality": _by_modality(prompt),
        "total_cached_tokens": told.cached,
        "total_output_tokens": sum(output.values()),
        "output_tokens_by_modality": _by_modality(output),
        "total_tool_use_tokens": told.tools,
        "total_thought_tokens": told.thoughts,
        "total_tokens": sum(prompt.values()) + sum(output.values()) + told.thoughts + told.tools,
    }
    if told.cached:
        counted["cached_tokens_by_modality"] = _by_modality({"TEXT": told.cached})
    if told.tools:
        counted["tool_use_tokens_by_modality"] = _by_modality({"TEXT": told.tools})
    if searches := sum(step.start["type"] == "google_search_call" for step in steps):
        counted["grounding_tool_count"] = [{"type": "google_search", "count": searches}]
    return counted


def thought(summary: Iterable[str], signature: str) -> Step:
    said = [{"type": "thought_summary", "content": {"type": "text", "text": text}} for text in summary]
    return Step({"type": "thought"}, [*said, {"type": "thought_signature", "signature": signature}])


def tool_steps(tool: str, arguments: Json | None, result: object) -> list[Step]:
    """What one of Google's own tools was asked, and what it found; None is for a tool that tells neither."""
    id = hashlib.sha256(json.dumps([tool, arguments], default=str).encode()).hexdigest()[:8]
    call: Json = {"type": f"{tool}_call", **({"arguments": arguments} if arguments is not None else {})}
    found: Json = {"type": f"{tool}_result", **({"result": result} if result is not None else {})}
    return [Step({"type": call["type"], "id": id}, [call]), Step({"type": found["type"], "call_id": id}, [found])]


def _searches(extra: Json) -> list[Step]:
    steps: list[Step] = []
    grounding = extra.get("groundingMetadata", {})
    chunks = grounding.get("groundingChunks", ())
    if queries := grounding.get("webSearchQueries"):
        shown = grounding["searchEntryPoint"]["renderedContent"]
        steps += tool_steps("google_search", {"queries": queries}, [{"search_suggestions": shown}])
    if places := [chunk["maps"] for chunk in chunks if "maps" in chunk]:
        found = [{"name": place["title"], "url": place["uri"], "place_id": place["placeId"]} for place in places]
        steps += tool_steps("google_maps", {}, [{"places": found}])
    if any("retrievedContext" in chunk for chunk in chunks):
        steps += tool_steps("file_search", None, None)
    if pages := extra.get("urlContextMetadata", {}).get("urlMetadata"):
        urls = [page["retrievedUrl"] for page in pages]
        steps += tool_steps("url_context", {"urls": urls}, [{"url": url, "status": "success"} for url in urls])
    return steps


def _add(steps: list[Step], piece: Json, number: int) -> None:
    """One piece of an answer, which goes on with the words before it or is a step of its own."""
    if call := piece.get("functionCall"):
        written = json.dumps(call.get("args") or {}, ensure_ascii=False)
        listed = [
            {"type": "arguments_delta", "arguments": written[at : at + _PIECE]} for at in range(0, len(written), _PIECE)
        ]
        id = str(call.get("id") or call_id(call, number))
        steps.append(Step({"type": "function_call", "id": id, "name": call["name"], "arguments": {}}, listed))
    elif code := piece.get("executableCode"):
        steps += tool_steps("code_execution", {"language": "python", "code": code["code"]}, "")[:1]
    elif result := piece.get("codeExecutionResult"):
        id = steps[-1].start["id"]
        found = {"type": "code_execution_result", "result": result["output"]}
        steps.append(Step({"type": "code_execution_result", "call_id": id}, [found]))
    else:
        delta = _media(piece["inlineData"]) if "inlineData" in piece else {"type": "text", "text": piece["text"]}
        if steps and steps[-1].start["type"] == "model_output":
            steps[-1] = Step(steps[-1].start, [*steps[-1].deltas, delta])
        else:
            steps.append(Step({"type": "model_output"}, [delta]))


def _media(blob: Json) -> Json:
    """`audio/L16;codec=pcm;rate=24000` is `audio/l16` with a sample_rate."""
    mime_type, *settings = str(blob["mimeType"]).split(";")
    told: Json = {"type": mime_type.partition("/")[0], "mime_type": mime_type.lower(), "data": blob["data"]}
    rates = [one.partition("=")[2] for one in settings if one.startswith("rate=")]
    return told | ({"sample_rate": int(rates[0]), "channels": 1} if rates else {})


def _annotations(extra: Json, pieces: Sequence[Json]) -> list[Json]:
    """What the words are taken from: all of them from each source."""
    end = len("".join(piece.get("text", "") for piece in pieces).encode("utf-8", "replace"))
    told: list[Json] = []
    for chunk in extra.get("groundingMetadata", {}).get("groundingChunks", ()):
        span = {"start_index": 0, "end_index": end}
        if web := chunk.get("web"):
            told.append({"type": "url_citation", "url": web["uri"], "title": web["title"], **span})
        elif place := chunk.get("maps"):
            named = {"name": place["title"], "url": place["uri"], "place_id": place["placeId"]}
            told.append({"type": "place_citation", **named, **span})
        elif passage := chunk.get("retrievedContext"):
            told.append({"type": "file_citation", "file_name": passage["title"], "source": passage["text"], **span})
    return told


def _counted(steps: Sequence[Step]) -> list[Json]:
    """What was put out as parts, which is what tokens are counted of; thoughts and tools are counted apart."""
    parts: list[Json] = []
    for step in steps:
        kind = step.start["type"]
        if kind == "model_output":
            for content in step.whole().get("content", ()):
                if content["type"] == "text":
                    parts.append({"text": content["text"]})
                else:
                    parts.append({"inlineData": {"mimeType": content["mime_type"], "data": content["data"]}})
        elif kind == "function_call":
            told = step.whole()
            parts.append({"functionCall": {"name": told["name"], "args": told["arguments"]}})
        elif kind == "code_execution_call":
            parts.append({"text": step.whole()["arguments"]["code"]})
    return parts


def _by_modality(counts: dict[str, int]) -> list[Json]:
    return [{"modality": modality.lower(), "tokens": count} for modality, count in counts.items() if count]
