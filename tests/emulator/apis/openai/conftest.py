"""The OpenAI layer, called as OpenAI's clients call it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from emulator import Account, Emulator


def noon() -> float:
    return 1_800_014_400.0


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(clock=noon) as running:
        yield running


@dataclass
class Client:
    """One key, as a bearer's token."""

    google: Emulator
    account: Account
    http: httpx.Client

    def send(self, verb: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.account.api_key}", **options.pop("headers", {})}
        url = f"{self.google.url}/v1beta/openai/{path}"
        return self.http.request(verb, url, json=body, headers=headers, **options)

    def get(self, path: str) -> dict[str, Any]:
        answered = self.send("GET", path)
        assert answered.status_code == 200, answered.text
        return answered.json()

    def post(self, path: str, body: Any, **options: Any) -> dict[str, Any]:
        answered = self.send("POST", path, body, **options)
        assert answered.status_code == 200, answered.text
        return answered.json()

    def chat(self, *messages: dict[str, Any], model: str = "gemini-2.5-flash", **more: Any) -> dict[str, Any]:
        return self.post("chat/completions", {"model": model, "messages": list(messages), **more})

    def stream(self, prompt: str, model: str = "gemini-2.5-flash", **more: Any) -> list[Any]:
        """The events' data; of `[DONE]` its text."""
        body = {"model": model, "messages": [user(prompt)], "stream": True, **more}
        answered = self.send("POST", "chat/completions", body)
        assert answered.headers["content-type"] == "text/event-stream"
        *events, end = answered.content.split(b"\r\n\r\n")
        assert end == b""
        told = [event.removeprefix(b"data: ") for event in events]
        return [one.decode() if one == b"[DONE]" else json.loads(one) for one in told]


@pytest.fixture
def client(google: Emulator, alice: Account, http: httpx.Client) -> Client:
    return Client(google, alice, http)


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def message_of(completion: dict[str, Any]) -> dict[str, Any]:
    return completion["choices"][0]["message"]
