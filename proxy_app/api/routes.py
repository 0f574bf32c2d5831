"""The HTTP surface: which path leads to which view, who may enter, and how errors leave."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPMethod

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router

from proxy_app import errors
from proxy_app.api import auth, usage, views
from proxy_app.ledger import refused_calls

View = Callable[[HttpRequest], Awaitable[HttpResponse]]

log = logging.getLogger(__name__)

# Google's newest SDKs default to /v1, older ones to /v1beta, ephemeral tokens use /v1alpha: all alike here.
VERSIONS = ("v1beta", "v1", "v1alpha")

_ANY = [method.value for method in HTTPMethod if method not in ("CONNECT", "TRACE")]
_READ = ["GET", "HEAD"]


def _others(*taken: str) -> list[str]:
    return [method for method in _ANY if method not in (*taken, "OPTIONS")]


def _whatever_the_name(view: View) -> Callable[[HttpRequest, str], Awaitable[HttpResponse]]:
    """`view` on a path with a name in it, which ninja wants to see taken."""

    async def ignoring_name(request: HttpRequest, name: str) -> HttpResponse:
        return await view(request)

    return ignoring_name


class Api(NinjaAPI):
    """A ninja API whose views all return whole responses."""

    _unused = HttpResponse()

    def create_temporal_response(self, request: HttpRequest) -> HttpResponse:
        """What ninja would fill for views that do not; made anew for every call it would cost 1 % of it."""
        return self._unused


api = Api(title="Gemini Gateway", docs_url=None, openapi_url=None, auth=auth.admit)

for path, view in (("/healthz", views.healthz), ("/readyz", views.readyz)):
    api.api_operation(_READ, path, auth=auth.admit_to_health)(view)
    api.api_operation(_others(*_READ), path)(views.wrong_method)
    api.api_operation(["OPTIONS"], path, auth=None)(views.options)

models = Router()
for path in ("/models", "/models/"):
    models.api_operation(_READ, path)(views.list_models)
    models.api_operation(_others(*_READ), path)(views.wrong_method)
    models.api_operation(["OPTIONS"], path, auth=None)(views.options)
models.api_operation(_READ, "/models/{path:name}")(views.get_model)
models.post("/models/{path:name}")(views.call_model)
models.api_operation(_others(*_READ, "POST"), "/models/{path:name}")(_whatever_the_name(views.wrong_method))
models.api_operation(["OPTIONS"], "/models/{path:name}", auth=None)(_whatever_the_name(views.options))

api.api_operation(_READ, "/usage", auth=auth.admit_to_usage)(usage.usage)
api.api_operation(_others(*_READ), "/usage")(views.wrong_method)
api.api_operation(["OPTIONS"], "/usage", auth=None)(views.options)

for version in VERSIONS:
    api.add_router(f"/{version}", models, url_name_prefix=version)

elsewhere = Router()
elsewhere.api_operation(["OPTIONS"], "/{path:name}", auth=None)(_whatever_the_name(views.options))
elsewhere.api_operation(_others(), "/{path:name}")(_whatever_the_name(views.wrong_path))
api.add_router("", elsewhere)  # last: it takes every path that is left


@api.exception_handler(errors.GatewayError)
def refused(request: HttpRequest, error: errors.GatewayError) -> HttpResponse:
    refused_calls.refused(request, error)
    return views.rendered(request, error)


@api.exception_handler(Exception)
def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %a failed", request.method, request.path, exc_info=error)  # the path has no query, so no key
    internal = errors.GatewayError("Internal error encountered.")
    refused_calls.refused(request, internal)
    return views.rendered(request, internal)
