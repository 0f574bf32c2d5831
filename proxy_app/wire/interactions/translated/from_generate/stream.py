"""A stateless interaction as events, each a block of bytes.

    interaction.created, interaction.status_update,
    for each step: step.start, step.delta …, step.stop,
    interaction.completed, done

Events have no `event_id`: there is nothing to be resumed. Google sends none for such an interaction either.
"""

from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.framing.sse import one_line
from proxy_app.wire.interactions.translated.from_generate import status
from proxy_app.wire.interactions.translated.from_generate.pieces import Annotations, Call, Output, Piece, Thought, Tool

DONE = b"event: done\ndata: [DONE]\n\n"

_encode = msgspec.json.Encoder().encode


class Stream:
    """Writes the events of one interaction, and knows which step is open."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._index = -1
        self._open = ""  # the type of the step that more may be added to

    def begun(self) -> list[bytes]:
        interaction = self._interaction(status.IN_PROGRESS)
        update = {"interaction_id": status.NO_ID, "status": status.IN_PROGRESS}
        return [
            _block("interaction.created", {"interaction": interaction}),
            _block("interaction.status_update", update),
        ]

    def ended(self, final: str, fields: dict[str, Any]) -> list[bytes]:
        """`final` is the status, `fields` what else the interaction has in the end."""
        interaction = {**self._interaction(final), **fields}
        return [*self._stop(), _block("interaction.completed", {"interaction": interaction}), DONE]

    def add(self, piece: Piece) -> list[bytes]:
        """The events that say `piece`."""
        match piece:
            case Thought(summary, signature):
                return self._thought(summary, signature)
            case Output(content):
                return [*self._step("model_output"), self._delta(content)]
            case Annotations(sources):
                return [
                    *self._step("model_output"),
                    self._delta({"type": "text_annotation_delta", "annotations": sources}),
                ]
            case Call(id_, name, arguments):
                start = {"type": "function_call", "id": id_, "name": name, "arguments": {}}
                delta = {"type": "arguments_delta", "arguments": _text(arguments)}
                return self._whole(start, delta)
            case Tool(start, fields):
                return self._whole(start, {"type": start["type"], **fields})

    def _thought(self, summary: dict[str, Any] | None, signature: Raw | None) -> list[bytes]:
        events = self._step("thought")
        if summary is not None:
            events.append(self._delta({"type": "thought_summary", "content": summary}))
        if signature is not None:
            events.append(self._delta({"type": "thought_signature", "signature": signature}))
            events += self._stop()
        return events

    def _whole(self, start: dict[str, Any], delta: dict[str, Any]) -> list[bytes]:
        return [*self._stop(), self._start(start), self._delta(delta), *self._stop()]

    def _step(self, kind: str) -> list[bytes]:
        """What opens a step of this kind, unless it is open."""
        return [] if self._open == kind else [*self._stop(), self._start({"type": kind})]

    def _start(self, step: dict[str, Any]) -> bytes:
        self._index += 1
        self._open = str(step["type"])
        return _block("step.start", {"index": self._index, "step": step})

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _block("step.delta", {"index": self._index, "delta": delta})

    def _stop(self) -> list[bytes]:
        if not self._open:
            return []
        self._open = ""
        return [_block("step.stop", {"index": self._index})]

    def _interaction(self, state: str) -> dict[str, Any]:
        return {"id": status.NO_ID, "status": state, "object": "interaction", "model": self._model}


def _block(event_type: str, fields: dict[str, Any]) -> bytes:
    data = one_line(_encode({**fields, "event_type": event_type}))
    return b"event: %b\ndata: %b\n\n" % (event_type.encode(), data)


def _text(arguments: Raw) -> str:
    return bytes(arguments).decode(errors="replace")
