"""The public API's embeddings."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.models import named_model
from emulator.wire.errors import refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_EMBEDDING_SIZE, _LARGEST_EMBEDDING = 768, 3_072
_MOST_EMBEDDINGS = 100


def _embed(google: Google, call: Call) -> Json:
    named_model(call, embeds=True)
    return {"embedding": _embedding(read_message("EmbedRequest", call.json_body()))}


def _embed_batch(google: Google, call: Call) -> Json:
    named_model(call, embeds=True)
    requests = read_message("BatchEmbedRequest", call.json_body()).get("requests", [])
    if not 1 <= len(requests) <= _MOST_EMBEDDINGS:
        text = f"* BatchEmbedContentsRequest.requests: at most {_MOST_EMBEDDINGS} requests can be in one batch"
        raise refuse(400, text)
    return {"embeddings": [_embedding(one) for one in requests]}


def _embedding(asked: Json) -> Json:
    """A unit vector that follows from the text: the same text is always the same vector."""
    parts = asked.get("content", {}).get("parts", [])
    text = "\n".join(str(part.get("text", "")) for part in parts)
    if not text:
        raise refuse(400, "* EmbedContentRequest.content: contents is not specified")
    size = min(asked.get("outputDimensionality") or _EMBEDDING_SIZE, _LARGEST_EMBEDDING)
    stream = hashlib.shake_256(text.encode("utf-8", "replace")).digest(size * 2)
    raw = [number / 32768 for number in struct.unpack(f"<{size}h", stream)]
    length = math.sqrt(sum(number * number for number in raw)) or 1.0
    return {"values": [round(number / length, 8) for number in raw]}


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "embedContent": _embed,
    "batchEmbedContents": _embed_batch,
}
