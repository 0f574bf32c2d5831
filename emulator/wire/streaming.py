"""Response objects put on the wire: SSE or a JSON array, in a style that may go wrong on purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.wire.fault_names import error_named
from emulator.wire.faults import FaultContext
from emulator.wire.replies import JSON_TYPE, SSE_TYPE, Ending, ErrorForm, Reply, Style, one_line, pretty

# What Google's front end adds to every answer; a gateway has to drop or survive them.
GOOGLE_HEADERS = (
    ("vary", "Origin, X-Origin, Referer"),
    ("x-xss-protection", "0"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-content-type-options", "nosniff"),
    ("server-timing", "gfet4t7; dur=42"),
)


def unary(response: Any, style: Style, scene: FaultContext, headers: Sequence[tuple[str, str]]) -> Reply:
    """One answer, pretty-printed. Whatever the style breaks in a stream breaks the body here."""
    ending, _ = ending_of(style)
    head = (*GOOGLE_HEADERS, *headers, *style.headers)
    if style.empty:
        return Reply(headers=head, sized=True, delay=style.delay)
    if style.error_after is not None:
        return error_named(style.error, scene).reply(headers=head)
    body = b'{"response": {"candi' if style.garbage_after is not None else pretty(response)
    return Reply(
        headers=head,
        chunks=(body,),
        delay=style.delay,
        chunk_size=style.chunk_size,
        gap=style.gap,
        gzip=style.gzip,
        sized=style.chunk_size is None,
        ending=ending,
    )


def stream(
    responses: Sequence[Mapping[str, Any]],
    style: Style,
    scene: FaultContext,
    headers: Sequence[tuple[str, str]],
    *,
    sse: bool,
) -> Reply:
    """A stream of `responses`, each its own chunk: `data: ` and one line for SSE, else elements of a pretty array."""
    ending, shown = ending_of(style)
    chunks = () if style.empty else tuple(_chunks(responses, style, scene, shown, sse=sse))
    return Reply(
        headers=(*GOOGLE_HEADERS, *headers, *style.headers),
        content_type=SSE_TYPE if sse else JSON_TYPE,
        chunks=chunks,
        gap=style.gap,
        delay=style.delay,
        chunk_size=style.chunk_size,
        gzip=style.gzip,
        ending=ending,
    )


def ending_of(style: Style) -> tuple[Ending, int | None]:
    """How the stream ends and after how many events; None is all of them."""
    if style.cut_after is not None:
        return Ending.CUT, style.cut_after
    if style.reset_after is not None:
        return Ending.RESET, style.reset_after
    if style.stall_after is not None:
        return Ending.STALL, style.stall_after
    return Ending.COMPLETE, None


def _chunks(
    responses: Sequence[Mapping[str, Any]], style: Style, scene: FaultContext, shown: int | None, *, sse: bool
) -> Iterator[bytes]:
    frame = _Sse(style.newline) if sse else _Array()
    stops = [after for after in (shown, style.error_after) if after is not None]
    told = list(responses[: min(stops)] if stops else responses)
    joined = style.error_after is not None and style.error_form is ErrorForm.JOINED and told
    for number, response in enumerate(told):
        if style.garbage_after == number:
            yield frame.around(b'{"response": {"candidates": [{"content": {"par')
        chunk = frame.around(one_line(response) if sse else pretty(response).rstrip())
        if joined and number == len(told) - 1:
            yield chunk + one_line(error_named(style.error, scene).as_json())
            return
        yield chunk
    if style.garbage_after is not None and style.garbage_after >= len(told):
        yield frame.around(b'{"response": {"candidates": [{"content": {"par')
    if style.error_after is not None:
        yield _error_chunk(style, scene, frame)
        if style.error_form is not ErrorForm.DATA:
            return
    if style.done and sse and shown is None:
        yield frame.around(b"[DONE]")
    if shown is None and (end := frame.end()):
        yield end


def _error_chunk(style: Style, scene: FaultContext, frame: _Sse | _Array) -> bytes:
    body = error_named(style.error, scene).as_json()
    match style.error_form:
        case ErrorForm.DATA:
            return frame.around(one_line(body))
        case ErrorForm.PRETTY:
            return pretty(body).rstrip()
        case _:
            return one_line(body)


class _Sse:
    """`data: ` + one line + a blank line, with Google's CRLF unless told otherwise."""

    def __init__(self, newline: str) -> None:
        self._end = (newline * 2).encode()

    def around(self, line: bytes) -> bytes:
        return b"data: " + line + self._end

    def end(self) -> bytes:
        return b""


class _Array:
    """`[{…}\\n` `,\\r\\n{…}\\n` … `]`: nothing before the first bracket, nothing after the last."""

    def __init__(self) -> None:
        self._before = b"["

    def around(self, element: bytes) -> bytes:
        before, self._before = self._before, b",\r\n"
        return before + element + b"\n"

    def end(self) -> bytes:
        return b"[]" if self._before == b"[" else b"]"
