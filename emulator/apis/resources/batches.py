"""Batches: many requests as one job, inline or in a file of JSON lines, answered inline or in such a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.apis.generation import respond
from emulator.apis.models import asking_of, named_model
from emulator.apis.resources.embeddings import check_embedding, embedding_of, embedding_usage
from emulator.apis.resources.files import active_file, generated_file
from emulator.apis.resources.paging import page_of
from emulator.state.models import Model
from emulator.state.resources.jobs import Job, State, type_url
from emulator.state.resources.names import random_id
from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.fields import camel, read_message
from emulator.wire.public.quotas import public_quota
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_MOST_RUNNING = 100
_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000
_RPC_CODES = {400: 3, 403: 7, 404: 5, 409: 6, 429: 8, 500: 13, 503: 14}
_CHANGEABLE = frozenset({"displayName", "priority"})


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch; `said` is what its answer repeats: `key` in files, `metadata` inline."""

    said: Json
    request: Any


@dataclass(slots=True)
class Batch:
    """What a batch is told by, besides its state."""

    google: Google
    call: Call
    model: Model
    lines: Sequence[Line]
    asked: Json
    failed: int = 0

    @property
    def embeds(self) -> bool:
        return self.model.embeds

    @property
    def kind(self) -> str:
        return "EmbedContentBatch" if self.embeds else "GenerateContentBatch"

    @property
    def file_name(self) -> str:
        return str(self.asked.get("inputConfig", {}).get("fileName", ""))

    def metadata(self, job: Job, now: float, whole: bool) -> Json:
        """The batch as a resource; inlined answers are told by get alone."""
        response, state = job.result(now), job.state(now)
        told: Json = {"@type": type_url(self.kind), "model": f"models/{self.model.id}"}
        told |= {name: str(self.asked[name]) for name in ("displayName", "priority") if name in self.asked}
        if self.file_name:
            told["inputConfig"] = {"fileName": self.file_name}
        if response is not None and (whole or self.file_name):
            told["output"] = response
        return {
            **told,
            **job.times(now),
            "batchStats": self._stats(state),
            "state": f"BATCH_STATE_{state.value}",
            "name": job.name,
        }

    def run(self, job_name: str) -> Json:
        """The batch's output: every request answered, in the order of the requests."""
        answers = [self.answer(line) for line in self.lines]
        self.failed = sum(bool(answer.get("error")) for answer in answers)
        if not self.file_name:
            field = "inlinedEmbedContentResponses" if self.embeds else "inlinedResponses"
            return {field: {"inlinedResponses": answers}}
        lines = (json.dumps(answer, ensure_ascii=False, separators=(",", ":")) for answer in answers)
        id = f"batch-{job_name.removeprefix('batches/')}"
        content = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        return {"responsesFile": generated_file(self.call, content, "application/jsonl", id).name}

    def answer(self, line: Line) -> Json:
        try:
            return {**line.said, "response": self._response(line.request)}
        except Refused as refused:
            return {**line.said, "error": _status(refused.body.status, refused.body.message)}

    def _response(self, request: Any) -> Json:
        if self.embeds:
            asked = read_message("EmbedRequest", request)
            check_embedding(asked, self.model)
            count = embedding_usage([asked])["promptTokenCount"]
            return {"embedding": embedding_of(asked, self.model), "tokenCount": str(count)}
        inner = read_message("PublicGenerateRequest", request)
        return respond(asking_of(self.google, self.call, inner, self.model), inner, self.model)

    def _stats(self, state: State) -> Json:
        count = len(self.lines)
        succeeded = count - self.failed if state is State.SUCCEEDED else 0
        counted = {
            "requestCount": count,
            "successfulRequestCount": succeeded,
            "failedRequestCount": self.failed,
            "pendingRequestCount": 0 if state.over else count,
        }
        return {name: str(number) for name, number in counted.items() if number}


def _create(google: Google, call: Call) -> Json:
    model = named_model(call)
    asked = read_message("BatchRequest", call.json_body()).get("batch", {})
    lines = _lines_of(call, asked.get("inputConfig", {}))
    return start(Batch(google, call, model, lines, asked)).resource(call.now)


def start(batch: Batch) -> Job:
    """The job of a batch; raises Refused where too many run already."""
    call, name = batch.call, f"batches/{random_id(36)}"
    running = [job for job in call.project.jobs.under("batches/") if not job.state(call.now).over]
    if len(running) >= _MOST_RUNNING:
        quota = public_quota(
            "", _MOST_RUNNING, 60.0, "batch_jobs", "BatchGenerateContentConcurrentJobsPerProjectPerModel"
        )
        raise Refused(quota(call.scene(batch.model.id)))
    takes, kind = batch.google.job_seconds, f"{batch.kind}Output"
    return call.project.jobs.add(Job(name, call.now, takes, lambda: batch.run(name), kind, batch.metadata, batch.asked))


def _lines_of(call: Call, config: Json) -> list[Line]:
    """The requests of a batch; raises Refused for none, and for a file that cannot be read."""
    name = config.get("fileName", "")
    listed = config.get("requests", {}).get("requests", [])
    if name and listed:
        raise invalid("input_config", "oneof field 'source' is already set. Cannot set 'requests'")
    if name:
        return lines_in(active_file(call, name).blob.kept().decode("utf-8", "replace"))
    if not listed:
        raise invalid("input_config", "requests are not specified")
    return [Line({"metadata": one["metadata"]} if "metadata" in one else {}, one.get("request")) for one in listed]


def lines_in(text: str, member: str = "request", key: str = "key") -> list[Line]:
    """The requests in a file of JSON lines: `member` is a request, `key` what its answer repeats. Raises Refused."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
        except ValueError:
            asked = None
        if not isinstance(asked, dict) or member not in asked:
            raise invalid("input_config.file_name", f"line {number} is not a JSON object with a {member}")
        lines.append(Line({key: asked[key]} if key in asked else {}, asked[member]))
    if not lines:
        raise invalid("input_config.file_name", "the file holds no requests")
    return lines


def _list(google: Google, call: Call) -> Json:
    jobs = list(reversed(call.project.jobs.under("batches/")))
    shown, following = page_of(call, jobs, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"operations": [job.resource(call.now, whole=False) for job in shown], **following} if shown else {}


def _update(google: Google, call: Call) -> Json:
    """Gives the batch itself, not its operation."""
    job = call.project.jobs.get(call.route.resource)
    body = read_message("GenerateBatch", call.json_body())
    mask = call.request.query.get("updateMask", "")
    changed = {camel(name.strip().removeprefix("batch.")) for name in mask.split(",")} if mask else set(body)
    if not changed <= _CHANGEABLE:
        raise invalid("update_mask", "only display_name and priority can be updated")
    job.asked.update({name: body[name] for name in changed & set(body)})
    job.updated = call.now
    told = job.metadata(job, call.now, True)
    return {name: value for name, value in told.items() if name != "@type"}


def _status(status: int, message: str) -> Json:
    """`google.rpc.Status`, whose code is RPC's own, not HTTP's."""
    return {"code": _RPC_CODES.get(status, 2), "message": message}


def invalid(field: str, text: str) -> Refused:
    return refuse(
        400, f"* BatchGenerateContentRequest.batch.{field}: {text}\n", bad_request([(f"batch.{field}", text)])
    )


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "batchGenerateContent": _create,
    "asyncBatchEmbedContent": _create,
    "listBatches": _list,
    "updateGenerateContentBatch": _update,
    "updateEmbedContentBatch": _update,
}
