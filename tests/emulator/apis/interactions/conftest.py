"""Interactions as a careful client would make them, with two projects of one Google."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from emulator import Account, Emulator
from tests.emulator.conftest import Caller

MODEL = "gemini-3.5-flash"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@dataclass
class Talker(Caller):
    """Creates, reads and ends interactions with one account."""

    def create(self, given: Any = "Hello", **asked: Any) -> httpx.Response:
        subject = {} if "agent" in asked else {"model": MODEL}
        body = {**subject, "input": given, **asked}
        return self.public("interactions", {name: value for name, value in body.items() if value is not None})

    def made(self, given: Any = "Hello", **asked: Any) -> dict[str, Any]:
        answered = self.create(given, **asked)
        assert answered.status_code == 200, answered.text
        return answered.json()

    def streamed(self, given: Any = "Hello", **asked: Any) -> list[dict[str, Any]]:
        return frames_of(self.create(given, stream=True, **asked).content)

    def get(self, id: str, **query: str) -> httpx.Response:
        return self.public(f"interactions/{id}", params=query)

    def resumed(self, id: str, last_event_id: str = "") -> list[dict[str, Any]]:
        after = {"last_event_id": last_event_id} if last_event_id else {}
        return frames_of(self.get(id, stream="true", **after).content)

    def heard(self, given: Any = "Hello", **asked: Any) -> bytes:
        """What comes of a stream before its connection ends in the middle."""
        body = {"model": MODEL, "input": given, "stream": True, **asked}
        body = {name: value for name, value in body.items() if value is not None}
        headers = {"x-goog-api-key": self.account.api_key}
        came = b""
        with (
            pytest.raises(httpx.RemoteProtocolError),
            self.http.stream("POST", f"{self.google.url}/v1beta/interactions", json=body, headers=headers) as answered,
        ):
            for piece in answered.iter_raw():
                came += piece
        return came


@pytest.fixture
def talker(google: Emulator, alice: Account, http: httpx.Client) -> Talker:
    return Talker(google, alice, http)


@pytest.fixture
def stranger(google: Emulator, http: httpx.Client) -> Talker:
    """Somebody of another project."""
    return Talker(google, google.add_account("sam@example.com", project="sam-project"), http)


def frames_of(body: bytes, *, whole: bool = True) -> list[dict[str, Any]]:
    """The payloads of a stream's frames; `whole` takes its last one, `[DONE]`, away."""
    *frames, end = body.split(b"\r\n\r\n")
    assert end == b""
    if whole:
        assert frames.pop() == b"event: done\r\ndata: [DONE]"
    told = []
    for frame in frames:
        name, _, data = frame.partition(b"\r\ndata: ")
        told.append(json.loads(data))
        assert name == b"event: " + told[-1]["event_type"].encode()
    return told


def said(interaction: dict[str, Any]) -> str:
    """The words of its model_output steps."""
    contents = [one for step in interaction["steps"] if step["type"] == "model_output" for one in step["content"]]
    return "".join(content.get("text", "") for content in contents)


def words_of(events: list[dict[str, Any]]) -> str:
    deltas = [event["delta"] for event in events if event["event_type"] == "step.delta"]
    return "".join(delta["text"] for delta in deltas if delta["type"] == "text")


def types_of(steps: list[dict[str, Any]]) -> list[str]:
    return [step["type"] for step in steps]
