"""The facts of a response, read in one typed pass: finish reasons, a blocked prompt, token counts.

`peek` reads one event, `StreamState` adds events up. Neither decodes the content.
"""

import msgspec

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.malformed import NotAnAnswer


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Token counts as upstream reports them; 0 where it says nothing (proto3 leaves zeros out)."""

    prompt: int = 0
    cached: int = 0
    candidates: int = 0
    thoughts: int = 0
    tool: int = 0
    total: int = 0

    def updated(self, later: "Usage") -> "Usage":
        """The last value seen of each count: upstream's counts are cumulative, and not every event repeats all."""
        return Usage(
            later.prompt or self.prompt,
            later.cached or self.cached,
            later.candidates or self.candidates,
            later.thoughts or self.thoughts,
            later.tool or self.tool,
            later.total or self.total,
        )


class Peek(msgspec.Struct, frozen=True, gc=False):
    """The facts of one event. `candidates` are (index, finish reason or "") of each; `blocked` is of the prompt."""

    candidates: tuple[tuple[int, str], ...] = ()
    blocked: bool = False
    usage: Usage | None = None

    @property
    def finished(self) -> bool:
        """Whether this event, taken alone, is a whole answer."""
        return self.blocked or (bool(self.candidates) and all(reason for _, reason in self.candidates))


class StreamState:
    """The facts of a stream's events so far, of which `wanted` candidates were requested.

    `begun`: some part of an answer has come, a candidate, or that the prompt was blocked. `complete`: upstream has
    finished, since every candidate seen has a finish reason, or the prompt was blocked. `settled`: no part of the
    answer can be missing any more, since it has all the candidates that were requested.
    """

    __slots__ = ("_reasons", "_wanted", "begun", "blocked", "complete", "settled", "usage")

    def __init__(self, wanted: int = 1) -> None:
        self._wanted = wanted
        self._reasons: dict[int, str] = {}
        self.begun = self.complete = self.settled = self.blocked = False
        self.usage = Usage()

    def __repr__(self) -> str:
        return f"<StreamState {'complete' if self.complete else 'open'} {self._reasons}>"

    def add(self, peek: Peek) -> None:
        """Take in the next event."""
        for index, reason in peek.candidates:
            if reason or index not in self._reasons:
                self._reasons[index] = reason
        self.blocked = self.blocked or peek.blocked
        self.begun = self.blocked or bool(self._reasons)
        self.complete = self.blocked or (self.begun and "" not in self._reasons.values())
        self.settled = self.blocked or (self.complete and len(self._reasons) >= self._wanted)
        if peek.usage is not None:
            self.usage = self.usage.updated(peek.usage)


def candidates_wanted(body: Body) -> int:
    """How many candidates a request asks for: `candidateCount`, 1 where that is missing or invalid."""
    config = next((bytes(body[name]) for name in _CONFIG if name in body), b"")
    if b"andidateCount" not in config and b"andidate_count" not in config:
        return 1
    try:
        fields = _decode_config(config)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 1
    return max(1, fields.camel or 1, fields.snake or 1)


class _Config(msgspec.Struct, gc=False):
    camel: int | None = msgspec.field(default=None, name="candidateCount")
    snake: int | None = msgspec.field(default=None, name="candidate_count")


_CONFIG = ("generationConfig", "generation_config")
_decode_config = msgspec.json.Decoder(_Config).decode


class _Candidate(msgspec.Struct, gc=False, rename="camel"):
    index: int | None = None
    finish_reason: str | int | None = None


class _Feedback(msgspec.Struct, gc=False, rename="camel"):
    block_reason: str | int | None = None


class Counts(msgspec.Struct, gc=False, rename="camel"):
    """`usageMetadata` of a response."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None


class _Response(msgspec.Struct, gc=False, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: Counts | None = None


# Not strict: proto3 JSON may write an integer as a string.
_decode = msgspec.json.Decoder(_Response, strict=False).decode
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode

_UNSPECIFIED = {None, "", 0, "FINISH_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED"}


def peek(response: bytes) -> Peek:
    """The facts of one public response. Raises NotAnAnswer unless it is one JSON object."""
    try:
        seen = _decode(response)
    except msgspec.ValidationError:
        seen = _as_far_as_known(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnAnswer("an event that is not JSON") from None
    candidates = seen.candidates or ()
    feedback = seen.prompt_feedback
    counts = seen.usage_metadata
    return Peek(
        tuple([(each.index or 0, _reason(each.finish_reason) if each.finish_reason else "") for each in candidates]),
        feedback is not None and feedback.block_reason not in _UNSPECIFIED,
        None if counts is None else usage_of(counts),
    )


def _as_far_as_known(response: bytes) -> _Response:
    """A response of an unknown shape, read field by field: only the facts of unreadable fields are missing."""
    try:
        fields = _decode_object(response)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAnAnswer("an event that is not a JSON object") from None
    seen = _Response()
    for name in ("candidates", "promptFeedback", "usageMetadata"):
        try:
            alone = _decode(_encode({name: fields[name]}))
        except (KeyError, msgspec.ValidationError):
            continue
        seen.candidates = alone.candidates or seen.candidates
        seen.prompt_feedback = alone.prompt_feedback or seen.prompt_feedback
        seen.usage_metadata = alone.usage_metadata or seen.usage_metadata
    return seen


def _reason(reason: str | int | None) -> str:
    return "" if reason in _UNSPECIFIED else str(reason)


def usage_of(counts: Counts) -> Usage:
    return Usage(
        counts.prompt_token_count or 0,
        counts.cached_content_token_count or 0,
        counts.candidates_token_count or 0,
        counts.thoughts_token_count or 0,
        counts.tool_use_prompt_token_count or 0,
        counts.total_token_count or 0,
    )
