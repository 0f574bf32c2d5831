"""`embeddings`: one text or a list of them, each counted by the project's quota."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.apis.models import spend
from emulator.apis.openai.access import model_for
from emulator.apis.resources.embeddings import check_count, check_embedding, embedding_of, embedding_usage
from emulator.wire.errors import refuse
from emulator.wire.fields import read_message
from emulator.wire.public.quotas import embedding_quota
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_FORMATS = frozenset({"float", "base64"})


def embeddings_of(call: Call, body: object, *, counted: bool = True) -> Json:
    """The answer to one request; in a batch no quota counts it. Raises Refused."""
    asked = read_message("OpenaiEmbeddingsRequest", body)
    model = model_for(call, asked.get("model", ""), "batchEmbedContents")
    form = asked.get("encodingFormat", "float")
    if form not in _FORMATS:
        raise refuse(400, f"Invalid value at 'encoding_format', \"{form}\"")
    sized = {"outputDimensionality": asked["dimensions"]} if "dimensions" in asked else {}
    requests = [{"content": {"parts": [{"text": text}]}, **sized} for text in _texts(asked.get("input"))]
    check_count(requests)
    for index, one in enumerate(requests):
        check_embedding(one, model, f"BatchEmbedContentsRequest.requests[{index}]")
    if counted:
        spend(call, model, len(requests), embedding_quota)
    vectors = [embedding_of(one, model)["values"] for one in requests]
    tokens = embedding_usage(requests)["promptTokenCount"]
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if form == "base64" else vector}
            for index, vector in enumerate(vectors)
        ],
        "model": model.id,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _embed(google: Google, call: Call) -> Json:
    return embeddings_of(call, call.json_body())


def _texts(given: Any) -> Sequence[str]:
    """Texts, never tokens."""
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise refuse(400, "Invalid value at 'input': a text or a list of texts is expected.")
    return texts


def _packed(vector: Sequence[float]) -> str:
    """Little-endian floats of 32 bits in base64."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {"openaiEmbeddings": _embed}
