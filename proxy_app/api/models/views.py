"""models.list and models.get, answered from memory as far as possible."""

from django.http import HttpRequest, HttpResponse

from proxy_app import errors
from proxy_app.api import auth
from proxy_app.api.models import catalogue, model_list, model_lookup
from proxy_app.api.rendering import api_version, asked_shape, compressed, json_response
from proxy_app.wire import resource_names
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.operations import Operation
from proxy_app.wire.operations.paths import Target


async def list_models(request: HttpRequest, target: Target) -> HttpResponse:
    """`{"models":[Model…],"nextPageToken"?}`: the models that the caller may use."""
    query = request.GET
    may_use = request.auth.may_use  # type: ignore[attr-defined]
    closed = model_list.closed_to(request.auth.tenant.group)  # type: ignore[attr-defined]
    offered = [model for model in model_list.offered(closed) if may_use(model["name"].removeprefix("models/"))]
    try:
        page = catalogue.page(offered, query.get("pageSize"), query.get("pageToken"))
    except Malformed as error:
        raise errors.InvalidArgument(str(error)) from error
    return compressed(request, json_response(page, shape=asked_shape(request)))


async def get_model(request: HttpRequest, target: Target) -> HttpResponse:
    """One Model, or Google's 404. A name that only upstream can know is looked up there."""
    name = model_in(target.name, target.operation)
    if not request.auth.may_use(name):  # type: ignore[attr-defined]
        raise auth.not_allowed(name)
    closed = model_list.closed_to(request.auth.tenant.group)  # type: ignore[attr-defined]
    if model := model_list.find(name, closed) or await model_lookup.look_up(name, closed):
        return json_response(model, shape=asked_shape(request))
    raise errors.NotFound(target.operation.not_there.told(name, api_version(request)))


def model_in(name: str, operation: Operation) -> str:
    """The model in a path, as routes and the request log write it. Raises InvalidArgument, in Google's words."""
    try:
        return resource_names.model(name).model
    except resource_names.BadName as error:
        raise errors.InvalidArgument(f"* {operation.named_by}: {error}") from error
