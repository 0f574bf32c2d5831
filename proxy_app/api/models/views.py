"""models.list and models.get, answered from memory as far as possible."""

from django.http import HttpRequest, HttpResponse

from proxy_app import errors
from proxy_app.api import auth
from proxy_app.api.models import catalogue, model_list, model_lookup
from proxy_app.api.models.catalogue import Model
from proxy_app.api.rendering import api_version, asked_shape, compressed, json_response
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names import resource_names
from proxy_app.wire.operations import Operation
from proxy_app.wire.operations.paths import Target


async def list_models(request: HttpRequest, target: Target) -> HttpResponse:
    """`{"models":[Model…],"nextPageToken"?}`: the models that the caller may use."""
    query = request.GET
    try:
        page = catalogue.page(_offered(request), query.get("pageSize"), query.get("pageToken"))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    return compressed(request, json_response(page, shape=asked_shape(request)))


async def get_model(request: HttpRequest, target: Target) -> HttpResponse:
    """One Model, or Google's 404. A name that only upstream can know is looked up there."""
    return json_response(await _found(request, target.name, target.operation), shape=asked_shape(request))


async def list_for_openai(request: HttpRequest, target: Target) -> HttpResponse:
    """`{"object":"list","data":[…]}`: the same models, all at once."""
    told = [_for_openai(model) for model in _offered(request)]
    return compressed(request, json_response({"object": "list", "data": told}))


async def get_for_openai(request: HttpRequest, target: Target) -> HttpResponse:
    """One of them."""
    return json_response(_for_openai(await _found(request, resource_names.of_google(target.name), target.operation)))


def _for_openai(model: Model) -> dict[str, str]:
    """A Model in the form of Google's layer for OpenAI's clients."""
    return {"id": model["name"], "object": "model", "owned_by": "google", "display_name": model["displayName"]}


def _offered(request: HttpRequest) -> list[Model]:
    """The models that the caller may use."""
    may_use = request.auth.may_use  # type: ignore[attr-defined]
    closed = model_list.closed_to(request.auth.tenant.group)  # type: ignore[attr-defined]
    return [model for model in model_list.offered(closed) if may_use(model["name"].removeprefix("models/"))]


async def _found(request: HttpRequest, name: str, operation: Operation) -> Model:
    """The Model that a client asks for by `name`. Raises PermissionDenied, NotFound, InvalidArgument, UpstreamError."""
    name = model_in(name, operation)
    if not request.auth.may_use(name):  # type: ignore[attr-defined]
        raise auth.not_allowed(name)
    closed = model_list.closed_to(request.auth.tenant.group)  # type: ignore[attr-defined]
    if model := model_list.find(name, closed) or await model_lookup.look_up(name, closed):
        return model
    raise errors.NotFound(operation.not_there.told(name, api_version(request)))


def model_in(name: str, operation: Operation) -> str:
    """The model in a path, as routes and the request log write it. Raises InvalidArgument, in Google's words."""
    try:
        return resource_names.model(name).model
    except resource_names.BadName as error:
        raise errors.InvalidArgument(f"* {operation.named_by}: {error}") from error
