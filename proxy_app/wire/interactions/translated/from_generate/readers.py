"""Readers that make an interaction of generateContent's answer.

A prompt that was blocked is an error, as there is no interaction then; other reasons to stop are the interaction's
status. Nothing is invented for a stream that breaks off.
"""

from collections.abc import Generator
from itertools import takewhile
from typing import Any

from proxy_app.wire.bodies.large_bodies import LARGE_BYTES
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects.readers import Reader, ReportedError, StreamReader, Unwrap, WholeReader
from proxy_app.wire.faults.error_bodies import word_body
from proxy_app.wire.faults.faults import error_in
from proxy_app.wire.framing import sse
from proxy_app.wire.interactions.translated.from_generate import status
from proxy_app.wire.interactions.translated.from_generate.answers import Answer, Counts, read
from proxy_app.wire.interactions.translated.from_generate.grounding import LookedUp
from proxy_app.wire.interactions.translated.from_generate.pieces import Call as FunctionCall
from proxy_app.wire.interactions.translated.from_generate.pieces import Ids, Output, Parts, Piece
from proxy_app.wire.interactions.translated.from_generate.stream import Stream
from proxy_app.wire.interactions.translated.from_generate.whole import Whole
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.usage import Usage, usage_of

_BLOCKED = "The prompt was blocked: {reason}."
_NOT_BLOCKED = (None, "", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")
_SEED = 12  # characters of a request's id: enough to tell the turns of a conversation apart


class _Progress:
    """What is known of one answer so far."""

    def __init__(self, request_id: str) -> None:
        self.usage = Usage()
        self.begun = False
        self.reason = ""
        self.counted = False
        self._message = ""
        self._created: dict[str, str] = {}
        self._counts: Counts | None = None
        self._calls = False
        ids = Ids(request_id[:_SEED])
        self._parts = Parts(ids)
        self.looked_up = LookedUp(ids)

    def add(self, answer: Answer) -> list[Piece]:
        """What an answer, or the next event, says. Raises ReportedError."""
        if (feedback := answer.prompt_feedback) and feedback.block_reason not in _NOT_BLOCKED:
            text = _BLOCKED.format(reason=feedback.block_reason)
            raise ReportedError(word_body(400, text))
        self._created = self._created or status.created(answer.create_time)
        if counts := answer.usage_metadata:
            self.usage = self.usage.updated(usage_of(counts))
            self._counts = counts
        if (candidate := answer.candidate) is not None:
            self.begun = True
            self.looked_up.add(candidate)
            self.reason = status.finish_reason(candidate) or self.reason
            self._message = candidate.finish_message or self._message
        self.counted = answer.usage_metadata is not None
        parts = candidate.content.parts if candidate and candidate.content else None
        pieces = [piece for part in parts or () for piece in self._parts.pieces(part)]
        self._calls = self._calls or any(isinstance(piece, FunctionCall) for piece in pieces)
        return pieces

    @property
    def final(self) -> str:
        """The status in the end."""
        return status.status_of(self.reason, calls=self._calls)

    def fields(self) -> dict[str, Any]:
        """What the interaction has in the end."""
        fields: dict[str, Any] = {**self._created, "usage": status.told(self.usage, self._counts)}
        if self.final == status.FAILED:
            fields["errors"] = status.errors_of(self.reason, self._message)
        return fields


def _is_output(piece: Piece) -> bool:
    return isinstance(piece, Output)


class TranslatedEvents(StreamReader):
    """A stream. A frame is an event of the interactions API, as bytes.

    The interaction is completed by the event that has both the reason to stop and the counts, else by the end.
    """

    def __init__(self, call: Call, unwrap: Unwrap) -> None:
        super().__init__(sse.Decoder())
        self.settled = False
        self._unwrap = unwrap
        self._progress = _Progress(call.request_id)
        self._stream = Stream(call.model)

    def __repr__(self) -> str:
        return f"<TranslatedEvents {'complete' if self.complete else 'open'}>"

    @property
    def usage(self) -> Usage:
        return self._progress.usage

    @property
    def complete(self) -> bool:
        return self._progress.reason != ""

    def ending(self) -> Generator[None, None, list[bytes]]:
        frames = yield from super().ending()
        if self.complete and not self.settled and self.failure is None:
            frames += self._end()
        return frames

    def _frames(self, payloads: list[bytes]) -> list[bytes]:
        frames: list[bytes] = []
        for payload in payloads:
            try:
                frames += self._events(payload)
            except (ReportedError, NotAnAnswer) as error:
                self.failure = error.with_traceback(None)
                break
        return frames

    def _events(self, payload: bytes) -> list[bytes]:
        if payload == sse.DONE:
            return []
        if error := error_in(payload):
            raise ReportedError(error)
        progress, stream = self._progress, self._stream
        had_begun, had_finished = progress.begun, self.complete
        pieces = progress.add(read(self._unwrap(payload)))
        if self.settled or not progress.begun:
            return []  # counts alone, before the answer or after it
        if self.complete and not had_finished:
            said = sum(1 for _ in takewhile(_is_output, pieces))
            pieces[said:said] = progress.looked_up.sources()  # while the step with the text is open
        events = [] if had_begun else stream.begun()
        for piece in pieces:
            events += stream.add(piece)
        return events + self._end() if self.complete and progress.counted else events

    def _end(self) -> list[bytes]:
        progress, stream = self._progress, self._stream
        self.settled = True
        events = [event for piece in progress.looked_up.steps() for event in stream.add(piece)]
        return events + stream.ended(progress.final, progress.fields())


class TranslatedAnswer(WholeReader):
    """A plain answer: one frame at the end, none where there is no candidate."""

    def __init__(self, call: Call, unwrap: Unwrap) -> None:
        super().__init__()
        self._call = call
        self._unwrap = unwrap

    def _read(self, body: bytes) -> Generator[None, None, list[bytes]]:
        if not body:
            return []
        if error := error_in(body):
            raise ReportedError(error)
        if len(body) > LARGE_BYTES:
            yield
        progress = _Progress(self._call.request_id)
        pieces = progress.add(read(self._unwrap(body)))
        self.usage = progress.usage
        if not progress.begun:
            return []
        if len(body) > LARGE_BYTES:
            yield
        written = Whole(self._call.model)
        for piece in (*progress.looked_up.steps(), *pieces, *progress.looked_up.sources()):
            written.add(piece)
        return [written.written(progress.final, progress.fields())]


def reader_of(call: Call, unwrap: Unwrap) -> Reader:
    """The reader of the answer to an interaction that was sent as generateContent."""
    return TranslatedAnswer(call, unwrap) if call.form is None else TranslatedEvents(call, unwrap)
