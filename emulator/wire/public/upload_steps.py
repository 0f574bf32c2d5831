"""Which step of an upload a request is: Google's own protocol, the older `uploadType`, or all in one request."""

from __future__ import annotations

import re
from dataclasses import dataclass

from emulator.wire.server import Request

# Steps that name their session, and need no key.
SESSION_STEPS = frozenset({"uploadChunk", "finalizeUpload", "queryUpload", "cancelUpload"})
# Steps whose bodies are taken as they come.
STREAMED_STEPS = frozenset({"uploadChunk", "finalizeUpload", "upload"})

_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclass(frozen=True, slots=True)
class ContentRange:
    """`bytes 0-7/8`: `first` and `last` are None in a question (`bytes */8`), `total` while it is not known."""

    first: int | None
    last: int | None
    total: int | None

    @property
    def is_last(self) -> bool:
        return self.last is not None and self.total is not None and self.last + 1 == self.total


def upload_step(request: Request) -> str:
    """startUpload, uploadChunk, finalizeUpload, queryUpload, cancelUpload, or upload for all in one request."""
    protocol = request.headers.get("x-goog-upload-protocol") or request.query.get("upload_protocol", "")
    commands = commands_of(request)
    if "upload_id" in request.query:
        return _step_of_session(request, commands)
    if (protocol == "resumable" and "start" in commands) or request.query.get("uploadType") == "resumable":
        return "startUpload"
    return "upload"


def commands_of(request: Request) -> set[str]:
    return {word.strip().lower() for word in request.headers.get("x-goog-upload-command", "").split(",")} - {""}


def content_range(request: Request) -> ContentRange | None:
    match = _RANGE.fullmatch(request.headers.get("content-range", "").strip())
    if match is None:
        return None
    first, last, total = (int(text) if text and text != "*" else None for text in match.groups())
    return ContentRange(first, last, total)


def _step_of_session(request: Request, commands: set[str]) -> str:
    if request.method == "DELETE" or "cancel" in commands:
        return "cancelUpload"
    if "query" in commands:
        return "queryUpload"
    if commands:
        return "finalizeUpload" if "finalize" in commands else "uploadChunk"
    span = content_range(request)
    if span is None:
        return "finalizeUpload"
    if span.first is None:
        return "queryUpload"
    return "finalizeUpload" if span.is_last else "uploadChunk"
