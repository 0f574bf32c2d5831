"""Readers that make OpenAI's answers of those of Google's own API, which another reader reads."""

from collections.abc import Callable, Container, Generator
from typing import Protocol

from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects.readers import AnswerReader, EventReader, Reader, ReportedError, Unwrap
from proxy_app.wire.framing import sse
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.translated import others
from proxy_app.wire.openai.translated.answers import Chunks, Completion
from proxy_app.wire.openai.wanted import choices_wanted
from proxy_app.wire.operations.rows import openai
from proxy_app.wire.usage import Usage


class _Translation(Protocol):
    def told(self, frame: bytes) -> list[bytes]: ...
    def ended(self) -> list[bytes]: ...


class TranslatedReader:
    """`native` reads, `translation` says it in OpenAI's words."""

    may_be_empty = False
    reported = b""

    def __init__(self, native: Reader, translation: _Translation) -> None:
        self._native = native
        self._translation = translation
        self.statuses: Container[int] = native.statuses
        self.whole = native.whole
        self.failure: ReportedError | NotAnAnswer | None = None

    def __repr__(self) -> str:
        return f"<TranslatedReader of {self._native!r}>"

    @property
    def usage(self) -> Usage:
        return self._native.usage

    @property
    def complete(self) -> bool:
        return self._native.complete

    @property
    def settled(self) -> bool:
        return self._native.settled

    def feed(self, chunk: bytes) -> list[bytes]:
        return self._told(self._native.feed(chunk))

    def ending(self) -> Generator[None, None, list[bytes]]:
        frames = self._told((yield from self._native.ending()))
        return frames + self._translation.ended() if self.complete and self.failure is None else frames

    def _told(self, frames: list[bytes]) -> list[bytes]:
        told: list[bytes] = []
        try:
            for frame in frames:
                if frame != sse.DONE:
                    told += self._translation.told(frame)
        except NotAnAnswer as error:
            self.failure = error.with_traceback(None)
        self.failure = self.failure or self._native.failure
        return told


class _Whole:
    """One answer, told by a function."""

    def __init__(self, call: Call, tell: Callable[[Call, bytes], bytes]) -> None:
        self._call = call
        self._tell = tell

    def told(self, frame: bytes) -> list[bytes]:
        return [self._tell(self._call, frame)]

    def ended(self) -> list[bytes]:
        return []


_TOLD: dict[object, Callable[[Call, bytes], bytes]] = {
    openai.EMBEDDINGS: others.told_embeddings,
    openai.IMAGES: others.told_images,
    openai.VIDEO: others.told_video,
    openai.GET_VIDEO: others.told_video,
    openai.GET_BATCH: others.told_batch,
    openai.CANCEL_BATCH: others.told_batch,
}


def reader_of(call: Call, unwrap: Unwrap) -> Reader:
    """The reader of the answer to `call`, which was sent as Google's own; `unwrap` is as in `dialects.readers`."""
    if call.operation is not openai.CHAT:
        return TranslatedReader(AnswerReader(unwrap, generated=False), _Whole(call, _TOLD[call.operation]))
    if call.form is not StreamForm.CHUNKS:
        return TranslatedReader(AnswerReader(unwrap, generated=True), Completion(call))
    choices = choices_wanted(call.body)
    return TranslatedReader(EventReader(unwrap, choices), Chunks(call, choices))
