"""HTTP in, HTTP out: a request becomes a `Call`, a `Relay` becomes a response. No decisions are made here."""

import asyncio
from contextlib import ExitStack
from time import time

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts_app import leasing
from proxy_app import errors
from proxy_app.api import auth, model_list, model_lookup, request_body
from proxy_app.api.rendering import EventStream
from proxy_app.forwarding import forward
from proxy_app.forwarding.relay import Relay
from proxy_app.ledger import captures, refused_calls
from proxy_app.ledger.attempt_log import Trail
from proxy_app.ledger.refused_calls import OTHER_VERBS, VERBS
from proxy_app.wire import affinity, calls, catalogue, resource_names
from proxy_app.wire.calls import Call, Malformed, Method, StreamForm, Target
from proxy_app.wire.framing import answer_shape, stream_forms
from proxy_app.wire.framing.answer_shape import Shape

# What Google calls the field that a path's model is, also where it streams.
_GENERATE_NAME = "GenerateContentRequest.model"

_NO_PATH = (
    "{method} {path} is not part of this API. It serves models, models/{{model}} and models/{{model}}:VERB, "
    "with VERB one of " + ", ".join(Method) + ", under /v1beta, /v1 and /v1alpha."
)


async def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up."""
    return _json({"status": "ok"})


async def readyz(request: HttpRequest) -> HttpResponse:
    """200 while calls can be answered, 503 with the reasons else."""
    reasons = leasing.not_ready(time())
    if reasons:
        return _json({"status": "unavailable", "reasons": reasons}, status=503)
    return _json({"status": "ok"})


async def list_models(request: HttpRequest) -> HttpResponse:
    """`{"models":[Model…],"nextPageToken"?}`."""
    query = request.GET
    try:
        page = catalogue.page(_offered_to(request), query.get("pageSize"), query.get("pageToken"))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    return _json(page, shape=_shape(request))


async def get_model(request: HttpRequest, name: str) -> HttpResponse:
    """One Model, or Google's 404. A name that only upstream can know is asked there."""
    if (verb := calls.parse_target(name).verb) in VERBS:
        raise errors.MethodNotAllowed(f"{verb} is called by POST, not by {request.method}.")
    name = _model(name, "GetModelRequest.name")  # which may have a colon without a verb after it
    if not request.auth.may_use(name):  # type: ignore[attr-defined]
        raise auth.not_allowed(name)
    if model := model_list.find(name) or await model_lookup.look_up(name):
        return _json(model, shape=_shape(request))
    raise errors.NotFound(
        f"models/{name} is not found for API version {_version(request)}, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    )


async def call_model(request: HttpRequest, name: str) -> HttpResponseBase:
    """generateContent, streamGenerateContent and countTokens; every other verb is told what there is.

    `name` is the rest of the path: a model, a colon and a verb.
    """
    call = await _read_call(request, calls.parse_target(name))
    request.trail = trail = Trail()  # type: ignore[attr-defined]
    try:
        response = await _answer(request, call, trail)
    except errors.GatewayError as error:
        error.headers |= _explanation(request, trail)
        raise
    except asyncio.CancelledError:
        refused_calls.left(request)
        raise
    for header, told in _explanation(request, trail).items():
        response[header] = told
    return response


async def options(request: HttpRequest) -> HttpResponse:
    """What may be asked of a path. What lets a page ask is added to every answer."""
    response = _json({})
    response["Allow"] = "GET, HEAD, POST, OPTIONS"
    return response


async def wrong_method(request: HttpRequest) -> HttpResponse:
    """The path is right, the method is not."""
    raise errors.MethodNotAllowed(_NO_PATH.format(method=request.method, path=request.path))


async def wrong_path(request: HttpRequest) -> HttpResponse:
    """Anything else, as JSON: Google's own front end says it in HTML, which no SDK can read."""
    raise errors.NotFound(_NO_PATH.format(method=request.method, path=request.path))


def rendered(request: HttpRequest, error: errors.GatewayError) -> HttpResponse:
    """`error` as the answer to `request`, in the form that was asked for."""
    meta, query = request.META, request.GET
    agent, default = meta.get("HTTP_USER_AGENT", ""), settings.GATEWAY_STREAM_DEFAULT
    frame = stream_forms.error_frame(request.path, query, meta.get("HTTP_ACCEPT", ""), agent, default)
    return errors.render(error, frame, answer_shape.asked_layout(query))


async def _read_call(request: HttpRequest, target: Target) -> Call:
    """The call in a POST. Raises NotFound, Unimplemented, InvalidArgument, PayloadTooLarge, UnsupportedEncoding."""
    model = _model(target.name, "CountTokensRequest.model" if target.verb == Method.COUNT else _GENERATE_NAME)
    method = _method(target.verb, model)
    shape = _shape(request)
    body = await request_body.read(request, counting=method is Method.COUNT)
    key_id = request.auth.key_id  # type: ignore[attr-defined]
    meta = request.META
    try:
        conversation = affinity.affinity_key(body, key_id, meta.get("HTTP_X_SESSION_AFFINITY", ""))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    agent = meta.get("HTTP_USER_AGENT", "")
    form = None
    if method is Method.STREAM:
        default = settings.GATEWAY_STREAM_DEFAULT
        form = stream_forms.stream_form(request.GET, meta.get("HTTP_ACCEPT", ""), agent, default)
    return Call(
        method=method,
        model=model,
        body=body,
        request_id=request.request_id,  # type: ignore[attr-defined]
        form=form,
        client=calls.client_kind(meta.get("HTTP_X_GOOG_API_CLIENT", ""), agent, form),
        affinity=conversation,
        session_id=affinity.session_id(conversation),
        timeout=calls.server_timeout(meta.get("HTTP_X_SERVER_TIMEOUT", "")),
        arrived=request.arrived,  # type: ignore[attr-defined]
        api_key_id=key_id,
        version=_version(request),
        shape=shape,
    )


def _model(name: str, field: str) -> str:
    """The model that a path names, by the one name it has everywhere. Raises InvalidArgument, in Google's words."""
    try:
        return resource_names.model(name).model
    except resource_names.BadName as error:
        raise errors.InvalidArgument(f"* {field}: {error}") from error


def _method(verb: str, model: str) -> Method:
    try:
        return Method(verb)
    except ValueError:
        pass
    known = ", ".join(Method)
    if verb in OTHER_VERBS:
        raise errors.Unimplemented(f"{verb} is not served by the accounts of this gateway. Supported are: {known}.")
    raise errors.NotFound(f"There is no method {verb!r} on models/{model}. Supported are: {known}.")


async def _answer(request: HttpRequest, call: Call, trail: Trail) -> HttpResponseBase:
    """The response to `call`, which holds the key's admission until it has ended, and is overheard if the key is."""
    caller = request.auth  # type: ignore[attr-defined]
    with ExitStack() as held:
        capture = held.enter_context(captures.begin(caller.key, call, request.body, trail))
        held.enter_context(auth.begin(caller, call.model, trail))
        relay = await forward.forward(call, trail)
        request.owned.append(relay)  # type: ignore[attr-defined]
        request_body.let_go(request)
        relay.keep(held.pop_all(), capture.hear if capture else None)
    if call.form is None:
        whole = await _whole(relay)
        whole = call.shape.applied(whole) if call.shape else whole
        return HttpResponse(whole, content_type=errors.JSON, headers=relay.headers)
    return _streamed(relay, call.form, call)


def _offered_to(request: HttpRequest) -> list[catalogue.Model]:
    """The models that the caller may use."""
    may_use = request.auth.may_use  # type: ignore[attr-defined]
    return [model for model in model_list.offered() if may_use(model["name"].removeprefix("models/"))]


def _explanation(request: HttpRequest, trail: Trail) -> dict[str, str]:
    """What the attempts came to, for a key that may know and asks."""
    asked = request.META.get("HTTP_X_GATEWAY_EXPLAIN") == "1"
    return trail.headers() if asked and request.auth.may_explain else {}  # type: ignore[attr-defined]


def _streamed(relay: Relay, form: StreamForm, call: Call) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        EventStream(relay, form, call.client, call.shape),
        content_type=form.value,
        headers={**relay.headers, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )
    response.heartbeat = call.client.heartbeat  # type: ignore[attr-defined]
    return response


async def _whole(relay: Relay) -> bytes:
    """A plain answer: its one event."""
    try:
        (body,) = await anext(relay)
        return body
    finally:
        await relay.aclose()


def _version(request: HttpRequest) -> str:
    return request.path.lstrip("/").partition("/")[0]


def _shape(request: HttpRequest) -> Shape | None:
    """What is asked of the answer's shape. Raises InvalidArgument."""
    try:
        return answer_shape.asked_shape(request.GET, request.META.get(answer_shape.FIELD_MASK_HEADER, ""))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error


def _json(content: object, status: int = 200, shape: Shape | None = None) -> HttpResponse:
    body = msgspec.json.encode(content)
    return HttpResponse(shape.applied(body) if shape else body, status=status, content_type=errors.JSON)
