"""Reading the answers of the interactions API: events pass in upstream's own bytes, and are looked at on the way.

An event says what it is in its JSON (`event_type`), whether or not there is an `event:` line. A stream is whole once
`interaction.completed` or `[DONE]` has come.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.large_bodies import LARGE_BYTES
from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects.readers import BytesReader, Reader, ReportedError, StreamReader, WholeReader
from proxy_app.wire.faults.error_bodies import answer_of
from proxy_app.wire.faults.masking import masked_bytes
from proxy_app.wire.framing import sse
from proxy_app.wire.interactions.blocks import Cutter, data_in
from proxy_app.wire.interactions.usage import Counts, usage_of
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.operations import Gives, Metered
from proxy_app.wire.operations.shown import INTERACTION
from proxy_app.wire.usage import Usage

CREATED, STATUS, COMPLETED = "interaction.created", "interaction.status_update", "interaction.completed"
ERROR = "error"
GOING_ON = ("in_progress", "queued")

# In every event that has an interaction in it, and in few others.
_MARKS = (CREATED.encode(), COMPLETED.encode())


class Interaction(msgspec.Struct, gc=False):
    """An interaction, as far as others than its client have to know it."""

    id: str | None = None
    environment_id: str | None = None
    status: str | None = None
    usage: Counts | None = None
    error: Raw = Raw()


class _Metadata(msgspec.Struct, gc=False):
    total_usage: Counts | None = None


class _Event(msgspec.Struct, gc=False):
    event_type: str | None = None
    interaction: Interaction | None = None
    usage: Counts | None = None
    metadata: _Metadata | None = None
    error: Raw = Raw()


_decode = msgspec.json.Decoder(_Event).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_interaction = msgspec.json.Decoder(Interaction).decode
_encode = msgspec.json.Encoder().encode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of its interaction: `answer` is as a plain answer would have it, without what is said in it.

    `is_last` says that the interaction is over.
    """

    answer: bytes
    is_last: bool


def told_in(block: bytes) -> Told | None:
    """What an event says of its interaction, whose id is told once; None for an event without an interaction."""
    if not any(mark in block for mark in _MARKS):
        return None
    event = _event(data_in(block))
    if event.interaction is None:
        return None
    told = {
        "object": INTERACTION,
        "id": event.interaction.id if event.event_type == CREATED else None,
        "environment_id": event.interaction.environment_id,
        "status": event.interaction.status,
        "usage": event.interaction.usage,
    }
    return Told(_encode(told), is_last=event.event_type == COMPLETED)


def goes_on(answer: bytes) -> bool:
    """Whether an answer is an interaction that is not over."""
    return _interaction(answer).status in GOING_ON


def use_in(answer: bytes) -> Usage | None:
    """What an interaction has used; None of one that is not over, and of an answer that is about none."""
    seen = _interaction(answer)
    if not seen.status or seen.status in GOING_ON:
        return None
    return Usage() if seen.usage is None else usage_of(seen.usage)


class InteractionReader(StreamReader):
    """A stream of events. A frame is a block, whole and untouched, but for secrets in an error.

    What comes before the first event goes out together with it. An error that comes first is the failure of the
    answer; a later one is part of it: `reported`.
    """

    def __init__(self, *, metered: bool) -> None:
        super().__init__(Cutter())
        self.usage = Usage()
        self.settled = False
        self._metered = metered
        self._held: list[bytes] = []
        self._begun = False

    def __repr__(self) -> str:
        return f"<InteractionReader {'complete' if self.complete else 'open'}>"

    @property
    def complete(self) -> bool:
        return self.settled or self.reported != b""

    def _frames(self, blocks: list[bytes]) -> list[bytes]:
        for block in blocks:
            frame = self._frame(block)
            if self.failure is not None:
                return []
            self._held.append(frame)
        if not self._begun:
            return []
        frames, self._held = self._held, []
        return frames

    def _frame(self, block: bytes) -> bytes:
        data = data_in(block)
        if not data:
            return block
        if data.strip() == sse.DONE:
            self._begun = self.settled = True
            return block
        event = _event(data)
        if event.event_type == ERROR or _is_object(event.error):
            error = masked_bytes(answer_of(event.error))
            if self._begun:
                self.reported = error
            else:
                self.failure = ReportedError(error)
            return masked_bytes(block)
        self._begun = True
        self.settled = self.settled or event.event_type == COMPLETED
        if self._metered:
            self._count(event)
        return block

    def _count(self, event: _Event) -> None:
        """Counts of one step alone are none of the whole."""
        told = (
            event.metadata.total_usage if event.metadata else None,
            event.usage if event.event_type == STATUS else None,
            event.interaction.usage if event.interaction else None,
        )
        for counts in told:
            if counts is not None:
                self.usage = self.usage.updated(usage_of(counts))


class AnswerReader(WholeReader):
    """A plain answer: one JSON object. To a delete there may be none at all, which is told as an empty one."""

    def __init__(self, *, metered: bool, may_be_missing: bool) -> None:
        super().__init__()
        self._metered = metered
        self._may_be_missing = may_be_missing

    def _read(self, body: bytes) -> Generator[None, None, list[bytes]]:
        if len(body) > LARGE_BYTES:
            yield
        if not body.strip():
            return [b"{}"] if self._may_be_missing else []
        if body.lstrip()[:1] != b"{":
            raise NotAnAnswer("something that is not a JSON object")
        seen = _interaction(body)
        if _is_object(seen.error) and not seen.id:
            raise ReportedError(masked_bytes(answer_of(seen.error)))
        if self._metered and seen.usage is not None:
            self.usage = usage_of(seen.usage)
        return [body]


def reader_of(call: Call) -> Reader:
    """The reader of the answer to a call of this family."""
    metered = call.operation.metered is Metered.TOKENS
    if call.operation.gives is Gives.BYTES:
        return BytesReader()
    if call.form is StreamForm.BLOCKS:
        return InteractionReader(metered=metered)
    return AnswerReader(metered=metered, may_be_missing=call.operation.deletes)


def _event(data: bytes) -> _Event:
    """An event as far as it can be read: what has another shape than expected is for its client alone."""
    try:
        return _decode(data)
    except msgspec.ValidationError:
        return _Event(**_readable(data, _decode, ("event_type", "interaction", "usage", "metadata", "error")))
    except _UNREADABLE:
        return _Event()


def _interaction(body: bytes) -> Interaction:
    """The same of a plain answer."""
    try:
        return _decode_interaction(body)
    except msgspec.ValidationError:
        return Interaction(**_readable(body, _decode_interaction, ("id", "environment_id", "status", "usage", "error")))
    except _UNREADABLE:
        return Interaction()


def _readable(data: bytes, decode: Callable[[bytes], object], names: Sequence[str]) -> dict[str, Any]:
    """Those fields of an object that have the shape that `decode` expects."""
    found = {}
    with suppress(*_UNREADABLE):
        fields = _decode_fields(data)
        for name in names:
            with suppress(KeyError, msgspec.ValidationError):
                found[name] = getattr(decode(_encode({name: fields[name]})), name)
    return found


def _is_object(value: Raw) -> bool:
    return bytes(value)[:1] == b"{"
