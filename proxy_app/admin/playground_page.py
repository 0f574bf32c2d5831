"""A place to try a prompt: the browser itself makes the call, at the same endpoints as every client."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from proxy_app import operator_pass
from proxy_app.admin.clients_page import offered

RIGHT = "proxy_app.use_playground"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Playground"),
        "may_call": request.user.has_perm(RIGHT),
        **offered(),
    }
    return TemplateResponse(request, "console/playground.html", context)


@require_POST
def give_pass(request: HttpRequest) -> HttpResponse:
    """A pass for one call, for operators with the right to spend the accounts' quota."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    return JsonResponse({"pass": operator_pass.issue(request.user.get_username())})
