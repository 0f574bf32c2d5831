"""Files in OpenAI's form, which Google's layer for its clients has not: each is answered by the method of Google's own
that does the same, as if the client had called that.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from accounts_app.pool.content import Content
from proxy_app import errors
from proxy_app.api import generate
from proxy_app.wire.faults.error_bodies import told_in
from proxy_app.wire.framing.answer_shape import FIELD_MASK_HEADER
from proxy_app.wire.malformed import Malformed, NotAnAnswer
from proxy_app.wire.openai import files, forms
from proxy_app.wire.openai.error_form import openai_body
from proxy_app.wire.operations.paths import Target
from proxy_app.wire.operations.rows.files import DELETE, DOWNLOAD, GET, LIST, UPLOAD

_NO_FILE = "'file' is required: send a form (multipart/form-data) with `purpose` and `file`."
_BAD_LIMIT = "'limit' has to be a number from 1 to {most}."
_UNREADABLE = "The upstream sent an answer that cannot be read: {what}."
_MOST_PAGES = 100


async def create(request: HttpRequest, target: Target) -> HttpResponseBase:
    """A form with `purpose` and `file` becomes an upload of Google's, streamed as it comes."""
    boundary = forms.boundary_of(request.META.get("CONTENT_TYPE", ""))
    if not boundary:
        raise errors.InvalidArgument(_NO_FILE)
    file = _Related(request.content, boundary)  # type: ignore[attr-defined]
    await file.begin()
    request.content = file  # type: ignore[attr-defined]
    request.META.pop("CONTENT_LENGTH", None)
    request.META["CONTENT_TYPE"] = f"multipart/related; boundary={boundary.decode()}"
    request.META["HTTP_X_GOOG_UPLOAD_PROTOCOL"] = "multipart"
    _ask_for(request)
    return _told(await _asked(request, Target(UPLOAD)), file.purpose)


async def get(request: HttpRequest, target: Target) -> HttpResponseBase:
    _ask_for(request)
    return _told(await _asked(request, Target(GET, target.name)))


async def content(request: HttpRequest, target: Target) -> HttpResponseBase:
    """The bytes of a file that Google has made: it hands out no others."""
    _ask_for(request, alt="media")
    return await _asked(request, Target(DOWNLOAD, target.name))


async def delete(request: HttpRequest, target: Target) -> HttpResponseBase:
    _ask_for(request)
    await _asked(request, Target(DELETE, target.name))
    return HttpResponse(files.deleted(target.name), content_type=errors.JSON)


async def list_files(request: HttpRequest, target: Target) -> HttpResponseBase:
    """Pages begin after a file here, and by a token there: the list is read as far as it goes."""
    after, purpose, limit = request.GET.get("after", ""), request.GET.get("purpose", ""), _limit(request)
    found: list[dict[str, Any]] = []
    token = ""
    for _ in range(_MOST_PAGES):
        _ask_for(request, pageSize=str(LIST.max_page), **({"pageToken": token} if token else {}))
        page, token = files.page_in(_body(await _asked(request, Target(LIST))))
        found += page
        if not token:
            break
    return HttpResponse(files.listed(found, after, limit, purpose), content_type=errors.JSON)


class _Related:
    """A `Content`: the file of a form, in an upload of two parts. `begin` reads as far as the file's first bytes."""

    length = None
    replayable = False

    def __init__(self, form: Content, boundary: bytes) -> None:
        self._pieces = aiter(form)
        self._form = forms.FileInForm(boundary)
        self._boundary = boundary
        self._waiting = b""
        self._is_over = False

    def __repr__(self) -> str:
        return f"<_Related {self._form!r}>"

    @property
    def purpose(self) -> str:
        """What the form says the file is for, if it says so before the file."""
        return self._form.fields.get("purpose", "")

    async def begin(self) -> None:
        """Raises InvalidArgument for a form without a file."""
        try:
            while self._form.part is None:
                self._waiting = self._form.feed(await anext(self._pieces))
        except (Malformed, StopAsyncIteration) as error:
            raise errors.InvalidArgument(_NO_FILE) from error
        self._waiting = files.related_head(self._form.part, self._form.fields, self._boundary) + self._waiting

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        while not self._is_over:
            piece, self._waiting = self._waiting, b""
            if self._form.ended:
                self._is_over = True
                return piece + files.related_end(self._boundary)
            if piece:
                return piece
            try:
                self._waiting = self._form.feed(await anext(self._pieces))
            except StopAsyncIteration:
                raise Malformed("The form breaks off.") from None
        raise StopAsyncIteration


async def _asked(request: HttpRequest, target: Target) -> HttpResponseBase:
    """The answer of Google's own method. Raises GatewayError; what media servers say in plain text is told in JSON."""
    try:
        return await generate.generate(request, target)
    except errors.UpstreamError as error:
        if told_in(error.body()) is not None:
            raise
        text = error.body()[:1000].decode("utf-8", "replace")
        raise errors.UpstreamError(error.code, openai_body(error.code, text), error.headers) from error


def _told(response: HttpResponseBase, purpose: str = "") -> HttpResponse:
    try:
        return HttpResponse(files.told(_body(response), purpose), content_type=errors.JSON)
    except NotAnAnswer as error:
        raise errors.BadGateway(_UNREADABLE.format(what=error)) from error


def _body(response: HttpResponseBase) -> bytes:
    assert isinstance(response, HttpResponse)
    return response.content


def _ask_for(request: HttpRequest, **query: str) -> None:
    """The query of Google's own method instead of the client's, and its whole answer, which is read here."""
    encoded = request.META["QUERY_STRING"] = urlencode(query)
    request.GET = QueryDict(encoded)
    request.META.pop("HTTP_ACCEPT_ENCODING", None)
    request.META.pop(FIELD_MASK_HEADER, None)


def _limit(request: HttpRequest) -> int:
    """Raises InvalidArgument."""
    text = request.GET.get("limit", "") or str(files.MOST_LISTED)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= files.MOST_LISTED:
        raise errors.InvalidArgument(_BAD_LIMIT.format(most=files.MOST_LISTED))
    return int(text)
