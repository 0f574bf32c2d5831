"""The `v1internal` API: strict envelopes, the model's methods, and the control plane of an account."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.generation import ModelCall, count, find_model, generate, not_found
from emulator.state.accounts import Account
from emulator.state.models import DEPRECATED, Model
from emulator.state.tiers import tiers_of
from emulator.wire import faults
from emulator.wire.errors import Refused, refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google


def answer(google: Google, call: Call) -> Reply | Json:
    """The answer to one authenticated call; raises Refused."""
    method = _METHODS.get(call.route.call)
    if method is None or call.request.method != _HTTP_METHODS.get(call.route.call, "POST"):
        raise refuse(404, "Method not found.", name="NOT_FOUND")
    return method(google, call)


def authenticate(google: Google, call: Call) -> Account:
    """The account of the bearer token; raises Refused with Google's 401."""
    if not call.bearer:
        raise call.refused("credentials_missing")
    account, good = google.accounts.by_access_token(call.bearer)
    if account is None or not good:
        raise call.refused("token_expired")
    return account


# -- the model's methods --------------------------------------------------------------------------------------------


def _generate(google: Google, call: Call) -> Reply:
    envelope = read_message("GenerateRequest", call.json_body())
    account, model = call.owner, _model(call.owner, envelope.get("model"))
    _check_project(call, envelope.get("project"))
    if not account.onboarded:
        raise call.refused("permission_denied")
    trace = secrets.token_hex(8)
    asking = ModelCall(
        account=account,
        scene=call.scene(model.id),
        style=call.style,
        stream=call.sse if call.route.call == "streamGenerateContent" else None,
        envelope=lambda response: {"response": response, "traceId": trace},
        headers=(("x-cloudaicompanion-trace-id", trace),),
        binding=google.binding_of(account),
    )
    return generate(asking, envelope.get("request", {}), model, google.prompt_cache)


def _count_tokens(google: Google, call: Call) -> Json:
    """Only `request` at the top, `models/` before the model, and no `response` around the answer."""
    inner = read_message("CountTokensRequest", call.json_body()).get("request", {})
    name = str(inner.get("model", ""))
    if not name.startswith("models/"):
        raise call.refused("invalid_argument")
    _model(call.owner, name)
    return {"totalTokens": count(inner)["totalTokens"]}


# -- the account ----------------------------------------------------------------------------------------------------


def _load(google: Google, call: Call) -> Json:
    asked = read_message("LoadRequest", call.json_body())
    account = call.owner
    _check_project(call, asked.get("cloudaicompanionProject"))
    loaded = tiers_of(account)
    if account.onboarded and account.project:
        loaded["cloudaicompanionProject"] = account.project
    return loaded


def _onboard(google: Google, call: Call) -> Json:
    """An operation, done at once or after the account's `pending_polls`; asking again is one way to poll it."""
    asked = read_message("OnboardRequest", call.json_body())
    account, tier_id, project = call.owner, asked.get("tierId"), asked.get("cloudaicompanionProject")
    if account.ineligible:
        raise call.refused("permission_denied")
    if tier_id not in {"free-tier", "legacy-tier", "standard-tier"}:
        raise call.refused("invalid_argument")
    # Google makes a free account's project itself; a paid one brings its own.
    if (tier_id == "free-tier") == bool(project):
        raise call.refused("precondition_failed")
    if account.polls_left < 0:
        account.polls_left = account.pending_polls
        if not account.onboarded:
            account.tier = tier_id
            account.project = project or account.project
    return _poll(account)


def _operation(google: Google, call: Call) -> Json:
    if call.route.resource != _operation_name(call.owner) or call.owner.polls_left < 0:
        raise not_found()
    return _poll(call.owner)


def _poll(account: Account) -> Json:
    operation: Json = {"name": _operation_name(account), "done": account.polls_left == 0}
    if account.polls_left:
        account.polls_left -= 1
        return operation
    account.onboarded = True
    named = {"id": account.project, "name": account.project, "projectNumber": "123456789012"}
    project = named if account.project_form == "object" else account.project
    kind = "type.googleapis.com/google.internal.cloud.code.v1internal.OnboardUserResponse"
    return {**operation, "response": {"@type": kind, "cloudaicompanionProject": project}}


def _operation_name(account: Account) -> str:
    return f"operations/cloudcode-pa.onboard-{hashlib.sha256(account.email.encode()).hexdigest()[:8]}"


# -- quota and models -----------------------------------------------------------------------------------------------


def _quota(google: Google, call: Call) -> Json:
    asked = read_message("QuotaRequest", call.json_body())
    _check_project(call, asked.get("project"))
    buckets = []
    for model in _shown_models(call.owner):
        left = call.owner.quota.left(model.id, call.now)
        bucket: Json = {"modelId": model.id, "tokenType": "REQUESTS", "resetTime": left.resets_at_text}
        if left.amount:
            bucket |= {"remainingFraction": left.fraction, "remainingAmount": str(left.amount)}
        buckets.append(bucket)
    return {"buckets": buckets}


def _available_models(google: Google, call: Call) -> Json:
    asked = read_message("ModelsRequest", call.json_body())
    _check_project(call, asked.get("project"))
    entries = {}
    for model in call.owner.known_models().values():
        if not model.embeds:
            left = call.owner.quota.left(model.id, call.now)
            entries[model.id] = model.entry(left.fraction, left.resets_at_text)
    drawing = [model.id for model in _shown_models(call.owner) if model.draws]
    return {
        "models": entries,
        "deprecatedModelIds": DEPRECATED,
        "webSearchModelIds": [],
        "imageGenerationModelIds": drawing,
        "agentModelSorts": [],
    }


def _quota_summary(google: Google, call: Call) -> Json:
    asked = read_message("ModelsRequest", call.json_body())
    _check_project(call, asked.get("project"))
    lefts = [call.owner.quota.left(model.id, call.now) for model in _shown_models(call.owner)]
    least = min(lefts, key=lambda left: left.fraction)
    bucket: Json = {
        "bucketId": "gemini-5h",
        "window": "5h",
        "resetTime": least.resets_at_text,
        "displayName": "5 hours",
        "description": "Requests to Gemini models within five hours",
        **({"remainingFraction": least.fraction} if least.amount else {}),
    }
    return {"groups": [{"displayName": "Gemini", "description": "Gemini models", "buckets": [bucket]}]}


def _nothing(google: Google, call: Call) -> Json:
    """Every field of these answers is optional, and the official client is content without any."""
    return {}


def _settings(google: Google, call: Call) -> Json:
    return {"cloudaicompanionProject": call.owner.project} if call.owner.project else {}


# -- shared ---------------------------------------------------------------------------------------------------------


def _model(account: Account, name: object) -> Model:
    model = find_model(account, name) if isinstance(name, str) and name else None
    if model is None or model.embeds:
        raise not_found()
    return model


def _shown_models(account: Account) -> list[Model]:
    return [model for model in account.known_models().values() if not model.embeds and not model.internal]


def _check_project(call: Call, project: object) -> None:
    """A project, where one is given, must be the account's own."""
    if isinstance(project, str) and project and call.owner.onboarded and project != call.owner.project:
        raise Refused(faults.consumer_invalid(call.scene(project=project)))


_METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "generateContent": _generate,
    "streamGenerateContent": _generate,
    "countTokens": _count_tokens,
    "loadCodeAssist": _load,
    "onboardUser": _onboard,
    "getOperation": _operation,
    "retrieveUserQuota": _quota,
    "retrieveUserQuotaSummary": _quota_summary,
    "fetchAvailableModels": _available_models,
    "getCodeAssistGlobalUserSetting": _settings,
    "setCodeAssistGlobalUserSetting": _settings,
    "fetchAdminControls": _nothing,
    "listExperiments": _nothing,
    "recordCodeAssistMetrics": _nothing,
    "recordClientEvent": _nothing,
}
_HTTP_METHODS = {"getOperation": "GET", "getCodeAssistGlobalUserSetting": "GET"}
