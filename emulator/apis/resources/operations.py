"""Long-running operations of every kind: get, list, cancel, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.resources.paging import page_of
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000


def _get(google: Google, call: Call) -> Json:
    return call.project.jobs.get(call.route.resource).resource(call.now)


def _list(google: Google, call: Call) -> Json:
    """Those below a resource (`models/m/operations`), or all of the project but its batches (`operations`)."""
    below = call.route.resource.removesuffix("operations")
    jobs = [job for job in call.project.jobs.under(below) if not job.name.startswith("batches/")]
    shown, following = page_of(call, jobs, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"operations": [job.resource(call.now, whole=False) for job in shown], **following} if shown else {}


def _cancel(google: Google, call: Call) -> Json:
    call.project.jobs.get(call.route.resource).cancel(call.now)
    return {}


def _delete(google: Google, call: Call) -> Json:
    call.project.jobs.delete(call.route.resource)
    return {}


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "getOperation": _get,
    "listOperations": _list,
    "cancelOperation": _cancel,
    "deleteOperation": _delete,
    "getBatch": _get,
    "cancelBatch": _cancel,
    "deleteBatch": _delete,
}
