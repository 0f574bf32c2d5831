"""A place to try a prompt: the browser itself makes the call, at the same endpoints as every client."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts_app.pool.outcomes import Outcome
from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import translated
from proxy_app.admin.clients_page import offered
from proxy_app.api import operator_pass

RIGHT = "proxy_app.use_playground"
# What X-Gateway-Attempt says of why; # stands for a number.
WHYS = ("affinity", "affinity, # passed over at their share", "round robin", "fill first")


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Playground"),
        "base": get_script_prefix().rstrip("/"),
        "may_call": request.user.has_perm(RIGHT),
        "attempt_words": _attempt_words(),
        **offered(),
    }
    return TemplateResponse(request, "console/playground.html", context)


def _attempt_words() -> dict[str, str]:
    """The English of X-Gateway-Attempt, and the same in the reader's language."""
    became = {outcome.value: outcome_label(outcome.value) for outcome in Outcome}
    with_status = {f"{outcome} #": f"{words} #" for outcome, words in became.items()}
    whys = {why: translated(why) for each in WHYS for why in (each, f"{each}, first try after a rest")}
    return {**became, **with_status, **whys, "answering": _("answering"), "nothing sent": _("nothing sent")}


@require_POST
def give_pass(request: HttpRequest) -> HttpResponse:
    """A pass for one call, for operators with the right to spend the accounts' quota."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    return JsonResponse({"pass": operator_pass.issue(request.user.get_username())})
