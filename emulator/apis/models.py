"""The public API's models: generate, stream, count, list and get."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.apis.generation import ModelCall, count, find_model, generate
from emulator.apis.resources.attached import attach_files
from emulator.apis.resources.paging import page_of
from emulator.apis.resources.searching import found_in_stores
from emulator.state.models import Model
from emulator.state.resources.caches import OF_CACHES, CachedContent
from emulator.wire import faults
from emulator.wire.errors import ErrorBody, Refused, bad_request, refuse
from emulator.wire.faults import FaultContext
from emulator.wire.fields import read_message
from emulator.wire.public.quotas import public_quota
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_Quota = Callable[[str, int, float], Callable[[FaultContext], ErrorBody]]

_MODEL_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)*")
_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000
_NOT_BESIDE = (
    "CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\n"
    "Proposed fix: move those values to CachedContent from GenerateContent request."
)


def _generate(google: Google, call: Call) -> Reply:
    model = named_model(call)
    inner = read_message("PublicGenerateRequest", call.json_body())
    return generate(asking_of(google, call, inner, model), inner, model, google.prompt_cache)


def asking_of(google: Google, call: Call, inner: Json, model: Model) -> ModelCall:
    """How a request is answered, with what it names looked up; raises Refused for what may not be named."""
    quota = call.project.quota
    attach_files(call, inner)
    cached = _named_cache(call, inner, model)
    return ModelCall(
        account=call.owner,
        scene=call.scene(model.id),
        style=call.style,
        stream=call.sse if call.route.call == "streamGenerateContent" else None,
        envelope=lambda response: response,
        spent=lambda scene: public_quota("PerDay", quota.left(model.id, call.now).limit, 0.0)(scene),
        binding=google.binding_of(call.owner),
        quota=quota,
        cached=cached,
        passages=found_in_stores(call, cached.before(inner) if cached else inner),
        public=True,
    )


def _count_tokens(google: Google, call: Call) -> Json:
    """Both forms: bare contents, or a whole generateContentRequest, which must name its model."""
    model = named_model(call)
    inner = read_message("PublicCountRequest", call.json_body())
    if (whole := inner.get("generateContentRequest")) is None:
        attach_files(call, inner)
        return count(inner)
    if not str(whole.get("model", "")).startswith("models/"):
        raise bad_model_name("GenerateContentRequest.model")
    attach_files(call, whole)
    return count(whole, _named_cache(call, whole, model))


def _list_models(google: Google, call: Call) -> Json:
    models = [model for model in call.owner.known_models().values() if not model.internal]
    shown, following = page_of(call, models, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"models": [model.resource() for model in shown], **following}


def _get_model(google: Google, call: Call) -> Json:
    return named_model(call, "GetModelRequest.name", verb="").resource()


def spend(call: Call, model: Model, count: int = 1, told: _Quota = public_quota) -> None:
    """Counts against the project's quota; raises Refused where it is spent."""
    if spent := call.project.quota.spend(model.id, call.now, count):
        scene = replace(call.scene(model.id), delay=max(spent.resets_at - call.now, 0.0))
        raise Refused(told("PerDay", spent.limit, 0.0)(scene))


def _named_cache(call: Call, inner: Json, model: Model) -> CachedContent | None:
    """The cached context that a request names; raises Refused where it may not be used so."""
    name = inner.get("cachedContent")
    if not name:
        return None
    cached = call.project.caches.get(name, call.now)
    if any(inner.get(part) for part in OF_CACHES):
        raise refuse(400, _NOT_BESIDE)
    if cached.model != f"models/{model.id}":
        text = (
            f"Model used by GenerateContent request (models/{model.id}) and CachedContent ({cached.model}) has to be "
            "the same."
        )
        raise refuse(400, text)
    return cached


def named_model(call: Call, asked_as: str = "GenerateContentRequest.model", verb: str | None = None) -> Model:
    """The model of the path, if it does what is asked of it: the call's own method, or `verb`, "" for anything."""
    name, wanted = call.model, call.route.call if verb is None else verb
    if not _MODEL_NAME.fullmatch(name):
        raise bad_model_name(asked_as)
    if name.startswith("tunedModels/"):
        name = str(call.project.older.get(name).get("baseModel", ""))
    model = find_model(call.owner, name)
    if model is None or model.internal or (wanted and not model.does(wanted)):
        raise Refused(faults.model_not_found(call.scene(name)))
    return model


def bad_model_name(field: str) -> Refused:
    return refuse(
        400, f"* {field}: unexpected model name format\n", bad_request([(field, "unexpected model name format")])
    )


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "generateContent": _generate,
    "streamGenerateContent": _generate,
    "countTokens": _count_tokens,
    "listModels": _list_models,
    "getModel": _get_model,
}
