"""The public API's embeddings: one text, or many, each counted by the project's quota."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from emulator.answers import tokens
from emulator.answers.vectors.embeddings import LARGEST, embed
from emulator.apis.models import named_model, spend
from emulator.state.models import Model
from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.fields import read_message
from emulator.wire.public.quotas import embedding_quota
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_MOST_EMBEDDINGS = 100
_TASKS = frozenset(
    {
        "TASK_TYPE_UNSPECIFIED",
        "RETRIEVAL_QUERY",
        "RETRIEVAL_DOCUMENT",
        "SEMANTIC_SIMILARITY",
        "CLASSIFICATION",
        "CLUSTERING",
        "QUESTION_ANSWERING",
        "FACT_VERIFICATION",
        "CODE_RETRIEVAL_QUERY",
    }
)


def embedding_of(asked: Json, model: Model) -> Json:
    """The ContentEmbedding of one checked EmbedContentRequest."""
    size = min(asked.get("outputDimensionality") or model.dimensions, LARGEST)
    task = asked.get("taskType", "")
    return {"values": embed(_text_of(asked), size, "" if task == "TASK_TYPE_UNSPECIFIED" else task)}


def check_embedding(asked: Json, model: Model, where: str = "EmbedContentRequest") -> None:
    """What Google refuses: another model than the path's, nothing to embed, a task or a size there is not."""
    named = asked.get("model")
    if named and named.removeprefix("models/") != model.id:
        raise _invalid(f"{where}.model", f"model {named} does not match the model of the request, models/{model.id}")
    if not _text_of(asked):
        raise _invalid(f"{where}.content", "contents is not specified")
    if (task := asked.get("taskType", "TASK_TYPE_UNSPECIFIED")) not in _TASKS:
        kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.TaskType"
        text = f"Invalid value at 'task_type' ({kind}), \"{task}\""
        raise refuse(400, text, bad_request([("task_type", text)]))
    if not 0 <= asked.get("outputDimensionality", 1) <= LARGEST:
        raise _invalid(f"{where}.output_dimensionality", f"output_dimensionality must be in the range [1, {LARGEST}]")


def check_count(requests: Sequence[Json]) -> None:
    """Raises Refused for none, and for more than one call may hold."""
    if not 1 <= len(requests) <= _MOST_EMBEDDINGS:
        text = f"* BatchEmbedContentsRequest.requests: at most {_MOST_EMBEDDINGS} requests can be in one batch"
        raise refuse(400, text)


def embedding_usage(requests: Sequence[Json]) -> Json:
    """usageMetadata of the texts together."""
    counts = tokens.count_prompt({"contents": [request.get("content", {}) for request in requests]})
    return {"promptTokenCount": sum(counts.values()), "promptTokenDetails": tokens.details(counts)}


def _embed(google: Google, call: Call) -> Json:
    model = named_model(call)
    asked = read_message("EmbedRequest", call.json_body())
    check_embedding(asked, model)
    spend(call, model, 1, embedding_quota)
    return {"embedding": embedding_of(asked, model), "usageMetadata": embedding_usage([asked])}


def _embed_batch(google: Google, call: Call) -> Json:
    model = named_model(call)
    requests = read_message("BatchEmbedRequest", call.json_body()).get("requests", [])
    check_count(requests)
    for index, one in enumerate(requests):
        check_embedding(one, model, f"BatchEmbedContentsRequest.requests[{index}]")
    spend(call, model, len(requests), embedding_quota)
    return {"embeddings": [embedding_of(one, model) for one in requests], "usageMetadata": embedding_usage(requests)}


def _text_of(asked: Json) -> str:
    """What is embedded: the title and the words; of media their bytes."""
    parts = asked.get("content", {}).get("parts", ())
    said = [str(part.get("text") or part.get("inlineData", {}).get("data", "")) for part in parts]
    return "\n".join(one for one in (asked.get("title", ""), *said) if one) if any(said) else ""


def _invalid(field: str, text: str) -> Refused:
    return refuse(400, f"* {field}: {text}\n", bad_request([(field.partition(".")[2], text)]))


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "embedContent": _embed,
    "batchEmbedContents": _embed_batch,
}
