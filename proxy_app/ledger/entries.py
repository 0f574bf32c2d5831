"""The entries of the request log, one for each attempt; a sink gives them to the journal, which writes in batches."""

import time
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

from django.db import connection
from django.db.models import CharField, PositiveIntegerField, TextField

from accounts_app import leasing
from accounts_app.pool import foreign_text
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.storage import journal
from accounts_app.storage.existing import Kind, existing
from accounts_app.storage.upsert import insert
from proxy_app.ledger import hours, sinks
from proxy_app.models import UsageRecord
from proxy_app.wire.calls import Call
from proxy_app.wire.usage import Usage

KIND = "usage"
_MESSAGE_LIMIT = 500  # characters; upstream's messages are a sentence or two
_LEFT = Fault(Outcome.ABANDONED)  # until an attempt's outcome is set
_NO_TOKENS = Usage()

_COLUMNS = [field.attname for field in UsageRecord._meta.local_concrete_fields if not field.primary_key]
_values = itemgetter(*_COLUMNS)
_TEXTS = {
    field.name: field.max_length or _MESSAGE_LIMIT
    for field in UsageRecord._meta.fields
    if isinstance(field, CharField | TextField)
}
_COUNTS = [field.name for field in UsageRecord._meta.fields if isinstance(field, PositiveIntegerField)]
LARGEST_COUNT = 2**31 - 1  # what such a column holds in every database


@dataclass(slots=True)
class LogEntry:
    """One attempt as far as it has come. A context manager: leaving it gives the entry to the sinks.

    Of `call` it keeps what the row needs, and not the body: an answer may take hours.
    """

    call: InitVar[Call]
    attempt: int
    account_id: int
    account_label: str
    dialect: str
    upstream_model: str
    why: str
    endpoint: str = ""  # empty while nothing has been sent
    waited: float = 0.0  # seconds the call had waited for an account before this attempt
    overhead: float = 0.0  # seconds the gateway itself has spent on it
    at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    first_event_after: float | None = None
    fault: Fault = _LEFT
    delivered: bool = False
    events: int = 0
    usage: Usage = _NO_TOKENS
    request_id: str = field(init=False)
    api_key_id: int | None = field(init=False)
    method: str = field(init=False)
    model: str = field(init=False)
    resource: str = field(init=False)
    conversation: str = field(init=False)

    def __post_init__(self, call: Call) -> None:
        self.request_id, self.api_key_id = call.request_id, call.api_key_id
        self.method, self.model, self.resource = call.operation.name, call.model, call.resource
        self.conversation = call.conversation

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.fault is _LEFT and isinstance(error, Exception):
            self.fault = Fault(Outcome.GATEWAY_ERROR, message=type(error).__name__)
        sinks.emit(self)

    def first_event(self) -> None:
        """The commit point: from here on this attempt is the call's answer."""
        self.first_event_after = time.monotonic() - self.began
        self.delivered = True

    def row(self) -> dict[str, Any]:
        """The entry as columns of `UsageRecord`."""
        first = self.first_event_after
        return {
            "at": datetime.fromtimestamp(self.at, UTC),
            "request_id": self.request_id,
            "attempt": self.attempt,
            "api_key_id": self.api_key_id,
            "account_id": self.account_id,
            "account_label": self.account_label,
            "dialect": self.dialect,
            "method": self.method,
            "model": self.model,
            "resource": self.resource,
            "conversation": self.conversation,
            "upstream_model": self.upstream_model,
            "endpoint": self.endpoint,
            "why": self.why,
            "outcome": self.fault.outcome.value,
            "status": self.fault.status,
            "message": self.fault.message[:_MESSAGE_LIMIT],
            "delivered": self.delivered,
            "repeated": 0,
            "wait_ms": round(self.waited * 1000),
            "first_event_ms": None if first is None else round(first * 1000),
            "duration_ms": round((time.monotonic() - self.began) * 1000),
            "overhead_us": round(self.overhead * 1_000_000),
            "events": self.events,
            "prompt_tokens": self.usage.prompt,
            "cached_tokens": self.usage.cached,
            "candidates_tokens": self.usage.candidates,
            "thoughts_tokens": self.usage.thoughts,
            "tool_tokens": self.usage.tool,
            "total_tokens": self.usage.total,
        }


def _to_journal(entry: LogEntry) -> None:
    journal.append(KIND, entry.row())


def _to_project(entry: LogEntry) -> None:
    spent = entry.usage
    leasing.used(entry.account_id, spent.prompt + spent.candidates + spent.thoughts + spent.tool, time.monotonic())


def _write(rows: list[dict[str, Any]]) -> None:
    rows = _without_deleted(rows, "account_id", Kind.ACCOUNT)
    rows = _without_deleted(rows, "api_key_id", Kind.API_KEY)
    rows = [_fitting(row) for row in rows]
    adapted = connection.ops.adapt_datetimefield_value
    insert(UsageRecord, _COLUMNS, [_values({**row, "at": adapted(row["at"])}) for row in rows])
    hours.add(rows)


def _fitting(row: dict[str, Any]) -> dict[str, Any]:
    """The row with texts and counts cut to what its columns take: a row that the database refuses would be lost."""
    for name, length in _TEXTS.items():
        row[name] = foreign_text.cleaned(row[name], length)
    for name in _COUNTS:
        if row[name] is not None:
            row[name] = bounded(row[name])
    return row


def bounded(count: int) -> int:
    """A count of upstream's, which may be anything, as a column takes it."""
    return min(max(count, 0), LARGEST_COUNT)


def _without_deleted(rows: list[dict[str, Any]], column: str, kind: Kind) -> list[dict[str, Any]]:
    """The rows, with `column` None where it names a row deleted since then, as in the rows written before."""
    named = {row[column] for row in rows}
    gone = named - {None, *existing(kind, named)}
    return [{**row, column: None} if row[column] in gone else row for row in rows]


journal.register(KIND, _write, droppable=True)
sinks.add(_to_journal)
sinks.add(_to_project)
