"""A generate request read as a conversation: who said what, what was attached, what may be called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from emulator.answers.media.pictures import describe
from emulator.wire.fields import decoded_bytes
from emulator.wire.replies import Json

# Blocks that coding tools put into a user's turn: their tags have names of several words.
_CONTEXT = re.compile(r"^\s*<([a-z]+(?:[_-][a-z]+)+)>.*?</\1>\s*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request in canonical spelling (`fields.read_message`), asked for what the answer depends on."""

    inner: Json

    @property
    def contents(self) -> Sequence[Json]:
        return self.inner["contents"]

    @property
    def last_parts(self) -> Sequence[Json]:
        """The parts of the last turn."""
        return merged(self.contents)[-1].get("parts", ())

    @property
    def config(self) -> Json:
        return self.inner.get("generationConfig", {})

    @property
    def prompt(self) -> str:
        """The last thing the user said in words, without what a tool has put before it (`<session_context>…`)."""
        said = self.user_texts()
        return (_CONTEXT.sub("", said[-1]).strip() or said[-1]) if said else ""

    @property
    def instruction(self) -> str:
        return _text_of(self.inner.get("systemInstruction") or {})

    def user_texts(self) -> list[str]:
        texts = (_text_of(content) for content in self.contents if content.get("role", "user") == "user")
        return [text for text in texts if text]

    def model_texts(self) -> list[str]:
        texts = (_text_of(content) for content in self.contents if content.get("role") == "model")
        return [text for text in texts if text]

    def attachments(self) -> list[str]:
        """The files of the last content, described."""
        described = []
        for part in self.last_parts:
            if blob := part.get("inlineData"):
                described.append(describe(str(blob.get("mimeType", "")), decoded_bytes(blob.get("data", ""))))
            elif file := part.get("fileData"):
                unknown = f"the file {file.get('fileUri', '')} ({file.get('mimeType', 'unknown type')})"
                described.append(file.get("told", unknown))
        return described

    def function_results(self) -> list[tuple[str, Any]]:
        """Name and response of the functions answered in the last content."""
        answered = [part["functionResponse"] for part in self.last_parts if "functionResponse" in part]
        return [(str(one.get("name", "")), one.get("response")) for one in answered]

    def has_tool(self, name: str) -> bool:
        return any(name in tool for tool in self.inner.get("tools", ()))

    def functions(self) -> list[Json]:
        """The declarations that may be called, with `functionCallingConfig` applied."""
        calling = self._calling()
        if calling.get("mode") == "NONE":
            return []
        declared = [one for tool in self.inner.get("tools", ()) for one in tool.get("functionDeclarations", ())]
        allowed = calling.get("allowedFunctionNames")
        return [one for one in declared if not allowed or one.get("name") in allowed]

    def must_call(self) -> bool:
        return self._calling().get("mode") == "ANY"

    def wants_thoughts(self) -> bool:
        return bool(self.config.get("thinkingConfig", {}).get("includeThoughts"))

    def may_think(self) -> bool:
        return self.config.get("thinkingConfig", {}).get("thinkingBudget") != 0

    def wants_json(self) -> bool:
        return self.config.get("responseMimeType") == "application/json"

    def response_schema(self) -> Any:
        return self.config.get("responseJsonSchema") or self.config.get("responseSchema")

    def _calling(self) -> Json:
        config = self.inner.get("toolConfig", {}).get("functionCallingConfig", {})
        return config if isinstance(config, dict) else {}


def merged(contents: Sequence[Json]) -> list[Json]:
    """The contents with neighbours of one side, the model's or the user's, put together as Google does."""
    turns: list[Json] = []
    for content in contents:
        if turns and _is_models(turns[-1]) == _is_models(content):
            turns[-1] = {**turns[-1], "parts": [*turns[-1].get("parts", ()), *content.get("parts", ())]}
        else:
            turns.append(content)
    return turns


def _is_models(content: Json) -> bool:
    return content.get("role") == "model"


def _text_of(content: Json) -> str:
    return "\n".join(
        part["text"]
        for part in content.get("parts", ())
        if isinstance(part.get("text"), str) and part["text"].strip() and not part.get("thought")
    )
