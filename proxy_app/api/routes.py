"""The HTTP surface: which path leads to which view, who may enter, and how errors leave."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPMethod

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI, Router

from proxy_app import errors
from proxy_app.api import auth, generate, health, models, usage
from proxy_app.api.rendering import error_response, json_response
from proxy_app.ledger import refused_calls
from proxy_app.wire.operations import GENERATE, GET_MODEL, LIST_MODELS, Operation, paths
from proxy_app.wire.operations.addresses import VERSIONS
from proxy_app.wire.operations.paths import Target

View = Callable[[HttpRequest, Target], Awaitable[HttpResponseBase]]

log = logging.getLogger(__name__)

_ANY = [method.value for method in HTTPMethod if method not in ("CONNECT", "TRACE")]
_READ = ["GET", "HEAD"]

# The operations that the gateway answers by itself; accounts answer all others.
_VIEWS: Mapping[Operation, View] = {LIST_MODELS: models.list_models, GET_MODEL: models.get_model}

_NO_PATH = (
    "{method} {path} is not part of this API. It serves models, models/{{model}} and models/{{model}}:VERB, "
    f"with VERB one of {generate.SUPPORTED}, under /v1beta, /v1 and /v1alpha."
)


def _others(*taken: str) -> list[str]:
    return [method for method in _ANY if method not in (*taken, "OPTIONS")]


async def operation(request: HttpRequest, name: str) -> HttpResponseBase:
    """The operation that `name`, the path below the API version, stands for."""
    found = paths.find(request.method or "", name)
    if found is None:
        raise _unknown(request, name)
    return await _VIEWS.get(found.operation, generate.generate)(request, found)


async def options(request: HttpRequest) -> HttpResponse:
    """The methods of a path. CORS headers are not added here but to every response."""
    response = json_response({})
    response["Allow"] = "GET, HEAD, POST, OPTIONS"
    return response


async def options_below(request: HttpRequest, name: str) -> HttpResponse:
    return await options(request)


async def wrong_method(request: HttpRequest) -> HttpResponse:
    """The path is right, the method is not."""
    raise errors.MethodNotAllowed(_NO_PATH.format(method=request.method, path=request.path))


async def wrong_path(request: HttpRequest, name: str) -> HttpResponse:
    """A 404 in JSON for any other path: Google's own front end sends HTML, which no SDK can read."""
    raise _not_found(request)


def _unknown(request: HttpRequest, name: str) -> errors.GatewayError:
    """The error for a path that stands for no operation by this HTTP method."""
    known = paths.by_another_method(name)
    if known is None:
        return _not_found(request)
    if known is GET_MODEL and request.method == "POST":
        name, verb = paths.split(name)
        model = models.model_in(name, GENERATE)
        return errors.NotFound(f"There is no method {verb!r} on models/{model}. Supported are: {generate.SUPPORTED}.")
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

versioned = Router()
versioned.api_operation(["OPTIONS"], "/{path:name}", auth=None)(options_below)
versioned.api_operation(_others(), "/{path:name}")(operation)
for version in VERSIONS:
    api.add_router(f"/{version}", versioned, url_name_prefix=version)

elsewhere = Router()
elsewhere.api_operation(["OPTIONS"], "/{path:name}", auth=None)(options_below)
elsewhere.api_operation(_others(), "/{path:name}")(wrong_path)
api.add_router("", elsewhere)  # last: it takes every path that is left


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
