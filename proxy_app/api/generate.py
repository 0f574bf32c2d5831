"""Calls that an account answers: a request becomes a `Call`, a `Relay` becomes a response.

`_read_call` makes the call. `_answer` admits it, finds where it may go (`placement.place`), sends it there
(`sending.send`), and makes a response of the relay that comes back, by what the operation gives.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from proxy_app import errors
from proxy_app.api import auth, request_body
from proxy_app.api.limits import group_limits
from proxy_app.api.rendering import Blocks, Bytes, EventStream, api_version, asked_shape, compressed, origin
from proxy_app.api.request_body import passed_through
from proxy_app.api.resources import lists, records, uploads
from proxy_app.forwarding import placement
from proxy_app.forwarding.placement import sending
from proxy_app.forwarding.relay import Relay
from proxy_app.forwarding.turns import in_turns
from proxy_app.forwarding.uploads.sessions import whole
from proxy_app.ledger import captures, refused_calls
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire import calls
from proxy_app.wire.bodies import affinity, model_fields
from proxy_app.wire.calls import Body, Call, Malformed, StreamForm
from proxy_app.wire.dialects import SERVED, pass_through
from proxy_app.wire.framing import stream_forms
from proxy_app.wire.interactions import requests
from proxy_app.wire.names import named, resource_names
from proxy_app.wire.names.named import Named
from proxy_app.wire.names.resource_names import BadName
from proxy_app.wire.names.uris import Origin
from proxy_app.wire.operations import FORWARDED, OPERATIONS, Gives, Metered, Operation, Takes, made_names
from proxy_app.wire.operations.paths import Target

SUPPORTED = ", ".join(
    operation.verb
    for operation in OPERATIONS
    if operation in SERVED and operation.id.startswith("models.") and operation.on_model
)

_NOT_SERVED = "{operation} is not served by this gateway."


async def generate(request: HttpRequest, target: Target) -> HttpResponseBase:
    """The answer of an account to a call for `target`. Raises GatewayError."""
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


def not_served(operation: Operation) -> errors.GatewayError:
    """The refusal of an operation that no account of any kind serves, in the form of its family."""
    return errors.unsupported(operation, f"{_NOT_SERVED.format(operation=operation.name)} {operation.advice}".rstrip())


async def _read_call(request: HttpRequest, target: Target) -> Call:
    """The call in a request. Raises InvalidArgument, PayloadTooLarge, UnsupportedEncoding, Unavailable."""
    shape, caller = asked_shape(request), request.auth  # type: ignore[attr-defined]
    body, content = await request_body.taken(request, target.operation)
    operation = requests.meant(target.operation, body)
    named = await _named(request, target, body)
    meta = request.META
    try:
        conversation = affinity.affinity_key(body, caller.key_id, meta.get("HTTP_X_SESSION_AFFINITY", ""))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    user_agent = meta.get("HTTP_USER_AGENT", "")
    default = settings.GATEWAY_STREAM_DEFAULT
    form = stream_forms.form_of(operation, request.GET, body, meta.get("HTTP_ACCEPT", ""), user_agent, default)
    asked = (*named.agents, *named.models, "")
    return Call(
        operation=operation,
        model=asked[0],
        agent=asked[0] if named.agents else "",
        body=body,
        request_id=request.request_id,  # type: ignore[attr-defined]
        form=form,
        client=calls.client_kind(meta.get("HTTP_X_GOOG_API_CLIENT", ""), user_agent, form),
        affinity=conversation,
        session_id=affinity.session_id(conversation),
        timeout=calls.server_timeout(meta.get("HTTP_X_SERVER_TIMEOUT", "")),
        arrived=request.arrived,  # type: ignore[attr-defined]
        api_key_id=caller.key_id,
        version=api_version(request),
        shape=shape,
        content=content,
        name=resource_names.parse(target.name) if _names_a_resource(target) else None,
        named=named,
        tenant=caller.tenant,
        passes=None if operation.on_model else passed_through(request, target),
        requests=model_fields.texts_in(body) if operation.metered is Metered.TEXTS else 1,
    )


def _names_a_resource(target: Target) -> bool:
    return target.name != "" and not target.operation.on_model and target.operation is not FORWARDED


async def _named(request: HttpRequest, target: Target, body: Body) -> Named:
    """What the call names. Raises InvalidArgument, in Google's words."""
    operation = target.operation
    if operation is FORWARDED:
        return named.NOTHING
    try:
        steps = named.naming(operation, target.name, request.GET, body, (request.META.get("HTTP_HOST", "").lower(),))
        return await in_turns(steps)
    except BadName as error:
        raise errors.InvalidArgument(f"* {operation.named_by or operation.id}: {error}") from error
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error


async def _answer(request: HttpRequest, call: Call, attempt_log: AttemptLog) -> HttpResponseBase:
    """The response to `call`, which holds the key's admission until it has ended; captured where its key says so."""
    caller = request.auth  # type: ignore[attr-defined]
    with ExitStack() as held:
        prompt = request.body if call.content is None else b""
        capture = held.enter_context(captures.begin(caller.key, call, prompt, attempt_log))
        held.enter_context(auth.begin(caller, call, attempt_log))
        await group_limits.check(call.operation, call.tenant, request_body.size(request, call))
        if call.operation.lists:
            return _told(request, call, await lists.answer(call, request.GET, attempt_log))
        place = await placement.place(call, attempt_log)
        if place.is_lost:
            return await records.lost(call, place)
        call = records.in_conversation(call, place)
        if place.found:
            held.enter_context(records.misses(call, place))
        place, relay = await sending.send(call, place, attempt_log)
        request.owned.append(relay)  # type: ignore[attr-defined]
        request_body.let_go(request)
        relay.keep(held.pop_all(), capture.add if capture else None)
    if call.form is StreamForm.BLOCKS:
        stream = records.Stream(call, place, relay)
        return _streamed(relay, call.form, call, Blocks(relay, stream.record, stream.closed))
    if call.form is not None:
        return _streamed(relay, call.form, call, EventStream(relay, call.form, call.client, call.shape))
    if call.operation.gives is Gives.BYTES:
        if call.operation.takes is Takes.STREAM:
            return await uploads.answered(request, call, place, await whole(relay, call.operation))
        return _passed_on(relay, origin(request))
    answer = await _whole(relay, call.operation)
    if call.passes is not None or call.operation.makes:
        await records.record(call, place, relay.account, answer)
        answer = await lists.only_own(call, place, answer)
    return _told(request, call, answer, relay.headers)


def _told(request: HttpRequest, call: Call, answer: bytes, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A plain answer as the client gets it."""
    if call.passes is not None or call.operation.makes:
        answer = origin(request).answer(answer)
    answer = call.shape.applied(answer) if call.shape else answer
    response = HttpResponse(answer, content_type=errors.JSON, headers=headers)
    return compressed(request, response) if call.operation.default_page else response


def _explanation(request: HttpRequest, attempt_log: AttemptLog) -> dict[str, str]:
    """The headers about the attempts, for a caller that may request routing details and does."""
    asked = request.META.get("HTTP_X_GATEWAY_EXPLAIN") == "1"
    return attempt_log.headers() if asked and request.auth.may_explain else {}  # type: ignore[attr-defined]


def _streamed(relay: Relay, form: StreamForm, call: Call, content: AsyncIterator[bytes]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        content,
        content_type=form.content_type,
        headers={**relay.headers, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )
    response.heartbeat = call.client.heartbeat  # type: ignore[attr-defined]
    return response


def _passed_on(relay: Relay, origin: Origin) -> StreamingHttpResponse:
    """An answer whose bytes are passed on, with the headers that are about them."""
    response = StreamingHttpResponse(Bytes(relay), status=relay.status)
    del response["Content-Type"]
    for name, value in pass_through.client_headers(relay.headers.items(), origin):
        response[name] = value
    return response


async def _whole(relay: Relay, operation: Operation) -> bytes:
    """A plain answer, which is one frame."""
    try:
        (body,) = await anext(relay)
        for made, _ in made_names.made_in(operation, body)[:1]:
            relay.has_made(str(made))
        return body
    finally:
        await relay.aclose()
