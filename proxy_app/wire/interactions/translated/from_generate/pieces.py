"""What an answer's parts say, piece by piece: as contents of steps, and as steps of their own.

A signature that stands on a part becomes a thought before it, as in Google's own interactions; a step that runs code
has its signature itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Raw

from proxy_app.wire.interactions.translated import media
from proxy_app.wire.interactions.translated.from_generate.answers import (
    CodeExecutionResult,
    ExecutableCode,
    FunctionCall,
    Part,
)
from proxy_app.wire.interactions.translated.values import is_given

_EMPTY: Final = Raw(b'""')
_NO_ARGUMENTS: Final = Raw(b"{}")


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of a thought's summary, or the signature that ends it."""

    summary: dict[str, Any] | None = None
    signature: Raw | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """A content of the model's output; as a delta it reads the same."""

    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the client's functions."""

    id: str
    name: str
    arguments: Raw


@dataclass(frozen=True, slots=True)
class Tool:
    """A step of one of Google's own tools. `start` is what is known before its `fields` are."""

    start: dict[str, Any]
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Annotations:
    """Sources of the output so far."""

    sources: list[dict[str, Any]]


Piece = Thought | Output | Call | Tool | Annotations


def tool_call(kind: str, id_: str, arguments: dict[str, Any], signature: Raw = _EMPTY) -> Tool:
    """A `…_call` step."""
    signed = {"signature": signature} if is_given(signature) else {}
    return Tool({"type": kind, "id": id_, "arguments": {}}, {"arguments": arguments, **signed})


def tool_result(kind: str, call_id: str, result: Any, *, is_error: bool = False, signature: Raw = _EMPTY) -> Tool:
    """A `…_result` step; `result` is a text, or a list."""
    signed = {"signature": signature} if is_given(signature) else {}
    nothing: Any = [] if isinstance(result, list) else ""
    return Tool(
        {"type": kind, "call_id": call_id, "result": nothing}, {"result": result, "is_error": is_error, **signed}
    )


class Ids:
    """Ids for calls that upstream has given none: `seed` is of this answer alone."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._given = 0

    def new(self) -> str:
        self._given += 1
        return f"call_{self._seed}_{self._given}"


class Parts:
    """The parts of one answer, in the order that they come."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._code_id = ""  # of the code that was run last

    def pieces(self, part: Part) -> Iterator[Piece]:
        """What `part` says, which may be nothing."""
        if code := part.executable_code:
            yield self._code(code, part.thought_signature)
        elif result := part.code_execution_result:
            yield self._result(result, part.thought_signature)
        elif part.thought:
            if (content := _content(part)) is not None:
                yield Thought(summary=content)
            if is_given(part.thought_signature):
                yield Thought(signature=part.thought_signature)
        else:
            if is_given(part.thought_signature):
                yield Thought(signature=part.thought_signature)
            if call := part.function_call:
                yield self._call(call)
            elif (content := _content(part)) is not None:
                yield Output(content)

    def _call(self, call: FunctionCall) -> Call:
        arguments = call.args if bytes(call.args)[:1] == b"{" else _NO_ARGUMENTS
        return Call(call.id or self._ids.new(), call.name or "", arguments)

    def _code(self, code: ExecutableCode, signature: Raw) -> Tool:
        self._code_id = code.id or self._ids.new()
        language = (code.language or "python").lower()
        arguments = {"language": language, "code": code.code if is_given(code.code) else _EMPTY}
        return tool_call("code_execution_call", self._code_id, arguments, signature)

    def _result(self, result: CodeExecutionResult, signature: Raw) -> Tool:
        return tool_result(
            "code_execution_result",
            result.id or self._code_id or self._ids.new(),
            result.output if is_given(result.output) else _EMPTY,
            is_error=result.outcome not in (None, "OUTCOME_OK"),
            signature=signature,
        )


def _content(part: Part) -> dict[str, Any] | None:
    """A text or a medium; None for a part that is neither, or an empty text."""
    if (blob := part.inline_data) and is_given(blob.data):
        return media.content(blob.mime_type or "", blob.data)
    if (file := part.file_data) and is_given(file.file_uri):
        return media.file_content(file.mime_type or "", file.file_uri)
    return {"type": "text", "text": part.text} if is_given(part.text) else None
