"""generateContent's answers, read in one typed pass that decodes neither texts, arguments nor media."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Raw

from proxy_app.wire import usage
from proxy_app.wire.malformed import NotAnAnswer

T = TypeVar("T")


class Camel(msgspec.Struct, gc=False, rename="camel"):
    """A message of generateContent."""


class FunctionCall(Camel):
    id: str | None = None
    name: str | None = None
    args: Raw = Raw()


class Blob(Camel):
    mime_type: str | None = None
    data: Raw = Raw()


class FileData(Camel):
    mime_type: str | None = None
    file_uri: Raw = Raw()


class ExecutableCode(Camel):
    id: str | None = None
    language: str | None = None
    code: Raw = Raw()


class CodeExecutionResult(Camel):
    id: str | None = None
    outcome: str | None = None
    output: Raw = Raw()


class Part(Camel):
    text: Raw = Raw()
    thought: bool | None = None
    thought_signature: Raw = Raw()
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None


class Content(Camel):
    parts: list[Part] | None = None


class Web(Camel):
    uri: str | None = None
    title: str | None = None


class Chunk(Camel):
    web: Web | None = None


class Segment(Camel):
    start_index: int | None = None
    end_index: int | None = None


class Support(Camel):
    segment: Segment | None = None
    grounding_chunk_indices: list[int] | None = None


class SearchEntryPoint(Camel):
    rendered_content: Raw = Raw()


class Grounding(Camel):
    web_search_queries: list[str] | None = None
    search_entry_point: SearchEntryPoint | None = None
    grounding_chunks: list[Chunk] | None = None
    grounding_supports: list[Support] | None = None


class Url(Camel):
    retrieved_url: str | None = None
    url_retrieval_status: str | None = None


class UrlContext(Camel):
    url_metadata: list[Url] | None = None


class Candidate(Camel):
    index: int | None = None
    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    grounding_metadata: Raw = Raw()
    url_context_metadata: Raw = Raw()


class Feedback(Camel):
    block_reason: str | None = None


class Modality(Camel):
    modality: str | None = None
    token_count: int | None = None


class Counts(usage.Counts):
    """With what there is of each kind of media."""

    prompt_tokens_details: list[Modality] | None = None
    cache_tokens_details: list[Modality] | None = None
    candidates_tokens_details: list[Modality] | None = None
    tool_use_prompt_tokens_details: list[Modality] | None = None


class Answer(Camel):
    """One answer, or one event of a stream."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: Counts | None = None
    create_time: str | None = None

    @property
    def candidate(self) -> Candidate | None:
        """The one candidate that an interaction asks for."""
        return next((each for each in self.candidates or () if not each.index), None)


# Not strict: proto3 JSON may write an integer as a string.
_decode = msgspec.json.Decoder(Answer, strict=False).decode
_decode_grounding = msgspec.json.Decoder(Grounding | None, strict=False).decode
_decode_pages = msgspec.json.Decoder(UrlContext | None, strict=False).decode


def read(response: bytes) -> Answer:
    """Raises NotAnAnswer."""
    try:
        return _decode(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnAnswer("an answer of an unknown shape") from None


def grounding_of(candidate: Candidate) -> Grounding | None:
    """What the searches for an answer found; None for nothing, and for what has another shape."""
    return _as_far_as_known(_decode_grounding, candidate.grounding_metadata)


def pages_of(candidate: Candidate) -> UrlContext | None:
    """The pages that were read for an answer; None for none, and for what has another shape."""
    return _as_far_as_known(_decode_pages, candidate.url_context_metadata)


def _as_far_as_known(decode: Callable[[Raw], T | None], value: Raw) -> T | None:
    """The answer is whole without it."""
    try:
        return decode(value) if memoryview(value).nbytes else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
