"""Exporting accounts with their secrets: asks first, says what that means, and is logged."""

import json

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from accounts_app.actions import accounts
from accounts_app.models import Account


def export(request: HttpRequest, page: ModelAdmin, chosen: QuerySet[Account]) -> HttpResponse | None:
    """The question; confirmed, a file that `import_accounts` and the import page read back."""
    chosen = chosen.filter(is_demo=False)
    if "confirmed" not in request.POST:
        context = {
            **page.admin_site.each_context(request),
            "opts": page.opts,
            "title": _("Export accounts"),
            "number": chosen.count(),
            "some": list(chosen[:10]),
            "checkbox": ACTION_CHECKBOX_NAME,
            "ids": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "console/export.html", context)
    ids = list(chosen.values_list("pk", flat=True))
    rows = list(accounts.exported(ids))
    if left_out := accounts.unreadable(ids):
        page.message_user(
            request,
            _("Left out, because their secrets cannot be read with the keys at hand: %(names)s")
            % {"names": ", ".join(left_out)},
            messages.WARNING,
        )
    LogEntry.objects.log_actions(str(request.user.pk), chosen, CHANGE, _("Exported, with its secrets."))
    text = json.dumps(rows, indent=2, ensure_ascii=False) + "\n"
    name = f"accounts-{timezone.now():%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(text, content_type="application/json", headers=headers)
