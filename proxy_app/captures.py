"""What was said in a call, kept for an API key that has this turned on, and for no other.

Bounded twice: of each side of a call only the beginning is kept, and of calls not yet written only so many bytes. Both
sides are encrypted before they reach the database.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import time
from types import TracebackType
from typing import Self

from django.apps import apps
from django.utils import timezone

from accounts_app import journal
from accounts_app.api_keys import KeyView
from proxy_app.errors import GatewayError
from proxy_app.explanation import Trail
from proxy_app.models import CapturedCall
from proxy_app.wire.calls import Call

KIND = "captured"
# Long chats and files inlined in prompts run to megabytes; what went wrong shows in less.
BODY_LIMIT = 128 * 1024
# What may wait for the database in one process; past it a call is not captured, and counted.
WAITING_LIMIT = 64 * 1024 * 1024
# Rows of up to half a megabyte: few enough that a writer waiting behind one batch does not notice.
BATCH = 50


@dataclass(slots=True)
class _Side:
    """The beginning of what one side said, and how long all of it was."""

    kept: bytearray = field(default_factory=bytearray, repr=False)
    length: int = 0

    def add(self, said: bytes) -> None:
        self.length += len(said)
        if (room := BODY_LIMIT - len(self.kept)) > 0:
            self.kept += said[:room]

    def text(self) -> str:
        # PostgreSQL takes no NUL in a text.
        return self.kept.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


@dataclass(slots=True)
class Capture:
    """One call's words. A context manager: leaving it writes them down."""

    key: int
    call: Call
    trail: Trail
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
            self._refusal = "refused"
        _waiting.add(self)

    def row(self) -> CapturedCall:
        last = self.trail.entries[-1].fault.outcome.value if self.trail.entries else ""
        return CapturedCall(
            at=datetime.fromtimestamp(self.at, UTC),
            request_id=self.call.request_id,
            api_key_id=self.key,
            model=self.call.model,
            method=self.call.method.value,
            outcome=last or self._refusal,
            request=self._prompt.text(),
            request_bytes=self._prompt.length,
            answer=self._answer.text(),
            answer_bytes=self._answer.length,
        )


class _Waiting:
    """What waits for the database, in bytes. `added` is the event loop's, `written` the database thread's."""

    def __init__(self) -> None:
        self.added = self.written = self.passed_over = 0

    def add(self, capture: Capture) -> None:
        row = capture.row()
        size = len(row.request) + len(row.answer)
        if self.added - self.written + size > WAITING_LIMIT:
            self.passed_over += 1
            return
        self.added += size
        journal.append(KIND, row)


_waiting = _Waiting()


def begin(key: KeyView | None, call: Call, raw: bytes, trail: Trail) -> AbstractContextManager[Capture | None]:
    """A capture of `call`, whose body came as `raw`, if its key has this turned on; else nothing."""
    if key is None or not key.capture:
        return nullcontext()
    capture = Capture(key.id, call, trail)
    capture._prompt.add(raw)
    return capture


def prune() -> int:
    """Delete what is older than the settings say, oldest first, in batches; how many calls that were."""
    days = apps.get_model("accounts_app.GatewaySettings").load().capture_days
    old = CapturedCall.objects.filter(at__lt=timezone.now() - timedelta(days=days)).order_by("pk")
    pruned = 0
    while batch := list(old.values_list("pk", flat=True)[:BATCH]):
        pruned += CapturedCall.objects.filter(pk__in=batch).delete()[0]
    return pruned


def passed_over() -> int:
    """Calls that were not captured because too much waited for the database."""
    return _waiting.passed_over


def _write(rows: list[CapturedCall]) -> None:
    keys = {row.api_key_id for row in rows}
    there = set(apps.get_model("accounts_app.ApiKey").objects.filter(pk__in=keys).values_list("pk", flat=True))
    CapturedCall.objects.bulk_create([row for row in rows if row.api_key_id in there])
    _waiting.written += sum(len(row.request) + len(row.answer) for row in rows)


journal.register(KIND, _write, droppable=True)
