"""“Account eligibility”: every account's status for one model, as the process that serves this page knows it."""

import time
from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin
from unfold.utils import display_for_label

from accounts_app import leasing
from accounts_app.admin.fields import link
from accounts_app.leasing import RosterUnavailable
from accounts_app.status import explain
from accounts_app.status.explain import LABELS, Line
from accounts_app.status.translate import translated

PER_PAGE = 100
TONES = {tone: tone for tone in ("success", "info", "warning", "danger")}


def show(request: HttpRequest, page: ModelAdmin) -> HttpResponse:
    """`?model=` is what a client would ask for, `account=` a part of an email, `p=` the page."""
    asked_for = request.GET.get("model", "").strip().removeprefix("models/")
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Account eligibility"),
        "asked_for": asked_for,
        "named": request.GET.get("account", "").strip(),
    }
    try:
        context["models"] = explain.models()
        if asked_for:
            context |= _found(request, asked_for, context["named"])
    except RosterUnavailable as error:
        messages.error(request, translated(str(error)))
    return TemplateResponse(request, "console/eligibility.html", context)


def _found(request: HttpRequest, asked_for: str, named: str) -> dict[str, Any]:
    now = time.time()
    model = leasing.routed(asked_for)
    found = explain.eligibility(model, now)
    if named:
        wanted = explain.named(named)
        found = [each for each in found if each.account in wanted]
    shown = Paginator(found, PER_PAGE).get_page(request.GET.get("p"))
    query = request.GET.copy()
    query.pop("p", None)
    headers = [_("Account"), _("Status"), _("Reason"), _("Until"), _("Actions")]
    rows = [_cells(line) for line in explain.in_words(list(shown.object_list), model, now)]
    counted = Counter(each.status for each in found)
    return {
        "model": model,
        "counts": [(LABELS[status].name, counted[status]) for status in LABELS if counted[status]],
        "table": {"headers": headers, "rows": rows},
        "shown": shown,
        "query": query.urlencode(),
    }


def _cells(line: Line) -> list[str | SafeString]:
    url = reverse("admin:accounts_app_account_change", args=[line.account])
    remedy: str | SafeString = str(line.remedy)
    if line.action is not None:
        remedy = format_html("{} {}", remedy, link(line.action))
    until = ""
    if line.until is not None:
        moment = date_format(timezone.localtime(line.until), "DATETIME_FORMAT")
        until = _("%(time)s more, until %(moment)s") % {"time": line.left, "moment": moment}
    return [
        format_html('<a class="underline" href="{}">{}</a>', url, line.email),
        display_for_label((line.label.tone, str(line.label.name)), "", TONES),
        line.reason,
        until,
        remedy,
    ]
