"""Uploads: an answer to a whole one, the start of a session, and the requests of a session by whatever HTTP method."""

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse

from accounts_app.leasing import copies, upload_sessions
from accounts_app.leasing.upload_sessions import Final, Session
from accounts_app.pool.outcomes import Outcome
from accounts_app.storage.spool import Tee
from proxy_app import errors
from proxy_app.api import auth, request_body
from proxy_app.api.rendering import origin
from proxy_app.api.resources import records
from proxy_app.forwarding.placement import ANYWHERE, Place
from proxy_app.forwarding.uploads import sessions
from proxy_app.forwarding.uploads.sessions import Answer
from proxy_app.ledger import refused_calls
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call, PassThrough
from proxy_app.wire.dialects import pass_through
from proxy_app.wire.malformed import TooLarge
from proxy_app.wire.names.uris import Origin, upload_id
from proxy_app.wire.operations import OPERATIONS, Takes, upload_steps
from proxy_app.wire.operations.shown import uploaded_in
from proxy_app.wire.operations.upload_steps import Chunk, Step
from proxy_app.wire.operations.versions import FULLEST

_OPERATIONS = {operation.id: operation for operation in OPERATIONS if operation.takes is Takes.STREAM}

_NO_DATABASE = "The gateway cannot look up uploads while its database is away. Please repeat the request."
_NO_ADDRESS = "The upstream began an upload without an address for it."


async def answered(request: HttpRequest, call: Call, place: Place, answer: Answer) -> HttpResponse:
    """The response to the start of a session, or to an upload in one request. Raises BadGateway, Unavailable."""
    begins = upload_steps.begins_session(request_body.headers_of(request), request.GET)
    if begins:
        await _start(request, call, answer)
    elif answer.account is not None:
        await records.record(call, place, answer.account, answer.body)
        await _kept(answer, tee=getattr(request, "tee", None))
    return _response(answer, origin(request))


async def chunk(request: HttpRequest) -> HttpResponse:
    """The response to a request of a session, to which its `upload_id` lets it in. Raises GatewayError."""
    request.attempt_log = log = AttemptLog()  # type: ignore[attr-defined]
    request.auth = None  # type: ignore[attr-defined]  # until the session is found
    headers = request_body.headers_of(request)
    what = upload_steps.chunk_in(request.method or "", headers)
    try:
        async with sessions.alone(await _session(request)) as session:
            if not session.is_active:
                return _over(session, what)
            return await _sent(request, session, what, log)
    except DatabaseError as error:
        raise errors.Unavailable(_NO_DATABASE, outcome=Outcome.GATEWAY_ERROR) from error
    except asyncio.CancelledError:
        refused_calls.left(request)
        raise


async def _start(request: HttpRequest, call: Call, answer: Answer) -> None:
    """Store the session that an answer begins."""
    url = answer.headers.get("x-goog-upload-url") or answer.headers.get("location", "")
    if not (id_ := upload_id(urlsplit(url).query)) or answer.account is None:
        raise errors.BadGateway(_NO_ADDRESS)
    session = Session(
        digest=upload_sessions.digest(id_),
        operation=call.operation.id,
        path=call.operation.path(call.name) if call.name else call.operation.template,
        account=answer.account.id,
        tenant=call.tenant,
        upstream_url=url,
        size=upload_steps.announced(request_body.headers_of(request)),
        by_google_sdk=origin(request).by_google_sdk,
    )
    try:
        await upload_sessions.started(session)
    except DatabaseError as error:
        raise errors.Unavailable(_NO_DATABASE, outcome=Outcome.GATEWAY_ERROR) from error


async def _session(request: HttpRequest) -> Session:
    """The session of a request, whose caller is from then on its starter. Raises UploadOver, PermissionDenied."""
    session = await upload_sessions.find(upload_id(request.META.get("QUERY_STRING", "")))
    if session is None or session.operation not in _OPERATIONS:
        raise errors.UploadOver(upload_steps.FINAL)
    starter = auth.admit_to_session(request, session.tenant)
    if starter is None:
        raise errors.UploadOver(upload_steps.CANCELLED)
    request.auth = starter  # type: ignore[attr-defined]
    return session


async def _sent(request: HttpRequest, session: Session, what: Chunk, log: AttemptLog) -> HttpResponse:
    """Send a request of a session upstream, and store what comes of it before the client knows."""
    limit = request_body.max_upload_bytes()
    content = request.content  # type: ignore[attr-defined]
    begins = session.offset if what.offset is None else what.offset
    if what.has_bytes and begins + (content.length or 0) > limit:
        raise errors.PayloadTooLarge(str(TooLarge(limit)))
    call = _call(request, session)
    after, answer = await sessions.send(session, call, what, limit, log)
    if after.final is not None:
        return _over(after, what)
    shown = replace(origin(request), by_google_sdk=session.by_google_sdk)
    response = _response(answer, shown)
    if not after.is_active and what.step is not Step.CANCEL:
        after = replace(after, final=Final(response.status_code, dict(response.items()), response.content))
    try:
        if after.state == upload_steps.FINAL and answer.account is not None and answer.status < 300:
            await records.record(call, ANYWHERE, answer.account, answer.body)
            await _kept(answer, session=after)
    finally:  # also when the client has left
        await upload_sessions.update(after)
    return response


async def _kept(answer: Answer, *, tee: Tee | None = None, session: Session | None = None) -> None:
    """Keep the bytes of a file that an answer has made: `tee` or those of the session have taken them in."""
    file = uploaded_in(answer.body)
    if file is None or answer.account is None:
        return
    if session is not None:
        tee = sessions.tee_of(session, file.size)
    if tee is not None:
        await copies.keep(tee, file.name, answer.account.id, file.sha256_hash, file.size)


def _call(request: HttpRequest, session: Session) -> Call:
    """A request of a session as a call of its starter."""
    return Call(
        operation=_OPERATIONS[session.operation],
        model="",
        body={},
        request_id=request.request_id,  # type: ignore[attr-defined]
        arrived=request.arrived,  # type: ignore[attr-defined]
        api_key_id=session.tenant.key,
        version=FULLEST,
        content=request.content,  # type: ignore[attr-defined]
        tenant=session.tenant,
        passes=PassThrough(
            http=request.method or "", headers=request_body.upstream_headers(request), url=session.upstream_url
        ),
    )


def _over(session: Session, what: Chunk) -> HttpResponse:
    """The answer from the row of a session that has ended: the last chunk, repeated, is answered as it was."""
    final = session.final
    if session.state != upload_steps.FINAL or final is None or what.step in (Step.CHUNK, Step.CANCEL):
        raise errors.UploadOver(session.state)
    if what.step is Step.LAST or what.by_range:
        response = HttpResponse(final.body, status=final.status)
        del response["Content-Type"]
        for name, value in final.headers.items():
            response[name] = value
        return response
    return HttpResponse(headers={"X-Goog-Upload-Status": upload_steps.FINAL}, content_type="text/plain; charset=utf-8")


def _response(answer: Answer, origin: Origin) -> HttpResponse:
    """Upstream's answer as the client gets it. A session that goes on after an error is not said to be active: clients
    would take the chunk for stored.
    """
    response = HttpResponse(origin.answer(answer.body), status=answer.status)
    del response["Content-Type"]
    for name, value in pass_through.client_headers(answer.headers.items(), origin):
        is_active = name.lower() == upload_steps.STATUS and answer.told.state == upload_steps.ACTIVE
        if name != "Content-Length" and not (is_active and answer.status >= 400):
            response[name] = value
    return response
