"""Calls that ended without an attempt, which the request log has as rows with attempt 0.

Calls without a valid key can come in any number. Of them the first ten of each address and minute get rows; the others
are counted in the tenth (`repeated`).
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

from django.db.models import F
from django.http import HttpRequest

from accounts_app.pool.access.strangers import Strangers
from accounts_app.pool.outcomes import Outcome, Refusal
from accounts_app.storage import journal
from proxy_app import errors
from proxy_app.ledger import entries, hours
from proxy_app.models import UsageRecord
from proxy_app.wire import resource_names
from proxy_app.wire.operations import paths

AGAIN = "refused_again"
MESSAGE_LIMIT = 500  # characters; it may quote names that clients made up

_VERSION, _VERB = re.compile("/+v1[a-z]*/+"), re.compile("[A-Za-z]{1,64}")
_BLANK = {
    field.attname: field.get_default() for field in UsageRecord._meta.local_concrete_fields if not field.primary_key
}
# Of the server's own refusals, for which only the path of the call has been read.
_BY_STATUS = {408: Refusal.TOO_SLOW, 413: Refusal.TOO_LARGE}

_strangers = Strangers()
reset = _strangers.reset


def refused(request: HttpRequest, error: errors.GatewayError) -> None:
    """Log that `error` is the answer to `request`, unless there were attempts, which have rows already."""
    _answered(request, error.outcome, error.code, error.message)


def left(request: HttpRequest) -> None:
    """Log that the client disconnected before the first attempt, unless the server has refused the call."""
    if not request.content.is_answered:  # type: ignore[attr-defined]
        _answered(request, Refusal.LEFT_EARLY, 0, "")


def unread(method: str, path: str, address: str, request_id: str, status: int, message: str, arrived: float) -> None:
    """Log a refusal by the server itself; `arrived` by the monotonic clock, `path` decoded."""
    if called := _called(method, path):
        outcome = _BY_STATUS.get(status, Refusal.MALFORMED if status < 500 else Outcome.GATEWAY_ERROR)
        row = _row(request_id, called, outcome, status, message, arrived)
        _write_once(row, address)


def _answered(request: HttpRequest, outcome: Outcome | Refusal, status: int, message: str) -> None:
    called = _called(request.method or "", request.path)
    request_id = getattr(request, "request_id", "")  # only ApiHandler sets it
    attempt_log = getattr(request, "attempt_log", None)
    if called is None or not request_id or (attempt_log is not None and attempt_log.entries):
        return
    row = _row(request_id, called, outcome, status, message, request.arrived)  # type: ignore[attr-defined]
    if caller := getattr(request, "auth", None):
        journal.append(entries.KIND, row | {"api_key_id": caller.key_id})
    else:
        client = request.scope.get("client")  # type: ignore[attr-defined]
        _write_once(row | {"api_key_id": getattr(request, "known_key", None)}, client[0] if client else "")


def _called(method: str, path: str) -> tuple[str, str] | None:
    """Model and operation of a path that stands for an operation accounts answer, or seems to be meant for one.

    An invalid model or verb is "": the client may have made it up, and the message says what is wrong.
    """
    version = _VERSION.match(path)
    if version is None or method == "OPTIONS":
        return None
    below = path[version.end() :]
    found = paths.find("POST", below)
    if found is not None and (method == "POST" or found.operation.verb):
        return _model(found.name) if found.operation.on_model else "", found.operation.name
    if method != "POST" or not below.startswith("models/"):
        return None
    name, verb = paths.split(below)
    return _model(name), verb if _VERB.fullmatch(verb) else ""


def _model(name: str) -> str:
    try:
        return resource_names.model(name).model
    except resource_names.BadName:
        return ""


def _row(
    request_id: str, called: tuple[str, str], outcome: Outcome | Refusal, status: int, message: str, arrived: float
) -> dict[str, Any]:
    lasted = monotonic() - arrived
    model, verb = called
    return _BLANK | {
        "at": datetime.fromtimestamp(time() - lasted, UTC),
        "request_id": request_id,
        "attempt": 0,
        "method": verb,
        "model": model,
        "outcome": outcome.value,
        "status": status,
        "message": message[:MESSAGE_LIMIT],
        "duration_ms": round(lasted * 1000),
    }


def _write_once(row: dict[str, Any], address: str) -> None:
    if tenth := _strangers.counted_in(address, row["outcome"], row["request_id"], monotonic()):
        journal.append(AGAIN, tenth)
    else:
        journal.append(entries.KIND, row)


def _write_again(request_ids: list[str]) -> None:
    """Count further calls in the rows of their first; those whose row has been deleted are dropped."""
    further: Mapping[str, int] = Counter(request_ids)
    for row in UsageRecord.objects.filter(request_id__in=further, attempt=0):
        number = further[row.request_id]
        UsageRecord.objects.filter(pk=row.pk).update(repeated=F("repeated") + number)
        hours.add_repeated(row, number)


journal.register(AGAIN, _write_again, droppable=True)
