"""Logs prompt and response of the calls of API keys that have this turned on, and of no others.

Bounded twice: only the beginning of a prompt and a response is kept, without media, and only so many bytes wait for the
database. Both are encrypted before they reach it.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import time
from types import TracebackType
from typing import Any, Self

from accounts_app.api_keys.keys import KeyView
from accounts_app.storage import journal
from accounts_app.storage.existing import Kind, existing
from proxy_app.errors import GatewayError
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.models import CapturedCall
from proxy_app.wire.bodies.media import without_media
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import FORWARDED, Gives

KIND = "captured"
# Bytes of a prompt, and of a response, that are kept: enough to see what went wrong.
BODY_LIMIT = 128 * 1024
# Bytes that may wait for the database in one process; beyond it calls are not captured, but counted.
WAITING_LIMIT = 64 * 1024 * 1024
# Rows of up to half a megabyte that are written or deleted at once, so that other writers do not wait for long.
BATCH = 20


@dataclass(slots=True)
class _Side:
    """The beginning of a prompt or a response, without media, and the length of the whole.

    With `length_only` only that, as of a file.
    """

    length_only: bool = False
    kept: bytearray = field(default_factory=bytearray, repr=False)
    length: int = 0

    def add(self, text: bytes) -> None:
        self.length += len(text)
        if (room := BODY_LIMIT - len(self.kept)) > 0 and not self.length_only:
            self.kept += without_media(text, room)


@dataclass(frozen=True, slots=True)
class Captured:
    """A call's prompt and response on their way to the database; `columns` are the others of `CapturedCall`."""

    columns: dict[str, Any]
    request: bytes = field(repr=False)
    answer: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.request) + len(self.answer)

    def row(self) -> CapturedCall:
        return CapturedCall(**self.columns, request=_text(self.request), answer=_text(self.answer))


@dataclass(slots=True)
class Capture:
    """Collects one call's prompt and response. A context manager: leaving it hands them to the journal."""

    key: int
    request_id: str
    model: str
    method: str
    attempt_log: AttemptLog
    _prompt: _Side = field(default_factory=_Side)
    _answer: _Side = field(default_factory=_Side)
    _refusal: str = ""
    at: float = field(default_factory=time)

    def add(self, batch: list[bytes]) -> None:
        """Add events that go to the client."""
        for event in batch:
            self._answer.add(event + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, GatewayError):
            self._answer.add(error.body())
            self._refusal = error.outcome.value
        _keep(self.captured())

    def captured(self) -> Captured:
        last = self.attempt_log.entries[-1].fault.outcome.value if self.attempt_log.entries else ""
        columns = {
            "at": datetime.fromtimestamp(self.at, UTC),
            "request_id": self.request_id,
            "api_key_id": self.key,
            "model": self.model,
            "method": self.method,
            "outcome": last or self._refusal,
            "request_bytes": self._prompt.length,
            "answer_bytes": self._answer.length,
        }
        return Captured(columns, bytes(self._prompt.kept), bytes(self._answer.kept))


def begin(
    key: KeyView | None, call: Call, raw: bytes, attempt_log: AttemptLog
) -> AbstractContextManager[Capture | None]:
    """A capture of `call`, whose body came as `raw`, if its key has this turned on; else nothing."""
    if key is None or not key.capture:
        return nullcontext()
    capture = Capture(key.id, call.request_id, call.model, call.operation.name, attempt_log)
    is_file = call.operation.gives is Gives.BYTES and call.operation is not FORWARDED
    capture._prompt.length_only, capture._answer.length_only = call.operation.secret, call.operation.secret or is_file
    capture._prompt.add(raw)
    return capture


def prune_some(days: int, now: datetime) -> int:
    """Delete one batch of calls older than `days`, oldest first; returns how many."""
    old = CapturedCall.objects.filter(at__lt=now - timedelta(days=days)).order_by("pk")
    batch = list(old.values_list("pk", flat=True)[:BATCH])
    return CapturedCall.objects.filter(pk__in=batch).delete()[0] if batch else 0


def passed_over() -> int:
    """The number of calls that were not captured because too much waited for the database."""
    return _passed_over


def _keep(call: Captured) -> None:
    global _passed_over
    if journal.held(KIND) + call.size > WAITING_LIMIT:
        _passed_over += 1
    else:
        journal.append(KIND, call)


def _text(kept: bytes) -> str:
    # PostgreSQL takes no NUL in a text.
    return kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _write(calls: list[Captured]) -> None:
    there = existing(Kind.API_KEY, {call.columns["api_key_id"] for call in calls})
    CapturedCall.objects.bulk_create([call.row() for call in calls if call.columns["api_key_id"] in there])


_passed_over = 0
journal.register(
    KIND,
    _write,
    droppable=True,
    batch=BATCH,
    name_of=lambda call: call.columns["request_id"],
    size_of=lambda call: call.size,
)
