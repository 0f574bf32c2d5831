"""The playground: the browser sends a prompt to the same endpoints as every client."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts_app.pool.outcomes import Outcome
from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import SENTENCES, translated
from proxy_app.admin.clients_page import offered
from proxy_app.api import operator_pass

RIGHT = "proxy_app.use_playground"
# The reasons that X-Gateway-Attempt gives for an account; # stands for a number.
WHYS = ("affinity", "affinity, # passed over at their share", "round robin", "fill first")
# What may follow a reason.
SUFFIXES = tuple(suffix for text in SENTENCES if (suffix := text.removeprefix("%(sentence)s")) != text)


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
    outcomes = {outcome.value: outcome_label(outcome.value) for outcome in Outcome}
    with_status = {f"{outcome} #": f"{words} #" for outcome, words in outcomes.items()}
    whys = {why: translated(why) for each in WHYS for why in (each, *(each + suffix for suffix in SUFFIXES))}
    return {**outcomes, **with_status, **whys, "answering": _("answering"), "nothing sent": _("nothing sent")}


@require_POST
def issue_token(request: HttpRequest) -> HttpResponse:
    """A token for one call, for operators who may use the accounts' quota."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    return JsonResponse({"pass": operator_pass.issue(request.user.get_username())})
