"""HTTP responses: JSON, errors in the form that the client requested, and a relay's events as the bytes of a body.

Events leave as server-sent events or as one JSON array, those of interactions in the bytes they came in. Those that
arrived together leave together, in one write; nothing is held back. A stream that is interrupted ends with one error in
the form that the client reads, and then the connection is dropped: no client that was tested takes that for a complete
answer.
"""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from proxy_app import errors
from proxy_app.errors import BrokenStream
from proxy_app.forwarding.relay import Relay
from proxy_app.wire.calls import ClientKind, ErrorForm, StreamForm
from proxy_app.wire.framing import answer_shape, json_array, sse, stream_forms
from proxy_app.wire.framing.answer_shape import Shape
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names.uris import Origin
from proxy_app.wire.openai.error_form import in_openai
from proxy_app.wire.operations import addresses

# Sizes in bytes: what is smaller gains nothing; what is larger takes long, and the streams of others would wait for it.
_COMPRESSED = range(200, 64 * 1024)


def json_response(content: object, status: int = 200, shape: Shape | None = None) -> HttpResponse:
    body = msgspec.json.encode(content)
    return HttpResponse(shape.applied(body) if shape else body, status=status, content_type=errors.JSON)


def compressed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A list as Google sends it to a client that accepts gzip."""
    if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "") and len(response.content) in _COMPRESSED:
        response.content = gzip.compress(response.content, compresslevel=6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response


def error_response(request: HttpRequest, error: errors.GatewayError) -> HttpResponse:
    """`error` as the answer to `request`, in the form that it requests."""
    meta, query = request.META, request.GET
    agent, default = meta.get("HTTP_USER_AGENT", ""), settings.GATEWAY_STREAM_DEFAULT
    frame = stream_forms.error_frame(request.path, query, meta.get("HTTP_ACCEPT", ""), agent, default)
    return errors.render(error, frame, answer_shape.asked_layout(query))


def asked_shape(request: HttpRequest) -> Shape | None:
    """The shape that the request wants of its answer. Raises InvalidArgument."""
    try:
        return answer_shape.asked_shape(request.GET, request.META.get(answer_shape.FIELD_MASK_HEADER, ""))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error


def api_version(request: HttpRequest) -> str:
    """The version of the API in a request's path."""
    address = addresses.read(request.path)
    return (address and address.version) or addresses.VERSIONS[0]


def origin(request: HttpRequest) -> Origin:
    """Where the client finds the gateway: GATEWAY_PUBLIC_URL, or else as its request was addressed."""
    by_google_sdk = "google-genai-sdk/" in request.META.get("HTTP_X_GOOG_API_CLIENT", "")
    if settings.GATEWAY_PUBLIC_URL:
        return Origin(settings.GATEWAY_PUBLIC_URL, by_google_sdk)
    prefix = request.scope.get("prefix", "")  # type: ignore[attr-defined]
    return Origin(f"{request.scheme}://{_host(request)}{prefix}", by_google_sdk)


def _host(request: HttpRequest) -> str:
    """The host that the client has named, to the gateway or to a trusted proxy before it."""
    meta = request.META
    forwarded = meta.get("HTTP_X_FORWARDED_HOST", "") if settings.GATEWAY_TRUSTED_PROXIES else ""
    return str(forwarded.rpartition(",")[2].strip() or meta.get("HTTP_HOST", ""))


class Bytes:
    """The content of a StreamingHttpResponse that passes an answer's bytes on. Closing it closes the relay."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes. Raises BrokenStream where upstream breaks off: drop the connection then."""
        return b"".join(await anext(self._relay))

    async def aclose(self) -> None:
        await self._relay.aclose()


class Blocks(Bytes):
    """The content of a response that passes an interaction's events on, each once `record` has returned, which writes
    down what it names. `closed` is called after the relay is closed.
    """

    def __init__(self, relay: Relay, record: Callable[[bytes], Awaitable[None]], closed: Callable[[], None]) -> None:
        super().__init__(relay)
        self._record = record
        self._closed = closed

    async def __anext__(self) -> bytes:
        """The next events. Raises BrokenStream where upstream breaks off: drop the connection then."""
        batch = await anext(self._relay)
        for block in batch:
            await self._record(block)
        return b"".join(batch)

    async def aclose(self) -> None:
        try:
            await super().aclose()
        finally:
            self._closed()


class EventStream:
    """The content of a StreamingHttpResponse. Closing it closes the relay, also when it was never iterated."""

    def __init__(self, relay: Relay, form: StreamForm, client: ClientKind, shape: Shape | None = None) -> None:
        self._relay = relay
        self._client = client
        self._shape = shape
        self._in_array = form is StreamForm.ARRAY
        self._encode = sse.encode_chunk if form is StreamForm.CHUNKS else sse.encode
        self._begun = False
        self._ended = False
        self._broken: bytes | None = None  # not the exception, which would hold this object by its frames

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The bytes of the next events. Raises BrokenStream after the error event: drop the connection then."""
        if self._broken is not None:
            raise BrokenStream(self._broken)
        if self._ended:
            raise StopAsyncIteration
        try:
            batch = await anext(self._relay)
        except StopAsyncIteration:
            self._ended = True
            return self._end()
        except BrokenStream as broken:
            if self._client.error_form is ErrorForm.NONE:
                raise
            self._broken = broken.event
            if self._client.error_form is ErrorForm.BARE:
                return sse.encode_bare(broken.event)
            if self._client.error_form is ErrorForm.OPENAI:
                return sse.encode_chunk(in_openai(broken.event))
            return self._frame([broken.event])
        if self._shape is not None:
            batch = [self._shape.applied(event, one_line=not self._in_array) for event in batch]
        return self._frame(batch)

    async def aclose(self) -> None:
        await self._relay.aclose()

    def _frame(self, batch: list[bytes]) -> bytes:
        if sse.DONE in batch and not self._client.takes_done:
            batch = [event for event in batch if event != sse.DONE]
        if not self._in_array:
            return b"".join(map(self._encode, batch))
        if not batch:
            return b""
        before = json_array.SEPARATOR if self._begun else json_array.OPENING
        self._begun = True
        return before + json_array.join(batch)

    def _end(self) -> bytes:
        if not self._in_array:
            raise StopAsyncIteration
        return json_array.CLOSING if self._begun else json_array.OPENING + json_array.CLOSING
