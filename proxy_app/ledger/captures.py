"""The prompt and the response of a call, kept for an API key that has this turned on, and for no other.

Bounded twice: of each side of a call only the beginning is kept, and of calls not yet written only so many bytes. Both
sides are encrypted before they reach the database.
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
from proxy_app.wire.calls import Call

KIND = "captured"
# Long chats and files inlined in prompts run to megabytes; what went wrong shows in less.
BODY_LIMIT = 128 * 1024
# What may wait for the database in one process; past it a call is not captured, and counted.
WAITING_LIMIT = 64 * 1024 * 1024
# Rows of up to half a megabyte, written or deleted: few enough that who waits behind one batch does not notice.
BATCH = 20


@dataclass(slots=True)
class _Side:
    """The beginning of what one side said, and how long all of it was."""

    kept: bytearray = field(default_factory=bytearray, repr=False)
    length: int = 0

    def add(self, said: bytes) -> None:
        self.length += len(said)
        if (room := BODY_LIMIT - len(self.kept)) > 0:
            self.kept += said[:room]


@dataclass(frozen=True, slots=True)
class Said:
    """A call's words on their way to the database; `columns` are those of `CapturedCall` beside them."""

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
    """One call's words. A context manager: leaving it writes them down."""

    key: int
    request_id: str
    model: str
    method: str
    attempt_log: AttemptLog
    _prompt: _Side = field(default_factory=_Side)
    _answer: _Side = field(default_factory=_Side)
    _refusal: str = ""
    at: float = field(default_factory=time)

    def hear(self, batch: list[bytes]) -> None:
        """Events on their way to the client."""
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
        _keep(self.said())

    def said(self) -> Said:
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
        return Said(columns, bytes(self._prompt.kept), bytes(self._answer.kept))


def begin(
    key: KeyView | None, call: Call, raw: bytes, attempt_log: AttemptLog
) -> AbstractContextManager[Capture | None]:
    """A capture of `call`, whose body came as `raw`, if its key has this turned on; else nothing."""
    if key is None or not key.capture:
        return nullcontext()
    capture = Capture(key.id, call.request_id, call.model, call.operation.name, attempt_log)
    capture._prompt.add(raw)
    return capture


def prune_some(days: int, now: datetime) -> int:
    """Delete one batch of what is older than `days`, oldest first; how many calls it had."""
    old = CapturedCall.objects.filter(at__lt=now - timedelta(days=days)).order_by("pk")
    batch = list(old.values_list("pk", flat=True)[:BATCH])
    return CapturedCall.objects.filter(pk__in=batch).delete()[0] if batch else 0


def passed_over() -> int:
    """Calls that were not captured because too much waited for the database."""
    return _passed_over


def _keep(said: Said) -> None:
    global _passed_over
    if journal.held(KIND) + said.size > WAITING_LIMIT:
        _passed_over += 1
    else:
        journal.append(KIND, said)


def _text(kept: bytes) -> str:
    # PostgreSQL takes no NUL in a text.
    return kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _write(calls: list[Said]) -> None:
    there = existing(Kind.API_KEY, {said.columns["api_key_id"] for said in calls})
    CapturedCall.objects.bulk_create([said.row() for said in calls if said.columns["api_key_id"] in there])


_passed_over = 0
journal.register(
    KIND,
    _write,
    droppable=True,
    batch=BATCH,
    name_of=lambda said: said.columns["request_id"],
    size_of=lambda said: said.size,
)
