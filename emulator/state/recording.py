"""What the emulator saw: one `Recorded` a request, and the waiting for what is still to come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Never recorded: a recording is shown by `/emulator/requests` and printed by failing tests.
SECRET_HEADERS = frozenset({"authorization", "x-goog-api-key", "x-api-key", "cookie"})
SECRET_PARAMETERS = frozenset({"key", "access_token", "oauth_token", "token", "code"})

# Bodies beyond this are forgotten, oldest first; the newest request's is always kept.
_MOST_BYTES = 64 * 1024 * 1024

MODEL_CALLS = frozenset(
    {
        "generateContent",
        "streamGenerateContent",
        "countTokens",
        "embedContent",
        "batchEmbedContents",
        "createInteraction",
        "createDecision",
        "openaiChat",
        "openaiEmbeddings",
    }
)


@dataclass(slots=True)
class Recorded:
    """One request: what was asked, who asked, how it was answered, and whether the client stayed.

    account   the e-mail of the account whose token or key came with it, "" when unknown
    call      the method's name (`generateContent`, `loadCodeAssist`, `token`, …), "" for an unknown path
    base      what stood before the API's own path, "" as a rule
    body      the body parsed (JSON, or a form as a dict), None when it could not be; OAuth's without its secrets, of
              the headers in tools only the names
    raw       the body's bytes; none for OAuth, and none of an upload
    size      how many bytes of the body came
    at        the emulator's clock, seconds since the epoch
    status    of the reply, 0 while there is none and when none was sent
    fault     the name of the scripted fault that answered it, "" otherwise
    hung_up   the client left before the reply was complete
    """

    number: int
    call: str
    http_method: str
    path: str
    base: str
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    account: str
    model: str
    body: Any = field(repr=False)
    raw: bytes = field(repr=False)
    at: float
    size: int = 0
    status: int = 0
    fault: str = ""
    done: bool = False
    hung_up: bool = False
    hung_up_at: float | None = None

    @property
    def is_model_call(self) -> bool:
        return self.call in MODEL_CALLS


class Recording:
    """The latest requests, oldest first, and those still open. Used under the state's lock."""

    def __init__(self, keep: int, changed: threading.Condition) -> None:
        self._changed = changed
        self._kept: deque[Recorded] = deque(maxlen=keep)
        self._open: set[int] = set()
        self._seen = 0
        self._bytes = 0

    def begin(self, recorded: Recorded) -> None:
        if self._kept.maxlen == len(self._kept) and self._kept:
            self._bytes -= len(self._kept[0].raw)
        if self._kept.maxlen:
            self._bytes += len(recorded.raw)
        if self._bytes > _MOST_BYTES:
            self._forget_bodies()
        self._kept.append(recorded)
        self._open.add(recorded.number)
        self._changed.notify_all()

    def end(self, recorded: Recorded, *, hung_up_at: float | None = None) -> None:
        recorded.done = True
        if hung_up_at is not None:
            recorded.hung_up, recorded.hung_up_at = True, hung_up_at
        self._open.discard(recorded.number)
        self._changed.notify_all()

    def _forget_bodies(self) -> None:
        for kept in self._kept:
            self._bytes -= len(kept.raw)
            kept.raw, kept.body = b"", None

    def next_number(self) -> int:
        self._seen += 1
        return self._seen

    def all(self) -> list[Recorded]:
        return list(self._kept)

    def open_count(self) -> int:
        return len(self._open)

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0

    def wait_for(self, found: Callable[[], Any], timeout: float, what: str) -> Any:
        """Whatever `found` gives once it is true; TimeoutError after `timeout` seconds."""
        if not self._changed.wait_for(lambda: bool(found()), timeout):
            raise TimeoutError(f"no {what} within {timeout} s")
        return found()


def without_secrets(pairs: Mapping[str, str], secret: Iterable[str]) -> dict[str, str]:
    hidden = set(secret)
    return {name: value for name, value in pairs.items() if name not in hidden}


def without_headers_of_tools(body: Any) -> Any:
    """The body, in which the headers that tools of an interaction or an agent send elsewhere have no values."""
    tools = body.get("tools") if isinstance(body, dict) else None
    if not isinstance(tools, list) or not any(map(_has_headers, tools)):
        return body
    return {
        **body,
        "tools": [{**tool, "headers": [*tool["headers"]]} if _has_headers(tool) else tool for tool in tools],
    }


def _has_headers(tool: Any) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("headers"), dict)


def rows(recorded: Iterable[Recorded]) -> list[dict[str, Any]]:
    """Recordings as JSON for the control endpoint."""
    return [
        {
            "number": one.number,
            "call": one.call,
            "method": one.http_method,
            "path": one.path,
            "query": one.query,
            "headers": one.headers,
            "account": one.account,
            "model": one.model,
            "body": one.body,
            "size": one.size,
            "status": one.status,
            "fault": one.fault,
            "done": one.done,
            "hung_up": one.hung_up,
        }
        for one in recorded
    ]
