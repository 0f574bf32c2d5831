"""Server-sent events, both ways: upstream's bytes into payloads, a payload into the bytes a client reads.

Reading is lenient. Lines end in LF, CRLF or CR, chunks anywhere; `data:` comes with or without its space and over
several lines; comments and other fields are ignored; the last event counts without its blank line. One thing is beyond
the standard: JSON without `data:`, on one line or pretty-printed, is a payload too. That is how Google reports an error
in the middle of a stream.

Writing is strict: one `data: ` line and one blank line an event is all that every SDK can read.
"""

import re

from proxy_app.wire.malformed import NotAnAnswer

DONE = b"[DONE]"  # the payload some proxies end a stream with; Google never does

# Bytes of an event. The largest seen are images of some 20 MB in base64; without a limit one endless line would take
# all memory.
EVENT_LIMIT = 256 * 1024 * 1024

# Bytes of memory for each further piece that is held: an event of seven-byte lines takes eight times its size.
_PIECE_COST = 50

_BOM = b"\xef\xbb\xbf"
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"')


class Decoder:
    """Turns the chunks of one body into payloads: `feed` each chunk, then `end` once. Linear in the bytes fed."""

    __slots__ = ("_after_cr", "_bare", "_data", "_depth", "_held", "_idle", "_limit", "_partial", "_started")

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._held = 0  # bytes taken in since the last payload went out
        self._idle = True  # nothing of an event is held back
        self._started = False
        self._after_cr = False  # the last line ended in CR: an LF right after it belongs to it
        self._partial: list[bytes] = []  # the pieces of a line whose end has not come
        self._data: list[bytes] = []  # the data lines of an event whose blank line has not come
        self._bare: list[bytes] = []  # the lines of a JSON object outside any event
        self._depth = 0  # how many of its braces and brackets are open

    def __repr__(self) -> str:
        return f"<Decoder {'idle' if self._idle else f'{self._held} bytes into an event'}>"

    def feed(self, chunk: bytes) -> list[bytes]:
        """The payloads that `chunk` completes. Raises NotAnAnswer when one grows past the limit."""
        if (
            self._idle
            and chunk[:6] == b"data: "
            and chunk[-4:] == b"\r\n\r\n"
            and chunk.find(b"\n") == len(chunk) - 3
            and chunk.find(b"\r") == len(chunk) - 4
        ):
            # One whole event in one chunk, which is how Google sends nearly all of them.
            self._started, self._after_cr = True, False
            payload = chunk[6:-4]
            return [payload] if payload.strip() else []
        payloads: list[bytes] = []
        for line in self._lines(chunk):
            self._take(line, payloads)
        self._idle = not (self._partial or self._data or self._bare)
        self._held = 0 if payloads or self._idle else self._held + len(chunk)
        pieces = len(self._partial) + len(self._data) + len(self._bare)
        if self._held + _PIECE_COST * (pieces - 1) > self._limit:
            raise NotAnAnswer(f"an event of more than {self._limit} bytes")
        return payloads

    def end(self) -> list[bytes]:
        """The payloads that only the end of the body completes; a truncated one comes out as it is."""
        payloads: list[bytes] = []
        if self._partial:
            line = b"".join(self._partial)
            self._partial.clear()
            self._take(line, payloads)
        self._dispatch(self._data, payloads)
        self._dispatch(self._bare, payloads)
        self._idle, self._held = True, 0
        return payloads

    def _lines(self, chunk: bytes) -> list[bytes]:
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_cr = False
        if not chunk:
            return []
        self._after_cr = chunk[-1:] == b"\r"
        lines = chunk.splitlines()  # of bytes: at LF, CRLF and CR, nowhere else
        ended = chunk[-1:] in (b"\r", b"\n")
        if self._partial:
            # Joined once, when the line is whole: a 30 MB line in 64 kB chunks is copied once, not 500 times.
            self._partial.append(lines[0])
            if not ended and len(lines) == 1:
                return []
            lines[0] = b"".join(self._partial)
            self._partial.clear()
        if not ended:
            self._partial.append(lines.pop())
        return lines

    def _take(self, line: bytes, payloads: list[bytes]) -> None:
        if not self._started:
            self._started = True
            line = line.removeprefix(_BOM)
        if line[:5] == b"data:":
            self._dispatch(self._bare, payloads)
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
        elif self._bare:
            self._take_bare(line, payloads)
        elif not line:
            self._dispatch(self._data, payloads)
        elif line.lstrip()[:1] in (b"{", b"["):
            self._dispatch(self._data, payloads)
            self._depth = 0
            self._take_bare(line, payloads)

    def _take_bare(self, line: bytes, payloads: list[bytes]) -> None:
        self._bare.append(line)
        marks = _STRING.sub(b"", line)  # JSON strings hold no raw line end, so each is whole in its line
        self._depth += marks.count(b"{") + marks.count(b"[") - marks.count(b"}") - marks.count(b"]")
        if self._depth <= 0:
            self._dispatch(self._bare, payloads)

    def _dispatch(self, lines: list[bytes], payloads: list[bytes]) -> None:
        if not lines:
            return
        payload = lines[0] if len(lines) == 1 else b"\n".join(lines)
        lines.clear()
        if payload.strip():
            payloads.append(payload)


def encode(payload: bytes) -> bytes:
    """One event: `data: `, the payload on one line, CRLF CRLF."""
    return b"data: %b\r\n\r\n" % one_line(payload)


def encode_chunk(payload: bytes) -> bytes:
    """One event as OpenAI writes it, with LF LF: some clients know no other line end."""
    return b"data: %b\n\n" % one_line(payload)


def encode_bare(payload: bytes) -> bytes:
    """A block of its own without `data: `, which is how Google itself reports an error in the middle of a stream."""
    return b"%b\r\n\r\n" % one_line(payload)


def one_line(payload: bytes) -> bytes:
    """The same JSON on one line.

    U+2028, U+2029 and U+0085 are written as escapes: raw they are legal JSON, but several SDKs split lines at them.
    These stand only inside strings and line ends only outside, so the JSON means what it meant.
    """
    if not payload.isascii():
        payload = _without_line_separators(payload)
    if b"\n" in payload or b"\r" in payload:
        payload = b" ".join(payload.splitlines())
    return payload


def _without_line_separators(payload: bytes) -> bytes:
    if b"\xe2\x80" in payload:
        payload = payload.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return payload.replace(b"\xc2\x85", b"\\u0085")
