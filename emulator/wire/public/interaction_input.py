"""What goes into an interaction, read as steps: a string, content, a list of content, steps, or both in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.wire.public.interaction_bodies import refuse_value
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

_CONTENT_TYPES = frozenset({"text", "image", "audio", "video", "document"})
_TOOLS = (
    "code_execution",
    "file_search",
    "google_maps",
    "google_search",
    "mcp_server_tool",
    "processing",
    "retrieval",
    "tool_search",
    "url_context",
)
_STEP_TYPES = frozenset(
    {
        "user_input",
        "model_output",
        "thought",
        "function_call",
        "function_result",
        *(f"{tool}_{half}" for tool in _TOOLS for half in ("call", "result")),
    }
)
# What a step cannot be without.
_NEEDED = {"function_call": ("id", "name", "arguments"), "function_result": ("call_id", "result")}

LEGACY = (
    "The legacy Interactions API schema is no longer supported. Please use the steps schema, see "
    "https://ai.google.dev/gemini-api/docs/interactions."
)


def steps_of(given: Any) -> list[Json]:
    """The steps; neighbouring content is one user_input. Raises Refused with a word for its code."""
    if isinstance(given, str):
        return [{"type": "user_input", "content": [{"type": "text", "text": given}]}]
    steps: list[Json] = []
    for index, item in enumerate(given if isinstance(given, list) else [given]):
        where = f"input[{index}]" if isinstance(given, list) else "input"
        if isinstance(item, dict) and "role" in item:
            raise refuse_in_words(400, LEGACY)
        kind = item.get("type") if isinstance(item, dict) else None
        if kind in _STEP_TYPES:
            steps.append(_step(item, where))
        elif kind in _CONTENT_TYPES:
            if not steps or steps[-1].get("of") != "content":
                steps.append({"type": "user_input", "content": [], "of": "content"})
            steps[-1]["content"].append(_content(item, where))
        else:
            raise refuse_value(kind, f"{where}.type")
    return [{name: value for name, value in step.items() if name != "of"} for step in steps]


def _step(step: Json, where: str) -> Json:
    for name in _NEEDED.get(step["type"], ()):
        if step.get(name) is None:
            raise refuse_in_words(400, f"'{name}' is required at '{where}'.")
    if step["type"] in {"user_input", "model_output"}:
        listed: Sequence[Any] = step.get("content") or []
        return {**step, "content": [_content(one, f"{where}.content[{index}]") for index, one in enumerate(listed)]}
    return dict(step)


def _content(content: Any, where: str) -> Json:
    kind = content.get("type") if isinstance(content, dict) else None
    if kind not in _CONTENT_TYPES:
        raise refuse_value(kind, f"{where}.type")
    if kind == "text" and not isinstance(content.get("text"), str):
        raise refuse_in_words(400, f"'text' is required at '{where}'.")
    if kind != "text" and not content.get("data") and not content.get("uri"):
        raise refuse_in_words(400, f"'data' or 'uri' is required at '{where}'.")
    return dict(content)
