"""`batches`: Google's own jobs by their own names, over files of OpenAI's requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.apis.openai.access import model_for
from emulator.apis.openai.chat import completion_of
from emulator.apis.openai.embeddings import embeddings_of
from emulator.apis.resources.batches import Batch, Line, invalid, lines_in, start
from emulator.apis.resources.files import active_file
from emulator.state.resources.jobs import LONGEST_JOB, Job, State
from emulator.state.resources.names import random_id
from emulator.wire.errors import Refused
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_CHAT, _EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
_VERBS = {_CHAT: "batchGenerateContent", _EMBEDDINGS: "asyncBatchEmbedContent"}
_STATUSES = {
    State.PENDING: "validating",
    State.RUNNING: "in_progress",
    State.SUCCEEDED: "completed",
    State.CANCELLED: "cancelled",
    State.EXPIRED: "expired",
}


@dataclass(slots=True)
class _OpenaiBatch(Batch):
    """A batch whose lines are OpenAI's requests, and whose answers are OpenAI's."""

    def answer(self, line: Line) -> Json:
        told: Json = {"id": f"batch_req_{random_id(24)}", **line.said, "response": None, "error": None}
        try:
            body = self._body(line.request)
        except Refused as refused:
            return {**told, "error": {"code": refused.body.status, "message": refused.body.message}}
        return {**told, "response": {"status_code": 200, "request_id": f"req_{random_id(24)}", "body": body}}

    def _body(self, request: Any) -> Json:
        if self.asked["endpoint"] == _EMBEDDINGS:
            return embeddings_of(self.call, request, counted=False)
        return completion_of(self.google, self.call, request)


def _create(google: Google, call: Call) -> Json:
    asked = read_message("OpenaiBatchRequest", call.json_body())
    endpoint, name = asked.get("endpoint", ""), asked.get("inputFileId", "")
    if endpoint not in _VERBS:
        raise invalid("endpoint", f"must be one of {', '.join(_VERBS)}")
    if asked.get("completionWindow") != "24h":
        raise invalid("completion_window", "must be 24h")
    read = lines_in(active_file(call, name).blob.kept().decode("utf-8", "replace"), "body", "custom_id")
    first = read[0].request if isinstance(read[0].request, dict) else {}
    model = model_for(call, str(first.get("model", "")), _VERBS[endpoint])
    kept = {"endpoint": endpoint, "metadata": asked.get("metadata"), "inputConfig": {"fileName": name}}
    return _told(start(_OpenaiBatch(google, call, model, read, kept)), call.now)


def _get(google: Google, call: Call) -> Json:
    return _told(call.project.jobs.get(_name_of(call)), call.now)


def _cancel(google: Google, call: Call) -> Json:
    job = call.project.jobs.get(_name_of(call))
    job.cancel(call.now)
    return _told(job, call.now)


def _name_of(call: Call) -> str:
    """A batch goes by its whole name, or by its id alone."""
    return f"batches/{call.route.resource.removeprefix('batches/')}"


def _told(job: Job, now: float) -> Json:
    """The job as OpenAI's batch; also one that was made by Google's own API."""
    metadata, state = job.metadata(job, now, True), job.state(now)
    counts, ended = metadata["batchStats"], job.cancelled if job.cancelled is not None else job.ends
    told: Json = {
        "id": job.name,
        "object": "batch",
        "endpoint": job.asked.get("endpoint", _CHAT),
        "input_file_id": metadata.get("inputConfig", {}).get("fileName"),
        "completion_window": "24h",
        "status": _STATUSES[state],
        "output_file_id": (job.result(now) or {}).get("responsesFile"),
        "error_file_id": None,
        "created_at": int(job.created),
        "expires_at": int(job.created + LONGEST_JOB),
        "request_counts": {
            "total": int(counts.get("requestCount", 0)),
            "completed": int(counts.get("successfulRequestCount", 0)),
            "failed": int(counts.get("failedRequestCount", 0)),
        },
        "metadata": job.asked.get("metadata"),
    }
    return {**told, f"{_STATUSES[state]}_at": int(ended)} if state.over else told


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "openaiCreateBatch": _create,
    "openaiGetBatch": _get,
    "openaiCancelBatch": _cancel,
}
