"""What is asked and what is answered in the benchmarks: about 2 kB each way, shaped like the real thing.

A stream is described by its model's name: `bench-30x20x320` is 30 events, 20 ms apart, each of about 320 bytes.
"""

import json
import time
from dataclasses import dataclass

PLAIN_MODEL = "bench-plain"
IMAGE_MODEL = "bench-image-30"  # an image of 30 MB in one answer
SAMPLE = "The quick brown fox jumps over the lazy dog while the band plays on and the rain keeps falling. "

USAGE = {"promptTokenCount": 400, "candidatesTokenCount": 350, "totalTokenCount": 750}


@dataclass(frozen=True, slots=True)
class Script:
    """A stream: how many events, the seconds between two of them, the bytes of text in each."""

    events: int
    gap: float
    size: int

    @property
    def model(self) -> str:
        return f"bench-{self.events}x{round(self.gap * 1000)}x{self.size}"


def script_of(model: str) -> Script:
    """The script that a model's name describes."""
    events, gap, size = model.removeprefix("bench-").split("x")
    return Script(int(events), int(gap) / 1000, int(size))


def text(size: int) -> str:
    return (SAMPLE * (size // len(SAMPLE) + 1))[:size]


def request_body(size: int = 1700, filling: str = "") -> bytes:
    """A client's request: a system instruction, two turns, settings."""
    body = {
        "systemInstruction": {"parts": [{"text": "You are a terse assistant."}]},
        "contents": [{"role": "user", "parts": [{"text": filling or text(size)}]}],
        "generationConfig": {"temperature": 0.7, "maxOutputTokens": 2048, "topP": 0.95},
    }
    return json.dumps(body).encode()


def response(words: str, finish: str | None = "STOP", stamp: float | None = None) -> dict:
    """A public response; `stamp` is when it was written (CLOCK_MONOTONIC, one clock for all processes)."""
    candidate: dict = {"content": {"role": "model", "parts": [{"text": words}]}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    told: dict = {"candidates": [candidate], "modelVersion": "bench", "responseId": "b" * 22}
    if finish:
        told["usageMetadata"] = USAGE
    if stamp is not None:
        told["createTime"] = f"@{stamp:.6f}@"
    return told


def image(megabytes: int) -> dict:
    told = response("")
    told["candidates"][0]["content"]["parts"] = [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0K" * (megabytes * 2**20 // 8)}}
    ]
    return told


def encoded(told: dict, wrapped: bool) -> bytes:
    """As v1internal sends it (`wrapped`), or as the public API does."""
    return json.dumps({"response": told, "traceId": "0123456789abcdef"} if wrapped else told).encode()


class Event:
    """One event as bytes, made once; only the time it is written is put in anew."""

    def __init__(self, size: int, wrapped: bool, finish: str | None = None) -> None:
        payload = encoded(response(text(size), finish, stamp=0.0), wrapped)
        self._before, _, self._after = payload.partition(b"@0.000000@")

    def now(self) -> bytes:
        """As a chunk of a chunked body."""
        event = b"data: %b@%.6f@%b\r\n\r\n" % (self._before, time.monotonic(), self._after)
        return b"%x\r\n%b\r\n" % (len(event), event)
