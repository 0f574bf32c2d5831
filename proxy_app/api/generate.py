"""Calls that an account answers: a request becomes a `Call`, a `Relay` becomes a response."""

import asyncio
from contextlib import ExitStack

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from proxy_app import errors
from proxy_app.api import auth, request_body
from proxy_app.api.models import model_in
from proxy_app.api.rendering import EventStream, api_version, asked_shape
from proxy_app.forwarding import forward
from proxy_app.forwarding.relay import Relay
from proxy_app.ledger import captures, refused_calls
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire import calls
from proxy_app.wire.bodies import affinity
from proxy_app.wire.calls import Call, Malformed, StreamForm
from proxy_app.wire.dialects import SERVED
from proxy_app.wire.framing import stream_forms
from proxy_app.wire.operations import OPERATIONS, Family, Gives, Takes
from proxy_app.wire.operations.paths import Target

SUPPORTED = ", ".join(operation.verb for operation in OPERATIONS if operation in SERVED)


async def generate(request: HttpRequest, target: Target) -> HttpResponseBase:
    """The answer of an account to a call for `target`. Raises GatewayError."""
    if target.operation not in SERVED:
        refusal = errors.InteractionRefused if target.operation.family is Family.INTERACTIONS else errors.Unimplemented
        raise refusal(
            f"{target.operation.name} is not served by the accounts of this gateway. Supported are: {SUPPORTED}."
        )
    request.attempt_log = attempt_log = AttemptLog()  # type: ignore[attr-defined]
    try:
        call = await _read_call(request, target)
        response = await _answer(request, call, attempt_log)
    except errors.GatewayError as error:
        error.headers |= _explanation(request, attempt_log)
        raise
    except asyncio.CancelledError:
        refused_calls.left(request)
        raise
    for header, words in _explanation(request, attempt_log).items():
        response[header] = words
    return response


async def _read_call(request: HttpRequest, target: Target) -> Call:
    """The call in a request. Raises InvalidArgument, PayloadTooLarge, UnsupportedEncoding, Unavailable."""
    operation = target.operation
    model = model_in(target.name, operation)
    shape = asked_shape(request)
    content = request.content if operation.takes is Takes.STREAM else None  # type: ignore[attr-defined]
    body = await request_body.read(request, operation.wrappers) if content is None else {}
    key_id = request.auth.key_id  # type: ignore[attr-defined]
    meta = request.META
    try:
        conversation = affinity.affinity_key(body, key_id, meta.get("HTTP_X_SESSION_AFFINITY", ""))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    agent = meta.get("HTTP_USER_AGENT", "")
    form = None
    if operation.gives is Gives.EVENTS:
        default = settings.GATEWAY_STREAM_DEFAULT
        form = stream_forms.stream_form(request.GET, meta.get("HTTP_ACCEPT", ""), agent, default)
    return Call(
        operation=operation,
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
        version=api_version(request),
        shape=shape,
        content=content,
    )


async def _answer(request: HttpRequest, call: Call, attempt_log: AttemptLog) -> HttpResponseBase:
    """The response to `call`, which counts as in flight for its key until it has ended; captured if the key says so."""
    caller = request.auth  # type: ignore[attr-defined]
    with ExitStack() as held:
        prompt = request.body if call.content is None else b""
        capture = held.enter_context(captures.begin(caller.key, call, prompt, attempt_log))
        held.enter_context(auth.begin(caller, call.model, attempt_log))
        relay = await forward.forward(call, attempt_log)
        request.owned.append(relay)  # type: ignore[attr-defined]
        request_body.let_go(request)
        relay.keep(held.pop_all(), capture.add if capture else None)
    if call.form is None:
        whole = await _whole(relay)
        whole = call.shape.applied(whole) if call.shape else whole
        return HttpResponse(whole, content_type=errors.JSON, headers=relay.headers)
    return _streamed(relay, call.form, call)


def _explanation(request: HttpRequest, attempt_log: AttemptLog) -> dict[str, str]:
    """The headers about the attempts, for a caller that may request routing details and does."""
    asked = request.META.get("HTTP_X_GATEWAY_EXPLAIN") == "1"
    return attempt_log.headers() if asked and request.auth.may_explain else {}  # type: ignore[attr-defined]


def _streamed(relay: Relay, form: StreamForm, call: Call) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        EventStream(relay, form, call.client, call.shape),
        content_type=form.value,
        headers={**relay.headers, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )
    response.heartbeat = call.client.heartbeat  # type: ignore[attr-defined]
    return response


async def _whole(relay: Relay) -> bytes:
    """A plain answer, which is one frame."""
    try:
        (body,) = await anext(relay)
        return body
    finally:
        await relay.aclose()
