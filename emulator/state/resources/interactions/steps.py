"""Steps of an interaction, as they are streamed and as they are in the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emulator.wire.replies import Json

_MEDIA = frozenset({"image", "audio", "video", "document"})


@dataclass(frozen=True, slots=True)
class Step:
    """What `step.start` tells of a step, and the deltas that make it whole."""

    start: Json
    deltas: Sequence[Json] = ()

    def whole(self) -> Json:
        """The step as an answer tells it at once."""
        told, arguments = dict(self.start), ""
        content: list[Json] = []
        for delta in self.deltas:
            kind = delta["type"]
            if kind == "text" and content and content[-1]["type"] == "text":
                content[-1]["text"] += delta["text"]
            elif kind == "text" or kind in _MEDIA:
                content.append(dict(delta))
            elif kind == "text_annotation_delta":
                content[-1]["annotations"] = delta["annotations"]
            elif kind == "thought_summary":
                told["summary"] = [*told.get("summary", ()), delta["content"]]
            elif kind == "thought_signature":
                told["signature"] = delta["signature"]
            elif kind == "arguments_delta":
                arguments += delta["arguments"]
            else:
                told |= {name: value for name, value in delta.items() if name != "type"}
        if arguments:
            told["arguments"] = json.loads(arguments)
        return {**told, "content": content} if content else told


def parted(steps: Sequence[Step], deltas: int) -> tuple[list[Step], list[Step]]:
    """The steps up to so many deltas, and the rest; only words are parted, other steps end where they end."""
    before: list[Step] = []
    for number, step in enumerate(steps):
        if deltas <= 0:
            return before, list(steps[number:])
        if len(step.deltas) > deltas and step.deltas[deltas]["type"] == "text":
            head, tail = replace(step, deltas=step.deltas[:deltas]), replace(step, deltas=step.deltas[deltas:])
            return [*before, head], [tail, *steps[number + 1 :]]
        before.append(step)
        deltas -= len(step.deltas)
    return before, []
