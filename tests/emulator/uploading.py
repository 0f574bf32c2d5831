"""Uploads as a careful client makes them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.emulator.conftest import Caller

MIB = 1024 * 1024


@dataclass
class Session:
    """One resumable upload, step by step; no step after the start brings a key."""

    http: httpx.Client
    url: str

    def step(self, command: str, data: bytes = b"", offset: int | None = None) -> httpx.Response:
        headers = {"x-goog-upload-command": command}
        if offset is not None:
            headers["x-goog-upload-offset"] = str(offset)
        return self.http.post(self.url, content=data, headers=headers)

    def received(self) -> int:
        return int(self.step("query").headers["x-goog-upload-size-received"])


def start(caller: Caller, size: int | None = None, mime_type: str = "text/plain", **file: Any) -> Session:
    answered = started(caller, size, mime_type, **file)
    assert answered.status_code == 200, answered.text
    return Session(caller.http, answered.headers["x-goog-upload-url"])


def started(caller: Caller, size: int | None = None, mime_type: str = "text/plain", **file: Any) -> httpx.Response:
    headers = {
        "x-goog-api-key": caller.account.api_key,
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-type": mime_type,
    }
    if size is not None:
        headers["x-goog-upload-header-content-length"] = str(size)
    return caller.http.post(f"{caller.google.url}/upload/v1beta/files", json={"file": file}, headers=headers)


def upload(caller: Caller, content: bytes, mime_type: str = "text/plain", **file: Any) -> dict[str, Any]:
    answered = start(caller, len(content), mime_type, **file).step("upload, finalize", content, 0)
    assert answered.status_code == 200, answered.text
    return answered.json()["file"]


def target_of(url: str) -> str:
    split = urlsplit(url)
    return f"{split.path}?{split.query}"
