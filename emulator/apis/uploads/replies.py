"""How the upload servers answer: a status in a header, text or nothing in the body."""

from __future__ import annotations

from emulator.state.resources.uploads import Upload
from emulator.wire.errors import PlainError, Refused
from emulator.wire.replies import TEXT_TYPE, Reply

SERVER = ("Server", "UploadServer")

# What every chunk but the last must be a multiple of, in the resumable protocol and in the older one.
GRANULARITY, OLD_GRANULARITY = 8 * 1024 * 1024, 256 * 1024


def progress(upload: Upload) -> Reply:
    """How much has come, in the words of the protocol that the upload was started with."""
    if upload.chunk != OLD_GRANULARITY:
        return told("active", received=upload.blob.size)
    span = [("Range", f"bytes=0-{upload.blob.size - 1}")] if upload.blob.size else []
    return Reply(308, [*span, SERVER], content_type=TEXT_TYPE, sized=True)


def told(state: str, *, received: int | None = None) -> Reply:
    return Reply(200, _state(state, received), content_type=TEXT_TYPE, sized=True)


def plain(text: str, state: str, received: int | None = None) -> Refused:
    """A refusal in plain text; `state` is what becomes of the session."""
    return Refused(PlainError(400, text, _state(state, received)))


def terminated(state: str) -> Refused:
    return plain("Upload has already been terminated.", state)


def _state(state: str, received: int | None = None) -> list[tuple[str, str]]:
    size = [] if received is None else [("X-Goog-Upload-Size-Received", str(received))]
    return [("X-Goog-Upload-Status", state), *size, SERVER]
