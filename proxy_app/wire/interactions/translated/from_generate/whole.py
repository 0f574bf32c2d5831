"""A stateless interaction as one JSON object."""

from typing import Any

import msgspec

from proxy_app.wire.interactions.translated.from_generate import status
from proxy_app.wire.interactions.translated.from_generate.pieces import Annotations, Call, Output, Piece, Thought, Tool

_encode = msgspec.json.Encoder().encode


class Whole:
    """Gathers the steps of one interaction."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._steps: list[dict[str, Any]] = []

    def add(self, piece: Piece) -> None:
        match piece:
            case Thought(summary, signature):
                thought = self._step("thought", "signature")
                if summary is not None:
                    thought.setdefault("summary", []).append(summary)
                if signature is not None:
                    thought["signature"] = signature
            case Output(content):
                self._step("model_output").setdefault("content", []).append(content)
            case Annotations(sources):
                self._annotate(sources)
            case Call(id_, name, arguments):
                self._steps.append({"type": "function_call", "id": id_, "name": name, "arguments": arguments})
            case Tool(start, fields):
                self._steps.append({**start, **fields})

    def written(self, final: str, fields: dict[str, Any]) -> bytes:
        """`final` is the status, `fields` what else the interaction has."""
        about = {"id": status.NO_ID, "object": "interaction", "status": final, "model": self._model}
        return _encode({**about, **fields, "steps": self._steps})

    def _step(self, kind: str, ended_by: str | None = None) -> dict[str, Any]:
        """The last step, if it is of this kind and has not ended; else a new one."""
        if not self._steps or self._steps[-1]["type"] != kind or ended_by in self._steps[-1]:
            self._steps.append({"type": kind})
        return self._steps[-1]

    def _annotate(self, sources: list[dict[str, Any]]) -> None:
        """The sources are the last text's."""
        texts = [
            content
            for step in self._steps
            if step["type"] == "model_output"
            for content in step.get("content", ())
            if content["type"] == "text"
        ]
        if texts:
            texts[-1]["annotations"] = sources
