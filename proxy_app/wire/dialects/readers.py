"""Reading an upstream's answer: chunks go in as they come, public frames come out, and their facts are added up.

A frame is one public response: an event of a stream, or the whole of a plain answer. Chunks may be cut anywhere.
"""

from collections.abc import Callable, Container, Generator
from typing import Protocol

from proxy_app.wire.bodies.large_bodies import LARGE_BYTES
from proxy_app.wire.calls import Call
from proxy_app.wire.faults.faults import error_in
from proxy_app.wire.framing import sse
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.operations import Gives, Metered
from proxy_app.wire.usage import StreamState, Usage, candidates_wanted, peek

# Frames that are held back while no part of an answer has come; upstream begins with one or two of them at most.
MOST_HELD_BACK = 1000

_OK = (200,)

Unwrap = Callable[[bytes], bytes]  # the public response in a payload of the upstream's; raises NotAnAnswer


class ReportedError(Exception):
    """Upstream reported an error inside a 200; `error` is its JSON object."""

    def __init__(self, error: bytes) -> None:
        super().__init__("an error in a good answer")
        self.error = error


class Reader(Protocol):
    """One answer, as far as it has come.

    `statuses` are the HTTP statuses of good answers; `may_be_empty` says that such an answer may have no frame at all.
    `whole` says that no frame comes before the end. `failure` is what ended the answer early, once the frames before it
    are out. `complete` says that upstream has finished, `settled` that no part of the answer can be missing any more.
    `reported` is an error that the answer has told its client itself, as JSON; empty for none.
    """

    @property
    def statuses(self) -> Container[int]: ...
    @property
    def may_be_empty(self) -> bool: ...

    whole: bool
    reported: bytes
    failure: ReportedError | NotAnAnswer | None

    @property
    def usage(self) -> Usage: ...
    @property
    def complete(self) -> bool: ...
    @property
    def settled(self) -> bool: ...
    def feed(self, chunk: bytes) -> list[bytes]:
        """The frames that `chunk` completes."""
        ...

    def ending(self) -> Generator[None, None, list[bytes]]:
        """The frames that the end of the body brings. Yields between two steps that take long in a large answer."""
        ...


class Decoder(Protocol):
    """Cuts the chunks of one body into the pieces of a stream: `feed` each, then `end` once."""

    def feed(self, chunk: bytes) -> list[bytes]: ...
    def end(self) -> list[bytes]: ...


class StreamReader:
    """What all readers of streams have in common. `_frames` says what the pieces bring that `decoder` cuts."""

    statuses: Container[int] = _OK
    may_be_empty = False
    whole = False
    reported = b""

    def __init__(self, decoder: Decoder) -> None:
        self.failure: ReportedError | NotAnAnswer | None = None
        self._decoder = decoder

    def feed(self, chunk: bytes) -> list[bytes]:
        try:
            pieces = self._decoder.feed(chunk)
        except NotAnAnswer as error:
            self.failure = error.with_traceback(None)
            return []
        return self._frames(pieces)

    def ending(self) -> Generator[None, None, list[bytes]]:
        yield from ()
        return self._frames(self._decoder.end())

    def _frames(self, pieces: list[bytes]) -> list[bytes]:
        raise NotImplementedError


class WholeReader:
    """What all readers of plain answers have in common. `_read` says what the whole body brings.

    `_read` may raise ReportedError and NotAnAnswer, and yields between two steps that take long.
    """

    statuses: Container[int] = _OK
    may_be_empty = False
    whole = True
    complete = True
    settled = True
    reported = b""

    def __init__(self) -> None:
        self.failure: ReportedError | NotAnAnswer | None = None
        self.usage = Usage()
        self._body = b""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self._body)} bytes>"

    def feed(self, chunk: bytes) -> list[bytes]:
        self._body = self._body + chunk if self._body else chunk
        return []

    def ending(self) -> Generator[None, None, list[bytes]]:
        body, self._body = self._body, b""
        try:
            return (yield from self._read(body))
        except (ReportedError, NotAnAnswer) as error:
            self.failure = error.with_traceback(None)
            return []

    def _read(self, body: bytes) -> Generator[None, None, list[bytes]]:
        raise NotImplementedError


class EventReader(StreamReader):
    """A stream of server-sent events, of which `candidates` candidates were requested.

    Frames before the first part of an answer (usually counts) are held back and go out together with it.
    """

    def __init__(self, unwrap: Unwrap, candidates: int) -> None:
        super().__init__(sse.Decoder())
        self._unwrap = unwrap
        self._held: list[bytes] = []
        self._state = StreamState(candidates)

    def __repr__(self) -> str:
        return f"<EventReader {self._state!r}>"

    @property
    def usage(self) -> Usage:
        return self._state.usage

    @property
    def complete(self) -> bool:
        return self._state.complete

    @property
    def settled(self) -> bool:
        return self._state.settled

    def _frames(self, payloads: list[bytes]) -> list[bytes]:
        frames, self._held = self._held, []
        for payload in payloads:
            try:
                frames.append(self._frame(payload))
            except (ReportedError, NotAnAnswer) as error:
                self.failure = error.with_traceback(None)
                break
        if self._state.begun or len(frames) > MOST_HELD_BACK:
            return frames
        self._held = frames
        return []

    def _frame(self, payload: bytes) -> bytes:
        if payload == sse.DONE:
            return payload
        if error := error_in(payload):
            raise ReportedError(error)
        response = self._unwrap(payload)
        self._state.add(peek(response))
        return response


class AnswerReader(WholeReader):
    """A plain answer: one frame at the end. One that is `generated` by a model needs a candidate or a blocked prompt in
    it, else there is no frame.
    """

    def __init__(self, unwrap: Unwrap, *, generated: bool) -> None:
        super().__init__()
        self._unwrap = unwrap
        self._generated = generated

    def _read(self, body: bytes) -> Generator[None, None, list[bytes]]:
        if not body:
            return []
        if error := error_in(body, of_a_resource=not self._generated):
            raise ReportedError(error)
        frame = self._unwrap(body)
        if not self._generated:
            return [frame]
        if len(frame) > LARGE_BYTES:
            yield
        seen = peek(frame)
        self.usage = seen.usage or self.usage
        return [frame] if seen.candidates or seen.blocked else []


class BytesReader:
    """A file, or an answer that nobody here reads: every chunk is a frame. Complete at its end."""

    statuses: Container[int] = (*range(200, 300), 304, 308)  # not changed; an upload goes on
    may_be_empty = True
    whole = False
    settled = False
    reported = b""
    failure: ReportedError | NotAnAnswer | None = None

    def __init__(self) -> None:
        self.usage = Usage()
        self.complete = False

    def __repr__(self) -> str:
        return f"<BytesReader {'complete' if self.complete else 'open'}>"

    def feed(self, chunk: bytes) -> list[bytes]:
        return [chunk]

    def ending(self) -> Generator[None, None, list[bytes]]:
        self.complete = True
        yield from ()
        return []


def reader_of(call: Call, unwrap: Unwrap, unwrap_plain: Unwrap) -> Reader:
    """The reader of the answer to `call`; `unwrap_plain` is for answers that no model generated."""
    generated = call.operation.metered is Metered.TOKENS
    if call.operation.gives is Gives.BYTES:
        return BytesReader()
    if call.operation.gives is Gives.EVENTS:
        return EventReader(unwrap, candidates_wanted(call.body))
    return AnswerReader(unwrap if generated else unwrap_plain, generated=generated)
