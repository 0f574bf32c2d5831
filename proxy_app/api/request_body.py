"""Reads a request's body, from the bytes as they came to its fields, and what else of the request goes upstream.

Long work leaves turns to other calls.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from accounts_app.pool.content import Content, Pieces
from accounts_app.pool.outcomes import Outcome
from accounts_app.storage.spool import Tee
from proxy_app import errors
from proxy_app.forwarding.passing import Begun, Passing
from proxy_app.forwarding.turns import in_turns
from proxy_app.wire.bodies import bodies, content_encoding
from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.bodies.multipart import MediaPart, first_part
from proxy_app.wire.calls import Call, PassThrough
from proxy_app.wire.dialects import pass_through
from proxy_app.wire.malformed import Malformed, TooLarge, UnknownEncoding
from proxy_app.wire.openai import forms
from proxy_app.wire.operations import FORWARDED, Gives, Operation, Takes, upload_steps
from proxy_app.wire.operations.paths import Target
from proxy_app.wire.operations.rows.files import UPLOAD

# The server's own message for bodies that are not compressed, for which it counts the memory itself.
_NO_ROOM = "The gateway holds too many large requests in memory now."


async def taken(request: Any, operation: Operation) -> tuple[Body, Content | None]:
    """A request's body as the operation takes it: the fields of a JSON object, or else content that is not read.

    Raises InvalidArgument, PayloadTooLarge, UnsupportedEncoding, Unavailable.
    """
    match operation.takes:
        case Takes.FIELDS:
            return await read(request, operation.wrappers, keeps_model=not operation.on_model), None
        case Takes.FORM:
            return await _form(request)
        case Takes.STREAM:
            return await _uploaded(request, operation)
        case Takes.OPAQUE:
            return {}, Pieces(await request.whole_body())
    await request.whole_body()  # some clients send `{}` with a DELETE
    return {}, None


async def _form(request: Any) -> tuple[Body, Content | None]:
    """The fields of a JSON object, or those of a form, which goes up as it came."""
    boundary = forms.boundary_of(request.META.get("CONTENT_TYPE", ""))
    if not boundary:
        return await read(request, keeps_model=True), None
    raw = await request.whole_body()
    try:
        return forms.fields_of(raw, boundary), Pieces(raw)
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error


async def _uploaded(request: Any, operation: Operation) -> tuple[Body, Content]:
    """The start of an upload session, which is small and goes up as it came, JSON or not; or else a body to pass on."""
    headers, limit = headers_of(request), max_upload_bytes()
    begins = upload_steps.begins_session(headers, request.GET)
    if ((upload_steps.announced(headers) if begins else request.content.length) or 0) > limit:
        raise errors.PayloadTooLarge(str(TooLarge(limit)))
    if begins:
        about = await request.whole_body()
        return _fields_of(about), Pieces(about)
    content, about = request.content, b""
    if operation.chooses is not None and upload_steps.is_multipart(headers, request.GET):
        content, about = await _begun(content, headers.get("content-type", ""))
    tee = _tee(request, headers) if operation is UPLOAD else None
    return _fields_of(about), Passing(content, limit=limit, tee=tee)


def _fields_of(about: bytes) -> Body:
    """What is said of a file; nothing where it is no JSON object, which upstream is to judge."""
    with suppress(Malformed):
        return bodies.read_body(about)
    return {}


async def _begun(content: Content, content_type: str) -> tuple[Content, bytes]:
    """A body of two parts, still whole, and what its first part says: the place of a file depends on its name."""
    first = bytearray()
    pieces = aiter(content)
    while (about := first_part(content_type, bytes(first))) is None:
        piece = await anext(pieces, b"")
        if not piece:
            return Begun(bytes(first), content), b""
        first += piece
    return Begun(bytes(first), content), about


def _tee(request: Any, headers: Mapping[str, str]) -> Callable[[bytes], Awaitable[None]]:
    """What takes in the file that an upload in one request brings. It is the request's `tee`."""
    tee = request.tee = Tee()
    request.owned.append(tee)
    if not upload_steps.is_multipart(headers, request.GET):
        return tee.feed
    media = MediaPart(headers.get("content-type", ""))
    return lambda piece: tee.feed(media.feed(piece))


def size(request: Any, call: Call) -> int | None:
    """How many bytes a call brings to be stored: of the start of an upload session those that it announces."""
    if call.content is None:
        return None
    headers = headers_of(request)
    return upload_steps.announced(headers) if upload_steps.begins_session(headers, request.GET) else call.content.length


def max_upload_bytes() -> int:
    """How large an uploaded file may be."""
    return int(settings.GATEWAY_MAX_UPLOAD_MB) * 1024 * 1024


def headers_of(request: Any) -> dict[str, str]:
    """The headers of a request, in lower case."""
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in request.META.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }


def passed_through(request: Any, target: Target) -> PassThrough:
    """What of the request itself goes upstream. An answer that is read has to have a body: HEAD is a GET there."""
    is_read = target.operation.gives is not Gives.BYTES
    return PassThrough(
        http="GET" if is_read and request.method == "HEAD" else request.method,
        path=target.name if target.operation is FORWARDED else "",
        query=pass_through.upstream_query(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=upstream_headers(request),
    )


def upstream_headers(request: Any) -> Sequence[tuple[str, str]]:
    """Those of the client's headers that go upstream."""
    return pass_through.upstream_headers(
        headers_of(request).items(), longest_timeout=settings.GATEWAY_MAX_SERVER_TIMEOUT, as_sent=True
    )


async def read(request: Any, wrappers: Sequence[str] = (), *, keeps_model: bool = False) -> Body:
    """The fields of an ApiRequest's body, which from here on is the decompressed one.

    `wrappers` are the fields that the request may stand in; `keeps_model` is for what names no model in its path.

    Raises InvalidArgument, PayloadTooLarge, UnsupportedEncoding, Unavailable.
    """
    encoding = request.META.get("HTTP_CONTENT_ENCODING", "")
    try:
        body = await request.whole_body()
        if encoding:
            body = request._body = await _decoded(request, body, encoding)
        return await in_turns(bodies.reading(body, wrappers, keeps_model=keeps_model))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    except TooLarge as error:
        raise errors.PayloadTooLarge(str(error)) from error
    except UnknownEncoding as error:
        raise errors.UnsupportedEncoding(str(error), headers={"Accept-Encoding": content_encoding.KNOWN}) from error


def let_go(request: Any) -> None:
    """Free the body once the answer has begun: it is not sent again, and the answer may take hours."""
    request._body = b""
    if (room := getattr(request, "room", None)) is not None:
        room.give_back()


async def _decoded(request: Any, body: bytes, encoding: str) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    room = request.room = _Room(min(limit, content_encoding.most(len(body), encoding)))
    request.owned.append(room)
    plain = await in_turns(content_encoding.decoding(body, encoding, limit))
    room.resize(len(plain))
    return plain


class _Room:
    """Memory for one body that came compressed, `size` in bytes. Raises Unavailable when there is not enough.

    GATEWAY_BUFFER_MB bounds all of them together, as it bounds the bodies that the server takes in.
    """

    taken = 0

    def __init__(self, size: int) -> None:
        self._size = 0
        if _Room.taken + size > settings.GATEWAY_BUFFER_MB * 1024 * 1024:
            raise errors.Unavailable(_NO_ROOM, headers=errors.retry_after(1), outcome=Outcome.GATEWAY_ERROR)
        self.resize(size)

    def resize(self, size: int) -> None:
        _Room.taken += size - self._size
        self._size = size

    def give_back(self) -> None:
        self.resize(0)

    async def aclose(self) -> None:
        self.give_back()
