"""The two protocols of uploads: which step a request is, and what upstream says of a session in an answer.

Google's own has commands in `X-Goog-Upload-Command` (start, upload, finalize, query, cancel). The older one, of
`uploadType`, has a Location, then `Content-Range` (`bytes 0-7/8`, and `bytes */8` to ask), 308 between two chunks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

STATUS, RECEIVED = "x-goog-upload-status", "x-goog-upload-size-received"
ACTIVE, FINAL, CANCELLED = "active", "final", "cancelled"

_PROTOCOL, _COMMAND, _OFFSET = "x-goog-upload-protocol", "x-goog-upload-command", "x-goog-upload-offset"
_RANGE = re.compile(r"bytes (?:([0-9]{1,18})-([0-9]{1,18})|\*)/([0-9]{1,18}|\*)", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_TAKEN = re.compile(r"(?:bytes=)?0-([0-9]{1,18})", re.ASCII)
_CONTINUE = 308


class Step(Enum):
    """What a request of a session is."""

    CHUNK = "chunk"
    LAST = "last"  # a chunk that ends the upload; it may be empty
    QUERY = "query"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A request of a session: `offset` is None where it does not say, `by_range` true in the older protocol."""

    step: Step
    offset: int | None = None
    size: int | None = None
    by_range: bool = False

    @property
    def has_bytes(self) -> bool:
        return self.step in (Step.CHUNK, Step.LAST)


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of its session: its state ("" for nothing), and how much of the file has come."""

    state: str = ""
    received: int | None = None


def begins_session(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether a request, with headers in lower case, starts an upload in several requests."""
    protocol = headers.get(_PROTOCOL) or query.get("upload_protocol")
    return ("start" in _commands(headers) and protocol == "resumable") or query.get("uploadType") == "resumable"


def is_multipart(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether the one request of an upload has two parts, of which the second is the file."""
    protocol = headers.get(_PROTOCOL) or query.get("upload_protocol")
    return "multipart" in (protocol, query.get("uploadType"))


def announced(headers: Mapping[str, str]) -> int | None:
    """The size of the file, as the start of a session announces it."""
    return _number(headers.get("x-goog-upload-header-content-length") or headers.get("x-upload-content-length"))


def chunk_in(http: str, headers: Mapping[str, str]) -> Chunk:
    """What a request of a session is, by its HTTP method and its headers in lower case."""
    commands = _commands(headers)
    if http == "DELETE" or "cancel" in commands:
        return Chunk(Step.CANCEL)
    if "query" in commands or http in ("GET", "HEAD"):
        return Chunk(Step.QUERY)
    if commands:
        return Chunk(Step.LAST if "finalize" in commands else Step.CHUNK, _number(headers.get(_OFFSET)))
    if (span := _RANGE.fullmatch(headers.get("content-range", "").strip())) is None:
        return Chunk(Step.LAST, 0, by_range=True)  # the whole file
    first, last, total = map(_number, span.groups())
    if first is None or last is None:
        return Chunk(Step.QUERY, size=total, by_range=True)
    return Chunk(Step.LAST if last + 1 == total else Step.CHUNK, first, total, by_range=True)


def told_in(status: int, headers: Mapping[str, str]) -> Told:
    """What an answer with headers in lower case says of its session."""
    if state := headers.get(STATUS, "").lower():
        return Told(state, _number(headers.get(RECEIVED)))
    if status == _CONTINUE:
        taken = _TAKEN.fullmatch(headers.get("range", "").strip())
        return Told(ACTIVE, int(taken[1]) + 1 if taken else 0)
    return Told(FINAL) if 200 <= status < 300 else Told()


def query_headers(*, by_range: bool, size: int | None) -> dict[str, str]:
    """The headers of a question for how much has come."""
    return {"content-range": f"bytes */{'*' if size is None else size}"} if by_range else {_COMMAND: "query"}


def moved(headers: Mapping[str, str], chunk: Chunk, offset: int, length: int | None) -> dict[str, str]:
    """The headers of a chunk of which only the part from `offset` goes upstream, `length` bytes."""
    moved = dict(headers)
    if not chunk.by_range:
        moved[_OFFSET] = str(offset)
    elif length:
        end = offset + length
        size = end if chunk.size is None and chunk.step is Step.LAST else chunk.size
        moved["content-range"] = f"bytes {offset}-{end - 1}/{'*' if size is None else size}"
    else:
        moved |= query_headers(by_range=True, size=chunk.size)
    return moved


def _commands(headers: Mapping[str, str]) -> set[str]:
    return {word.strip().lower() for word in headers.get(_COMMAND, "").split(",")} - {""}


def _number(text: str | None) -> int | None:
    found = _NUMBER.fullmatch(text.strip()) if text else None
    return int(found[0]) if found else None
