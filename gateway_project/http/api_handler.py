"""Django for API calls: the same requests, URLs, views and responses, without its threads, signals and queries.

Django's own handler gives every call a thread of its own and a dozen hops into it, which costs more than all the rest
of a call. Here views are coroutine functions and nothing else runs. A view that is a plain function is called in place
and must not wait for anything.
"""

import io
from collections.abc import AsyncGenerator, Iterable, Mapping
from functools import lru_cache
from inspect import isawaitable
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.urls import ResolverMatch, URLResolver, get_resolver

from gateway_project.http.downstream import Downstream, Send
from gateway_project.http.incoming import Receive, incoming
from gateway_project.messages.answer_headers import EVENT_STREAM, Header
from gateway_project.messages.refusals import OnRefusal, Refusal, bad_request, not_allowed, not_found
from gateway_project.messages.request_ids import new_request_id
from gateway_project.server.inbox import Inbox
from proxy_app.wire.malformed import TooLarge

# Longest path, in characters, whose view is cached: longer ones rarely lead anywhere, and the cache would take as much
# memory as clients choose.
LONGEST_CACHED_PATH = 512

# What Django would parse for each request that has none, which are nearly all. It cannot be changed.
NO_QUERY = QueryDict()


class ApiRequest(ASGIRequest):
    """Django's request, whose body is still on its way: `content` gives it piece by piece, `whole_body` at once.

    `owned` is closed when the request ends, in whatever way: responses, and objects with an `aclose`. A view adds an
    object as soon as it has it.
    """

    def __init__(self, scope: Mapping[str, Any], content: Inbox, request_id: str) -> None:
        super().__init__(scope, io.BytesIO())
        if not scope.get("query_string"):
            self.GET = NO_QUERY
        self._read_started = True  # so that `body` raises until `whole_body` has read it
        self.content = content
        self.request_id = request_id
        self.arrived = monotonic()
        self.owned: list[Any] = []

    async def whole_body(self) -> bytes:
        """Read the body, which from then on is `body`, too. Raises TooLarge."""
        self._body = await self.content.whole(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return self._body


class ApiHandler(ASGIHandler):
    """
    The ASGI application for API paths.

    Streams come from `StreamingHttpResponse` over an asynchronous iterator; each item is sent at once. When the
    response has an attribute `heartbeat` (bytes), it is sent whenever nothing was for `heartbeat_seconds`.
    """

    def __init__(self, heartbeat_seconds: float, on_refusal: OnRefusal | None = None) -> None:
        super().__init__()
        self.on_refusal = on_refusal
        self.heartbeat_seconds = heartbeat_seconds
        # Imports the views now: the first call would otherwise wait for that, and all others with it.
        _ = get_resolver().url_patterns

    def load_middleware(self, is_async: bool = True) -> None:
        """Loads none: Django would run their hooks in threads."""

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """
        1. Run the view, which reads the body when it needs it. It is cancelled when the client hangs up.
        2. Send the answer, a stream item by item.
        3. Close what the request owns, the answer too, even after a failure.
        """
        arrived = monotonic()
        request_id = scope.get("request_id") or new_request_id()
        inbox = incoming(receive, scope["headers"])
        async with Downstream(inbox, send, scope, request_id) as downstream:
            try:
                request = ApiRequest(scope, inbox, request_id)
            except UnicodeDecodeError:
                refusal = bad_request("The query is not valid UTF-8.")
                self.report(refusal, scope, request_id, arrived)
                return await downstream.refuse(refusal)
            try:
                response = await self.view_response(request)
                await self.deliver(response, downstream, head_only=request.method == "HEAD")
            finally:
                await close_all(request.owned)

    def report(self, refusal: Refusal, scope: Mapping[str, Any], request_id: str, arrived: float) -> None:
        if self.on_refusal is not None:
            address = (scope.get("client") or ("",))[0]
            self.on_refusal(scope["method"], scope["path"], address, request_id, refusal.code, refusal.message, arrived)

    async def view_response(self, request: ApiRequest) -> HttpResponseBase:
        try:
            found = request.resolver_match = resolved(get_resolver(), request.path_info)
            response = found.func(request, *found.args, **found.kwargs)
            if isawaitable(response):
                response = await response
            request.owned.append(response)
            if isinstance(response, HttpResponseNotAllowed):
                return self.rendered(not_allowed(request.method), request)
            return response
        except Http404:
            return self.rendered(not_found(request.path), request)
        except PermissionDenied as error:
            return self.rendered(Refusal(403, "PERMISSION_DENIED", str(error) or "Permission denied."), request)
        except TooLarge as error:
            return self.rendered(Refusal(413, "INVALID_ARGUMENT", str(error)), request)
        except (BadRequest, SuspiciousOperation) as error:
            return self.rendered(bad_request(str(error) or "Bad request."), request)

    def rendered(self, refusal: Refusal, request: ApiRequest) -> HttpResponse:
        """The answer to a request for which there is no view."""
        scope, default = request.scope, settings.GATEWAY_STREAM_DEFAULT
        refusal = refusal.asked_by(scope["path"], scope["query_string"], scope["headers"], default)
        self.report(refusal, scope, request.request_id, request.arrived)
        return HttpResponse(refusal.body, status=refusal.code, content_type=refusal.frame.content_type)

    async def deliver(self, response: HttpResponseBase, downstream: Downstream, head_only: bool) -> None:
        headers = wire_headers(response)
        if isinstance(response, StreamingHttpResponse):
            await downstream.start(response.status_code, headers)
            if not head_only:
                await self.relay(response, items(response), downstream)
            return await downstream.end()
        assert isinstance(response, HttpResponse)
        if response.status_code not in (204, 304) and "Content-Length" not in response:
            headers.append((b"Content-Length", b"%d" % len(response.content)))
        await downstream.start(response.status_code, headers)
        await downstream.end(b"" if head_only else response.content)

    async def relay(
        self, response: StreamingHttpResponse, stream: AsyncGenerator[Any, None], downstream: Downstream
    ) -> None:
        heartbeat = getattr(response, "heartbeat", b"")
        async for item in stream:
            await downstream.write(item if isinstance(item, bytes) else response.make_bytes(item))
            if heartbeat:
                downstream.keep_alive(heartbeat, self.heartbeat_seconds)
                heartbeat = b""


def resolved(resolver: URLResolver, path: str) -> ResolverMatch:
    """The view of `path`. Clients ask for the same few paths again and again, each after some twenty patterns."""
    return _cached(resolver, path) if len(path) <= LONGEST_CACHED_PATH else resolver.resolve(path)


@lru_cache(maxsize=256)
def _cached(resolver: URLResolver, path: str) -> ResolverMatch:
    return resolver.resolve(path)


def items(response: Any) -> AsyncGenerator[Any, None]:
    """
    The stream itself of a StreamingHttpResponse; anything asynchronous with an `aclose` will do.

    Iterating over the response puts two more generators around it, which leave its `finally` blocks to the garbage
    collector when they are closed half-way.
    """
    return response._iterator if response.is_async else _one_by_one(response._iterator)


async def close_all(owned: list[Any]) -> None:
    """Close everything in `owned` once, the last first, even when a close fails or is cancelled."""
    try:
        while owned:
            each = owned.pop()
            if isinstance(each, HttpResponseBase):
                await _close(each)
            else:
                await each.aclose()
    finally:
        if owned:
            await close_all(owned)


async def _close(response: HttpResponseBase) -> None:
    """In place of response.close(), which does not close asynchronous streams and sends Django's request_finished."""
    try:
        if isinstance(response, StreamingHttpResponse) and response.is_async:
            close = getattr(response._iterator, "aclose", None)  # type: ignore[attr-defined]
            if close is not None:
                await close()
    finally:
        while response._resource_closers:  # type: ignore[attr-defined]
            response._resource_closers.pop()()  # type: ignore[attr-defined]


async def _one_by_one(stream: Iterable[Any]) -> AsyncGenerator[Any, None]:
    for item in stream:
        yield item


def wire_headers(response: HttpResponseBase) -> list[Header]:
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    cookies = [
        (b"Set-Cookie", cookie.output(header="").strip().encode("ascii")) for cookie in response.cookies.values()
    ]
    if response.get("Content-Type", "").startswith("text/event-stream"):
        headers.append(EVENT_STREAM)
    return headers + cookies
