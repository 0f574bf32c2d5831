"""Reading the answers of the OpenAI layer: chunks and whole answers pass as they came, and are looked at on the way.

A stream is whole once `[DONE]` has come, or a finish reason for each choice. Upstream tells counts only where they are
asked for, which the gateway does for itself: chunks of a client that has not asked lose them again.
"""

from collections.abc import Generator

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import pieces
from proxy_app.wire.bodies.large_bodies import LARGE_BYTES
from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects.readers import Reader, ReportedError, StreamReader, WholeReader
from proxy_app.wire.faults.faults import error_in
from proxy_app.wire.framing import sse
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.usage import Counts, usage_of
from proxy_app.wire.openai.wanted import choices_wanted, tells_usage
from proxy_app.wire.operations import Metered
from proxy_app.wire.usage import Peek, StreamState, Usage

_USAGE = "usage"


class _Choice(msgspec.Struct, gc=False):
    index: int | None = None
    finish_reason: str | None = None


class _Seen(msgspec.Struct, gc=False):
    """A chunk or a whole answer, as far as others than its client have to know it."""

    choices: list[_Choice] | None = None
    usage: Counts | None = None


_decode = msgspec.json.Decoder(_Seen).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class ChunkReader(StreamReader):
    """A stream. A frame is a chunk, or `[DONE]`; what comes before the first choice goes out together with it."""

    def __init__(self, choices: int, *, tells_usage: bool) -> None:
        super().__init__(sse.Decoder())
        self._tells_usage = tells_usage
        self._held: list[bytes] = []
        self._state = StreamState(choices)
        self._done = False

    def __repr__(self) -> str:
        return f"<ChunkReader {self._state!r}>"

    @property
    def usage(self) -> Usage:
        return self._state.usage

    @property
    def complete(self) -> bool:
        return self._done or self._state.complete

    @property
    def settled(self) -> bool:
        return self._done or self._state.settled

    def _frames(self, payloads: list[bytes]) -> list[bytes]:
        frames, self._held = self._held, []
        for payload in payloads:
            try:
                if frame := self._frame(payload):
                    frames.append(frame)
            except (ReportedError, NotAnAnswer) as error:
                self.failure = error.with_traceback(None)
                break
        if self._state.begun:
            return frames
        self._held = frames
        return []

    def _frame(self, payload: bytes) -> bytes:
        """What the client gets of a payload; empty for nothing."""
        if payload == sse.DONE:
            self._done = True
            return payload
        if error := error_in(payload):
            raise ReportedError(error)
        seen = _seen(payload)
        choices = tuple((each.index or 0, each.finish_reason or "") for each in seen.choices or ())
        self._state.add(Peek(choices, usage=usage_of(seen.usage) if seen.usage else None))
        if self._tells_usage or seen.usage is None:
            return payload
        return _without_usage(payload) if choices else b""


class AnswerReader(WholeReader):
    """A plain answer: one JSON object. A completion needs a choice in it, else there is no frame."""

    def __init__(self, *, generated: bool) -> None:
        super().__init__()
        self._generated = generated

    def _read(self, body: bytes) -> Generator[None, None, list[bytes]]:
        if not body.strip():
            return []
        if len(body) > LARGE_BYTES:
            yield
        if error := error_in(body, of_a_resource=not self._generated):
            raise ReportedError(error)
        seen = _seen(body)
        if seen.usage is not None:
            self.usage = usage_of(seen.usage)
        return [body] if seen.choices or not self._generated else []


def reader_of(call: Call) -> Reader:
    """The reader of the answer to a call of this family."""
    if call.form is StreamForm.CHUNKS:
        return ChunkReader(choices_wanted(call.body), tells_usage=tells_usage(call.body))
    return AnswerReader(generated=call.operation.metered is Metered.TOKENS)


def _seen(answer: bytes) -> _Seen:
    """Raises NotAnAnswer unless it is one JSON object; what has another shape than expected is for the client alone."""
    try:
        return _decode(answer)
    except msgspec.ValidationError:
        if answer.lstrip()[:1] == b"{":
            return _Seen()
    except _UNREADABLE:
        pass
    raise NotAnAnswer("something that is not a JSON object")


def _without_usage(chunk: bytes) -> bytes:
    fields = {name: value for name, value in _decode_fields(chunk).items() if name != _USAGE}
    return b"".join(map(bytes, pieces(fields)))
