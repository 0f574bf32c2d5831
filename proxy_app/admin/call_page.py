"""The page of one call: its attempts in order, and its diagnostics file."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from accounts_app.pool.outcomes import Outcome, Refusal
from accounts_app.status.labels import REMEDIES, outcome_label
from accounts_app.status.translate import translated
from proxy_app.admin import diagnostics
from proxy_app.admin.ledger_filters import COUNTED
from proxy_app.models import CapturedCall, UsageRecord

# One for each: a label without a tone would show the outcome's value in place of its name.
TONES = {
    **{outcome.value: "warning" for outcome in Outcome},
    "succeeded": "success",
    "abandoned": "info",
    "rejected": "info",
    "bare_429": "info",
    "refused": "info",
    "unknown_field": "info",
    "version_missing": "info",
    "layer_closed": "info",
    "stale_connection": "info",
    "unauthenticated": "danger",
    "revoked": "danger",
    "needs_owner": "danger",
    "interrupted": "danger",
    "gateway_error": "danger",
    **{refusal.value: "warning" for refusal in Refusal},
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An attempt and its bar on the call's time line: `left` and `width` in percent of the line.

    `first` is the part of the bar before the first token, in percent of the bar.
    """

    entry: UsageRecord
    outcome: str
    why: str
    message: str
    remedy: str
    tone: str
    left: float
    width: float
    first: float


def moment(at: datetime) -> SafeString:
    """A time to the second, on one line."""
    local = timezone.localtime(at)
    words = _("%(day)s, %(clock)s") % {"day": date_format(local, "MONTH_DAY_FORMAT"), "clock": f"{local:%H:%M:%S}"}
    return format_html('<span class="whitespace-nowrap" title="{}">{}</span>', local.isoformat(), words)


def of_conversation(key: str) -> str:
    """The address of the request log of one conversation."""
    return f"{reverse('admin:proxy_app_usagerecord_changelist')}?conversation={key}"


def show(request: HttpRequest, page: ModelAdmin, request_id: str) -> HttpResponse:
    attempts = _attempts(request_id)
    may_read = request.user.has_perm("proxy_app.view_capturedcall")
    last = attempts[-1]
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Call %(id)s") % {"id": request_id[:8]},
        "call": last,
        "request_id": request_id,
        "attempts": _placed(attempts),
        "duration": (_ended(last) - attempts[0].at).total_seconds(),
        "conversation": _conversation(last.conversation),
        "captured": CapturedCall.objects.filter(request_id=request_id).only("pk").first() if may_read else None,
    }
    return TemplateResponse(request, "console/call.html", context)


def download(request_id: str) -> HttpResponse:
    """The diagnostics of a call as a file."""
    content = msgspec.json.format(msgspec.json.encode(diagnostics.report(_attempts(request_id))), indent=2)
    name = f"gemini-gateway-call-{request_id[:8]}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(content, content_type="application/json", headers=headers)


def _attempts(request_id: str) -> list[UsageRecord]:
    rows = UsageRecord.objects.filter(request_id=request_id.lower()).select_related("api_key").order_by("attempt", "at")
    if not (found := list(rows[:100])):
        raise Http404
    return found


def _conversation(key: str) -> dict[str, Any] | None:
    """How many calls the conversation of this key has, as far as they are in the log, and where they are listed."""
    if not key:
        return None
    calls = UsageRecord.objects.filter(conversation=key).values("request_id").distinct()[:COUNTED].count()
    return {"calls": calls, "url": of_conversation(key)}


def _placed(attempts: list[UsageRecord]) -> list[Shown]:
    began = attempts[0].at
    total = max((max(_ended(entry) for entry in attempts) - began).total_seconds(), 0.001)
    return [
        Shown(
            entry=entry,
            outcome=outcome_label(entry.outcome),
            why=translated(entry.why),
            message=translated(entry.message),
            remedy=str(REMEDIES.get(entry.outcome, "")),
            tone=TONES.get(entry.outcome, "info"),
            left=100 * (entry.at - began).total_seconds() / total,
            width=max(0.5, 100 * entry.duration_ms / 1000 / total),
            first=100 * (entry.first_event_ms or 0) / max(entry.duration_ms, 1),
        )
        for entry in attempts
    ]


def _ended(entry: UsageRecord) -> datetime:
    return entry.at + timedelta(milliseconds=entry.duration_ms)
