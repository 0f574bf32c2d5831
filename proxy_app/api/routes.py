"""The HTTP surface: which path leads to which view, who may enter, and how errors leave."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPMethod

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import register_converter
from ninja import NinjaAPI, Router

from accounts_app import leasing
from proxy_app import errors
from proxy_app.api import auth, generate, health, usage
from proxy_app.api.models import views as models
from proxy_app.api.openai import files as openai_files
from proxy_app.api.rendering import error_response, json_response
from proxy_app.api.resources import uploads
from proxy_app.ledger import refused_calls
from proxy_app.wire.dialects import SERVED
from proxy_app.wire.operations import FORWARDED, GENERATE, GET_MODEL, LIST_MODELS, Operation, addresses, paths
from proxy_app.wire.operations.addresses import Address
from proxy_app.wire.operations.paths import Target
from proxy_app.wire.operations.rows import openai


class AnyPath:
    """Django's own `path` stops at a line feed, which a client may escape in a name."""

    regex = "(?s:.+)"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(AnyPath, "any")

View = Callable[[HttpRequest, Target], Awaitable[HttpResponseBase]]

log = logging.getLogger(__name__)

_ANY = [method.value for method in HTTPMethod if method not in ("CONNECT", "TRACE")]
_READ = ["GET", "HEAD"]
_CHANGES = ("PUT", "PATCH", "DELETE")

# The operations that the gateway answers by itself; accounts answer all others.
_VIEWS: Mapping[Operation, View] = {
    LIST_MODELS: models.list_models,
    GET_MODEL: models.get_model,
    openai.MODELS: models.list_for_openai,
    openai.MODEL: models.get_for_openai,
    openai.CREATE_FILE: openai_files.create,
    openai.LIST_FILES: openai_files.list_files,
    openai.GET_FILE: openai_files.get,
    openai.FILE_CONTENT: openai_files.content,
    openai.DELETE_FILE: openai_files.delete,
}

_NO_PATH = (
    "{method} {path} is not part of this API, which is Google's Gemini API under /v1beta, /v1 and /v1alpha, with its "
    "uploads and downloads. The base URL of OpenAI's clients is /v1beta/openai/."
)
# Where OpenAI's clients call with the base URL /v1: no method of Google's.
_OPENAI_PATHS = frozenset({"chat/completions", "completions", "embeddings", "responses", "images/generations"})


def _others(*taken: str) -> list[str]:
    return [method for method in _ANY if method not in (*taken, "OPTIONS")]


async def operation(request: HttpRequest) -> HttpResponseBase:
    """The operation that the path of `request` stands for."""
    address = addresses.read(request.path_info)
    if address is None:
        raise _not_found(request)
    http = request.method = addresses.http_method(
        request.method or "", request.META.get("HTTP_X_HTTP_METHOD_OVERRIDE", "")
    )
    if address.root == addresses.UPLOAD:
        if addresses.is_of_session(request.path_info, request.META.get("QUERY_STRING", "")):
            return await uploads.chunk(request)
        if http == "PUT" and paths.find(http, address.below, address.root) is None:
            http = request.method = "POST"
    found = paths.find(http, address.below, address.root)
    if found is None:
        if not _may_be_forwarded(address):
            raise _unknown(request, address)
        found = Target(FORWARDED, paths.clean(address.below))
    elif found.operation not in SERVED and found.operation not in _VIEWS:
        raise generate.not_served(found.operation)
    return await _VIEWS.get(found.operation, generate.generate)(request, found)


def _may_be_forwarded(address: Address) -> bool:
    """Whether it may be a method of Google's that is newer than the table, and some account would take it."""
    return (
        settings.GATEWAY_FORWARD_UNKNOWN
        and address.root == ""
        and address.version != ""
        and paths.clean(address.below) not in _OPENAI_PATHS
        and paths.may_be_forwarded(address.below)
        and leasing.is_served(FORWARDED.id)
    )


async def options(request: HttpRequest) -> HttpResponse:
    """The methods of a path. CORS headers are not added here but to every response."""
    response = json_response({})
    response["Allow"] = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    return response


async def wrong_method(request: HttpRequest) -> HttpResponse:
    """The path is right, the method is not."""
    raise errors.MethodNotAllowed(_NO_PATH.format(method=request.method, path=request.path))


def _unknown(request: HttpRequest, address: Address) -> errors.GatewayError:
    """The error for a path that stands for no operation by this HTTP method."""
    known = paths.by_another_method(address.below, address.root)
    if known is None:
        return _not_found(request)
    if known is GET_MODEL and request.method == "POST":
        name, verb = paths.split(address.below)
        model = models.model_in(name, GENERATE)
        return errors.NotFound(f"There is no method {verb!r} on models/{model}. Supported are: {generate.SUPPORTED}.")
    if known is GET_MODEL and request.method in _CHANGES:  # as Google answers: base models are nobody's to change
        return errors.NotFound(f"There is no method that changes {address.below}.")
    return errors.MethodNotAllowed(f"{known.id} is called by {known.http}, not by {request.method}.")


def _not_found(request: HttpRequest) -> errors.NotFound:
    return errors.NotFound(_NO_PATH.format(method=request.method, path=request.path))


class Api(NinjaAPI):
    """A ninja API whose views all return whole responses."""

    _unused = HttpResponse()

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """Ninja's response for views that return none; a new one for every call would cost 1 % of the call."""
        return self._unused


api = Api(title="Gemini Gateway", docs_url=None, openapi_url=None, auth=auth.admit)

for path, view, admit in (
    ("/healthz", health.healthz, auth.admit_to_health),
    ("/readyz", health.readyz, auth.admit_to_health),
    ("/usage", usage.usage, auth.admit_to_usage),
):
    api.api_operation(_READ, path, auth=admit)(view)
    api.api_operation(_others(*_READ), path)(wrong_method)
    api.api_operation(["OPTIONS"], path, auth=None)(options)

all_others = Router()
all_others.api_operation(["OPTIONS"], "", auth=None)(options)
all_others.api_operation(_others(), "")(operation)
# Last: it takes every path that is left. As a prefix, since ninja validates the parameters of an operation's own path.
api.add_router("/{any:path}", all_others)


@api.exception_handler(errors.GatewayError)
def refused(request: HttpRequest, error: errors.GatewayError) -> HttpResponse:
    refused_calls.refused(request, error)
    return error_response(request, error)


@api.exception_handler(Exception)
def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %a failed", request.method, request.path, exc_info=error)  # the path has no query, so no key
    internal = errors.GatewayError("Internal error encountered.")
    refused_calls.refused(request, internal)
    return error_response(request, internal)
