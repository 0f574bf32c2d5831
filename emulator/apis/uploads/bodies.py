"""The bodies of uploads, taken as they come: a chunk, a raw file, metadata and file in one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from emulator.apis.uploads.replies import GRANULARITY, SERVER, plain, progress, terminated
from emulator.apis.uploads.sessions import Target, alive, close, new_upload, read_metadata
from emulator.wire.errors import Refused
from emulator.wire.public.multipart import Malformed, MultipartReader
from emulator.wire.public.upload_steps import content_range
from emulator.wire.replies import Reply, pretty

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google
    from emulator.state.resources.uploads import Upload


class Receiver(Protocol):
    """Takes one request's body; both methods may raise Refused."""

    def take(self, data: bytes) -> None: ...

    def end(self) -> Reply: ...


def receiver_of(google: Google, call: Call, target: Target) -> Receiver:
    """What takes the body of a chunk, or of an upload in one request; raises Refused when it may not begin."""
    if call.route.call != "upload":
        return _Chunk(google, call, target)
    kind = call.request.headers.get("content-type", "")
    asked = call.request.headers.get("x-goog-upload-protocol") or call.request.query.get("uploadType", "")
    multipart = asked == "multipart" or (not asked and kind.lower().startswith("multipart/related"))
    return _Multipart(google, call, target) if multipart else _Raw(google, call, target)


class _Chunk:
    """One chunk of a session, the last one if it says so."""

    def __init__(self, google: Google, call: Call, target: Target) -> None:
        self._google, self._call, self._target = google, call, target
        self._upload = upload = alive(google, call)
        self._last = call.route.call == "finalizeUpload"
        self._taken = 0
        upload.writer += 1
        self._writer = upload.writer
        self._check_offset()
        length = call.request.headers.get("content-length", "")
        if length.isdecimal():
            self._check_length(int(length))
        upload.blob.mark()

    def take(self, data: bytes) -> None:
        self._check_writer()
        self._taken += len(data)
        self._upload.blob.write(data)

    def end(self) -> Reply:
        self._check_writer()
        self._check_length(self._taken)
        upload = self._upload
        if not self._last:
            return progress(upload)
        if upload.size is not None and upload.blob.size != upload.size:
            close(upload, "cancelled")
            raise terminated("cancelled")
        return _finished(self._google, self._call, self._target, upload)

    def _check_writer(self) -> None:
        if self._upload.writer != self._writer:
            raise plain("Another request has taken over this upload.", "active")

    def _check_offset(self) -> None:
        span = content_range(self._call.request)
        told = self._call.request.headers.get("x-goog-upload-offset", "")
        offset = span.first if span is not None else int(told) if told.isdecimal() else None
        if span is not None and span.total is not None and self._upload.size is None:
            self._upload.size = span.total
        if offset is not None and offset != self._upload.blob.size:
            text = (
                f"Invalid request.  The upload offset is {offset} byte(s), but {self._upload.blob.size} byte(s) came."
            )
            raise plain(text, "active", received=self._upload.blob.size)

    def _check_length(self, length: int) -> None:
        """Refuses a chunk that is not the last and does not end at a multiple of the granularity, and what is more than
        announced.
        """
        upload = self._upload
        if not self._last and (upload.blob.size - self._taken + length) % upload.chunk:
            if self._taken:
                upload.blob.roll_back()
            text = f"The size of a chunk must be a multiple of {upload.chunk} byte(s), except for the last."
            raise plain(text, "active", received=upload.blob.size)
        if upload.size is not None and upload.blob.size - self._taken + length > upload.size:
            close(upload, "cancelled")
            raise terminated("cancelled")


class _Raw:
    """The body is the file; there is no metadata."""

    def __init__(self, google: Google, call: Call, target: Target) -> None:
        self._google, self._call, self._target = google, call, target
        length = call.request.headers.get("content-length", "")
        metadata = target.check(google, call, {}, int(length) if length.isdecimal() else 0)
        self._upload = new_upload(call, metadata, call.request.headers.get("content-type", ""), None, GRANULARITY)
        self.take = self._upload.blob.write

    def end(self) -> Reply:
        return _finished(self._google, self._call, self._target, self._upload)


class _Multipart:
    """Metadata and file in one body."""

    def __init__(self, google: Google, call: Call, target: Target) -> None:
        self._google, self._call, self._target = google, call, target
        self._upload: Upload | None = None
        try:
            self._reader = MultipartReader(call.request.headers.get("content-type", ""), self._begin)
        except Malformed as error:
            raise _malformed(error) from None

    def take(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
        except Malformed as error:
            raise _malformed(error) from None

    def end(self) -> Reply:
        try:
            self._reader.end()
        except Malformed as error:
            raise _malformed(error) from None
        assert self._upload is not None
        return _finished(self._google, self._call, self._target, self._upload)

    def _begin(self, metadata: bytes, mime_type: str) -> Callable[[bytes], None]:
        read = self._target.check(self._google, self._call, read_metadata(metadata), 0)
        self._upload = new_upload(self._call, read, mime_type, None, GRANULARITY)
        return self._upload.blob.write


def _finished(google: Google, call: Call, target: Target, upload: Upload) -> Reply:
    """The final answer, also when it is a refusal: the session is over."""
    try:
        answered = pretty(target.finish(google, call, upload))
    except Refused as refused:
        reply = call.refusal(refused.body)
    else:
        reply = Reply(chunks=(answered,), sized=True)
    close(upload, "final")
    return replace(reply, headers=[("X-Goog-Upload-Status", "final"), SERVER])


def _malformed(error: Malformed) -> Refused:
    return plain(f"Malformed multipart body: {error}.", "final")
