"""What goes back over the wire: a `Reply` to the byte, or a `Style` in which a normal answer is told."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

Json = dict[str, Any]

JSON_TYPE = "application/json; charset=UTF-8"
SSE_TYPE = "text/event-stream"
TEXT_TYPE = "text/plain; charset=utf-8"
HTML_TYPE = "text/html; charset=UTF-8"

# Google's serialiser escapes what could end a script element; clients must read it back.
_ESCAPED = (("<", "\\u003c"), (">", "\\u003e"))


class Ending(Enum):
    """How a reply ends, as seen by the client."""

    COMPLETE = "complete"  # the body is whole and the connection stays open
    CUT = "cut"  # a clean FIN where the rest of the body belongs
    RESET = "reset"  # a TCP RST (SO_LINGER 0)
    STALL = "stall"  # silence, until the client hangs up


class ErrorForm(Enum):
    """How an error looks inside a 200 stream; all four were seen from Google."""

    BARE = "bare"  # one line of JSON without `data: `, in a write of its own
    PRETTY = "pretty"  # the same, pretty-printed
    DATA = "data"  # an event like any other
    JOINED = "joined"  # bare, in the same write as the event before it


class UsageForm(Enum):
    """Where a stream tells its `usageMetadata`."""

    EVERY = "every"  # on every event, growing
    LAST = "last"  # only on the event with the finishReason
    TRAILING = "trailing"  # in one more event that has no candidates
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply, to the byte.

    status      0 means that not even a status line is sent: the ending is all there is
    chunks      the body, each item its own chunk and its own network write
    gap, delay  seconds between chunks, and before the headers
    chunk_size  re-cuts the whole body into pieces of so many bytes (1 = a byte at a time)
    gzip        compresses the body, with a sync flush after every chunk
    sized       sends a Content-Length instead of chunks; with CUT the body is then shorter than it says
    length      the same for a body too long to be put together: chunk by chunk, at the client's pace
    """

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    chunks: Iterable[bytes] = ()
    content_type: str = JSON_TYPE
    gap: float = 0.0
    delay: float = 0.0
    chunk_size: int | None = None
    gzip: bool = False
    sized: bool = False
    length: int | None = None
    ending: Ending = Ending.COMPLETE

    def wire_chunks(self) -> Iterator[bytes]:
        """The body as it is written: compressed, then re-cut."""
        chunks = _gzipped(self.chunks) if self.gzip else iter(self.chunks)
        return _recut(chunks, self.chunk_size) if self.chunk_size else chunks


@dataclass(frozen=True, slots=True)
class Style:
    """How a normal answer of the model is told; the defaults are Google's own ways.

    texts           say exactly these pieces, one event each, instead of the emulator's own words
    responses       give exactly these public response objects, or an interaction's events, one event each
    cut_after, stall_after, reset_after   end so after that many events (0 = before the first, after the headers)
    error_after     an error inside the 200 stream after that many events: `error` names it in the catalogue; in no
                    `error_form` it has the API's own, BARE, or for an interaction an event of the type `error`
    finish          False leaves the finishReason out
    last            what the finishing event holds: "text", "empty_text", "no_parts" or "no_content"
    done            adds `data: [DONE]`, which Google never sends but other upstreams do
    empty           an empty body with status 200
    garbage_after   an event that is not JSON after that many events
    checkpoint      of an interaction: a status_update with a continuation_token after that many step.deltas
    dropped         the connection is cut right after the checkpoint
    hop             of an interaction: it requires_continuation after that many step.deltas
    """

    texts: Sequence[str] | None = None
    responses: Sequence[Mapping[str, Any]] | None = None
    gap: float = 0.0
    delay: float = 0.0
    chunk_size: int | None = None
    gzip: bool = False
    newline: str = "\r\n"
    cut_after: int | None = None
    stall_after: int | None = None
    reset_after: int | None = None
    error_after: int | None = None
    error: str = "overloaded"
    error_form: ErrorForm | None = None
    garbage_after: int | None = None
    finish: bool = True
    last: str = ""
    usage: UsageForm = UsageForm.EVERY
    done: bool = False
    empty: bool = False
    headers: Sequence[tuple[str, str]] = ()
    checkpoint: int | None = None
    dropped: bool = False
    hop: int | None = None


def one_line(value: Any) -> bytes:
    """JSON on one line as Google's streams write it: `{"a": 1,"b": 2}`."""
    return _escaped(json.dumps(value, ensure_ascii=False, separators=(",", ": ")))


def pretty(value: Any) -> bytes:
    """JSON as Google's unary answers and errors write it: two blanks of indent, a newline at the end."""
    return _escaped(json.dumps(value, ensure_ascii=False, indent=2)) + b"\n"


def json_reply(value: Any, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    return Reply(status=status, headers=headers, chunks=(pretty(value),), sized=True)


def html_reply(page: str, status: int = 200) -> Reply:
    return Reply(status=status, chunks=(page.encode(),), content_type=HTML_TYPE, sized=True)


def _escaped(text: str) -> bytes:
    for plain, escape in _ESCAPED:
        if plain in text:
            text = text.replace(plain, escape)
    return text.encode("utf-8", "replace")


def _gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(wbits=31)
    for chunk in chunks:
        yield squeeze.compress(chunk) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    yield squeeze.flush(zlib.Z_FINISH)


def _recut(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Pieces of exactly `size` bytes, across the borders of the chunks; the last may be shorter."""
    held = b""
    for chunk in chunks:
        held += chunk
        whole = len(held) - len(held) % size
        for start in range(0, whole, size):
            yield held[start : start + size]
        held = held[whole:]
    if held:
        yield held
