"""The events of an interaction put on the wire: SSE whose frames name their type, in a style that may go wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from emulator.wire.errors import WordedError
from emulator.wire.replies import SSE_TYPE, Ending, ErrorForm, Json, Reply, Style, one_line, pretty
from emulator.wire.streaming import GOOGLE_HEADERS, ending_of

_GARBAGE = b'{"event_type": "step.del'


def interaction_stream(
    events: Iterable[Json], style: Style, error: WordedError, *, at_once: int = 0, gap: float = 0.0
) -> Reply:
    """A stream of `events`, the first `at_once` in one write and the rest `gap` seconds apart.

    `error` is what a style's error says where it has another form than an event.
    """
    ending, shown = ending_of(style)
    frames = _frames(events, style, shown, error)
    if style.dropped:
        ending, frames = Ending.CUT, _to_the_checkpoint(events, style)
    return Reply(
        headers=(*GOOGLE_HEADERS, *style.headers),
        content_type=SSE_TYPE,
        chunks=() if style.empty else _joined(frames, at_once),
        gap=style.gap or gap,
        delay=style.delay,
        chunk_size=style.chunk_size,
        gzip=style.gzip,
        ending=ending,
    )


def cut_short(events: Sequence[Json], style: Style) -> bool:
    """Whether an error event takes the place of what comes after it."""
    return style.error_after is not None and style.error_form is None and style.error_after < len(events)


def _frames(events: Iterable[Json], style: Style, shown: int | None, error: WordedError) -> Iterator[bytes]:
    stops = [after for after in (shown, style.error_after if style.error_form else None) if after is not None]
    last = ""
    for number, event in enumerate(islice(events, min(stops) if stops else None)):
        last = event.get("event_type", "")
        if last == "interaction.completed" and not style.finish:
            return
        if style.garbage_after == number:
            yield _frame(last, _GARBAGE, style)
        yield _frame(last, one_line(event), style)
    if style.error_form is not None and style.error_after is not None:
        yield _error(error, style)
    elif shown is None and last != "error":
        yield _frame("done", b"[DONE]", style)


def _to_the_checkpoint(events: Iterable[Json], style: Style) -> Iterator[bytes]:
    for event in events:
        yield _frame(event["event_type"], one_line(event), style)
        if event["event_type"] == "interaction.status_update" and "continuation_token" in event:
            return


def _frame(event_type: str, data: bytes, style: Style) -> bytes:
    end = style.newline.encode()
    return b"event: " + event_type.encode() + end + b"data: " + data + end + end


def _error(error: WordedError, style: Style) -> bytes:
    """An error as other streams of Google's were seen to tell them."""
    if style.error_form is ErrorForm.DATA:
        return b"data: " + one_line(error.as_json()) + style.newline.encode() * 2
    return pretty(error.as_json()).rstrip() if style.error_form is ErrorForm.PRETTY else one_line(error.as_json())


def _joined(frames: Iterator[bytes], at_once: int) -> Iterator[bytes]:
    yield b"".join(islice(frames, at_once))
    yield from frames
