"""The public Gemini API: the same answers without an envelope, behind an API key."""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.generation import ModelCall, count, find_model, generate
from emulator.state.accounts import Account
from emulator.state.models import Model
from emulator.wire import faults
from emulator.wire.errors import Refused, bad_request, refuse, unknown_path
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_MODEL_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)*")
_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000
_EMBEDDING_SIZE, _LARGEST_EMBEDDING = 768, 3_072
_MOST_EMBEDDINGS = 100


def answer(google: Google, call: Call) -> Reply | Json:
    """The answer to one authenticated call; raises Refused."""
    method = _METHODS.get(call.route.call)
    return method(google, call) if method else unknown_path(call.request.path)


def authenticate(google: Google, call: Call) -> Account:
    """The account of the API key, or of a bearer token; raises Refused as the public API does."""
    if call.api_key:
        account = google.accounts.by_api_key(call.api_key)
        if account is None:
            raise call.refused("api_key_invalid")
        return account
    if call.bearer:
        account, good = google.accounts.by_access_token(call.bearer)
        if account is None or not good:
            raise call.refused("token_expired")
        return account
    raise call.refused("unregistered_caller")


def _generate(google: Google, call: Call) -> Reply:
    model = _model(call, embeds=False)
    inner = read_message("PublicGenerateRequest", call.json_body())
    asking = ModelCall(
        account=call.owner,
        scene=call.scene(model.id),
        style=call.style,
        stream=call.sse if call.route.call == "streamGenerateContent" else None,
        envelope=lambda response: response,
        spent=lambda scene: faults.public_quota("PerDay", call.owner.quota.left(model.id, call.now).limit, 0.0)(scene),
        binding=google.binding_of(call.owner),
    )
    return generate(asking, inner, model, google.prompt_cache)


def _count_tokens(google: Google, call: Call) -> Json:
    """Both forms: bare contents, or a whole generateContentRequest, which must name its model."""
    _model(call, embeds=None)
    inner = read_message("PublicCountRequest", call.json_body())
    if (whole := inner.get("generateContentRequest")) is None:
        return count(inner)
    if not str(whole.get("model", "")).startswith("models/"):
        raise _bad_name("GenerateContentRequest.model")
    return count(whole)


def _list_models(google: Google, call: Call) -> Json:
    models = [model for model in call.owner.known_models().values() if not model.internal]
    size = _page_number(call, "pageSize") or _PAGE_SIZE
    start = _page_number(call, "pageToken")
    end = start + min(size, _LARGEST_PAGE)
    page: Json = {"models": [model.resource() for model in models[start:end]]}
    if end < len(models):
        page["nextPageToken"] = str(end)
    return page


def _page_number(call: Call, name: str) -> int:
    text = call.request.query.get(name, "") or "0"
    if not text.isdecimal():
        raise refuse(400, f"Invalid value at '{name}', \"{text}\"", bad_request([(name, "Invalid value")]))
    return int(text)


def _get_model(google: Google, call: Call) -> Json:
    return _model(call, embeds=None, asked_as="GetModelRequest.name").resource()


def _embed(google: Google, call: Call) -> Json:
    _model(call, embeds=True)
    return {"embedding": _embedding(read_message("EmbedRequest", call.json_body()))}


def _embed_batch(google: Google, call: Call) -> Json:
    _model(call, embeds=True)
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


def _model(call: Call, *, embeds: bool | None, asked_as: str = "GenerateContentRequest.model") -> Model:
    """The model of the path, if it does what is asked of it: embed (True), generate (False), either (None)."""
    name = call.route.resource
    if not _MODEL_NAME.fullmatch(name):
        raise _bad_name(asked_as)
    model = find_model(call.owner, name)
    if model is None or model.internal or (embeds is not None and model.embeds != embeds):
        raise Refused(faults.model_not_found(call.scene(name)))
    return model


def _bad_name(field: str) -> Refused:
    return refuse(
        400, f"* {field}: unexpected model name format\n", bad_request([(field, "unexpected model name format")])
    )


_METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "generateContent": _generate,
    "streamGenerateContent": _generate,
    "countTokens": _count_tokens,
    "listModels": _list_models,
    "getModel": _get_model,
    "embedContent": _embed,
    "batchEmbedContents": _embed_batch,
}
