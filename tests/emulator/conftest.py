"""The emulator with one account, and calls to it as a careful client would make them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from emulator import Account, Emulator

WEATHER = {
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "OBJECT",
        "properties": {"city": {"type": "STRING"}, "unit": {"type": "STRING", "enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    },
}
TOOLS = [{"functionDeclarations": [WEATHER, {"name": "play_song", "description": "Plays music by title"}]}]


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def alice(google: Emulator) -> Account:
    return google.add_account("alice@example.com", project="alice-project")


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


@dataclass
class Caller:
    """Calls v1internal, and the public API, with one account."""

    google: Emulator
    account: Account
    http: httpx.Client

    def internal(self, method: str, body: Any, **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.account.access_token}", **options.pop("headers", {})}
        return self.http.post(f"{self.google.url}/v1internal:{method}", json=body, headers=headers, **options)

    def public(self, path: str, body: Any = None, version: str = "v1beta", **options: Any) -> httpx.Response:
        url, headers = f"{self.google.url}/{version}/{path}", {"x-goog-api-key": self.account.api_key}
        if body is None:
            return self.http.get(url, headers=headers, **options)
        return self.http.post(url, json=body, headers=headers, **options)

    def send(self, verb: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Any verb on the public API; without a body none is sent."""
        headers = {"x-goog-api-key": self.account.api_key}
        return self.http.request(verb, f"{self.google.url}/v1beta/{path}", json=body, headers=headers, **options)

    def envelope(self, prompt: str = "Hello", model: str = "gemini-2.5-pro", **request: Any) -> dict[str, Any]:
        contents = [{"role": "user", "parts": [{"text": prompt}]}]
        return {"model": model, "project": self.account.project, "request": {"contents": contents, **request}}

    def generate(self, prompt: str = "Hello", model: str = "gemini-2.5-pro", **request: Any) -> dict[str, Any]:
        answered = self.internal("generateContent", self.envelope(prompt, model, **request))
        assert answered.status_code == 200, answered.text
        return answered.json()["response"]

    def say(self, prompt: str, **request: Any) -> str:
        return text_of(self.generate(prompt, **request))

    def stream(self, prompt: str = "Hello", model: str = "gemini-2.5-pro", **request: Any) -> list[dict[str, Any]]:
        answered = self.internal(
            "streamGenerateContent", self.envelope(prompt, model, **request), params={"alt": "sse"}
        )
        return [event["response"] for event in events_of(answered.content)]


@pytest.fixture
def caller(google: Emulator, alice: Account, http: httpx.Client) -> Caller:
    return Caller(google, alice, http)


def user(*parts: dict | str) -> dict:
    return {"role": "user", "parts": [{"text": part} if isinstance(part, str) else part for part in parts]}


def text_of(response: dict[str, Any], candidate: int = 0) -> str:
    parts = response["candidates"][candidate]["content"].get("parts", [])
    return "".join(part.get("text", "") for part in parts if not part.get("thought"))


def events_of(body: bytes) -> list[dict[str, Any]]:
    *events, end = body.split(b"\r\n\r\n")
    assert end == b""
    assert all(event.startswith(b"data: ") and b"\n" not in event for event in events)
    return [json.loads(event.removeprefix(b"data: ")) for event in events]


def error_of(answered: httpx.Response) -> dict[str, Any]:
    body = answered.json()
    return (body[0] if isinstance(body, list) else body)["error"]
