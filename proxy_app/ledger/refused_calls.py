"""Calls that ended without an attempt, which the request log has as rows with attempt 0.

Calls without a valid key can come in any number. Of them the first ten of each address and minute get rows; the others
are counted in the tenth (`repeated`).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
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
from proxy_app.wire.names import resource_names
from proxy_app.wire.operations import FORWARDED, GET_MODEL, LIST_MODELS, Operation, addresses, paths
from proxy_app.wire.operations.addresses import Address
from proxy_app.wire.operations.paths import Target

AGAIN = "refused_again"
MESSAGE_LIMIT = 500  # characters; it may quote names that clients made up

_VERB = re.compile("[A-Za-z]{1,64}")
_BY_THE_GATEWAY = (LIST_MODELS, GET_MODEL)  # no account is asked for them, and their refusals have no rows
_BLANK = {
    field.attname: field.get_default() for field in UsageRecord._meta.local_concrete_fields if not field.primary_key
}
# Of the server's own refusals, for which only the path of the call has been read.
_BY_STATUS = {408: Refusal.TOO_SLOW, 413: Refusal.TOO_LARGE}


@dataclass(frozen=True, slots=True)
class _Called:
    """What a path says of a call. What the client may have made up is "": the message says what is wrong with it."""

    method: str
    model: str = ""
    resource: str = ""


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
    override = request.META.get("HTTP_X_HTTP_METHOD_OVERRIDE", "")
    called = _called(addresses.http_method(request.method or "", override), request.path)
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


def _called(method: str, path: str) -> _Called | None:
    """What a path that stands for an operation accounts answer, or that seems to be meant for one, says of the call."""
    address = addresses.read(path)
    if address is None or method == "OPTIONS":
        return None
    found = paths.find(method, address.below, address.root)
    if found is not None:
        return None if found.operation in _BY_THE_GATEWAY else _of(found.operation, found)
    if meant := paths.by_another_method(address.below, address.root):
        return _misdirected(method, address, meant)
    if paths.may_be_forwarded(address.below, address.root):
        return _Called(FORWARDED.name, resource=paths.clean(address.below))
    return None


def _of(operation: Operation, target: Target) -> _Called:
    try:
        if operation.on_model:
            return _Called(operation.name, model=resource_names.model(target.name).model)
        return _Called(operation.name, resource=resource_names.parse(target.name).logged if target.name else "")
    except resource_names.BadName:
        return _Called(operation.name)


def _misdirected(method: str, address: Address, meant: Operation) -> _Called | None:
    """The call of a path that stands for `meant` by another HTTP method, or for a verb on models that there is not."""
    if meant not in _BY_THE_GATEWAY:
        found = paths.find(meant.http, address.below, address.root)
        return _of(meant, found) if found is not None else None
    name, verb = paths.split(address.below)
    if method != "POST" or meant is not GET_MODEL:
        return None
    try:
        model = resource_names.model(name).model
    except resource_names.BadName:
        model = ""
    return _Called(verb if _VERB.fullmatch(verb) else "", model)


def _row(
    request_id: str, called: _Called, outcome: Outcome | Refusal, status: int, message: str, arrived: float
) -> dict[str, Any]:
    lasted = monotonic() - arrived
    return _BLANK | {
        "at": datetime.fromtimestamp(time() - lasted, UTC),
        "request_id": request_id,
        "attempt": 0,
        "method": called.method,
        "model": called.model,
        "resource": called.resource,
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
