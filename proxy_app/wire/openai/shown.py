"""What an answer in OpenAI's form shows of a resource, in Google's words: rows and lists know no others."""

from collections.abc import Mapping

import msgspec

from proxy_app.wire.operations.shown import DONE, RUNNING, Shown


class _Job(msgspec.Struct, gc=False):
    object: str | None = None
    status: str | None = None


_BATCHES: Mapping[str | None, str] = {
    "validating": "BATCH_STATE_PENDING",
    "in_progress": "BATCH_STATE_RUNNING",
    "finalizing": "BATCH_STATE_RUNNING",
    "cancelling": "BATCH_STATE_RUNNING",
    "completed": "BATCH_STATE_SUCCEEDED",
    "failed": "BATCH_STATE_FAILED",
    "cancelled": "BATCH_STATE_CANCELLED",
    "expired": "BATCH_STATE_EXPIRED",
}
_VIDEOS: Mapping[str | None, str] = {"queued": RUNNING, "in_progress": RUNNING, "completed": DONE, "failed": DONE}

_decode = msgspec.json.Decoder(_Job).decode


def shown_in(answer: bytes) -> Shown:
    """Its state; what lists show of it is Google's own, which this answer has not."""
    try:
        job = _decode(answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Shown()
    return Shown(state=(_VIDEOS if job.object == "video" else _BATCHES).get(job.status, ""))
