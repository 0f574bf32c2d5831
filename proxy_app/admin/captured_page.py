"""Prompts and responses of keys that have them logged, for operators who may read them; every view is logged."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts_app.status.labels import outcome_label
from proxy_app.admin.call_page import TONES, moment
from proxy_app.admin.ledger_filters import NewestPaginator
from proxy_app.models import CapturedCall
from proxy_app.wire.interactions import transcript


def _said(captured: CapturedCall) -> list[transcript.Said]:
    """What an interaction says, step by step; nothing of other calls."""
    if not captured.method.startswith("interactions."):
        return []
    return [*transcript.asked(captured.request), *transcript.answered(captured.answer)]


@admin.register(CapturedCall)
class CapturedPage(ModelAdmin):
    """The list neither shows nor reads prompts and responses."""

    list_display = ("when", "call", "api_key", "asked", "outcome_label", "size")
    show_facets = admin.ShowFacets.NEVER
    list_filter = ("api_key",)
    list_filter_submit = True
    search_fields = ("request_id",)
    search_help_text = gettext_lazy("Request id")
    ordering = ("-at", "-pk")
    sortable_by = ("when",)
    paginator = NewestPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CapturedCall]:
        return super().get_queryset(request).select_related("api_key").defer("request", "answer")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CapturedCall], search_term: str
    ) -> tuple[QuerySet[CapturedCall], bool]:
        wanted = search_term.strip().lower()
        return (queryset.filter(request_id=wanted) if wanted else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The prompt and response; the view is logged before anything is shown."""
        captured = self.get_object(request, object_id)
        if captured is None or not self.has_view_permission(request, captured):
            return super().change_view(request, object_id, form_url, extra_context)
        self._log_reading(request, captured)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Call %(id)s") % {"id": captured.request_id[:8]},
            "captured": captured,
            "said": _said(captured),
            "outcome": outcome_label(captured.outcome),
            "prompt_is_cut": len(captured.request.encode()) < captured.request_bytes,
            "answer_is_cut": len(captured.answer.encode()) < captured.answer_bytes,
        }
        return TemplateResponse(request, "console/captured.html", context)

    def _log_reading(self, request: HttpRequest, captured: CapturedCall) -> None:
        LogEntry.objects.log_actions(
            user_id=request.user.pk or 0,
            queryset=[captured],
            action_flag=CHANGE,
            change_message=_("Read the prompt and the response."),
            single_object=True,
        )

    @display(description=gettext_lazy("time"), ordering="at")
    def when(self, captured: CapturedCall) -> SafeString:
        return moment(captured.at)

    @display(description=gettext_lazy("call"))
    def call(self, captured: CapturedCall) -> SafeString:
        return format_html('<span class="font-mono" title="{}">{}</span>', captured.request_id, captured.request_id[:8])

    @display(description=gettext_lazy("model"), header=True)
    def asked(self, captured: CapturedCall) -> list[str]:
        return [captured.model or "-", captured.method]

    @display(description=gettext_lazy("prompt → response"))
    def size(self, captured: CapturedCall) -> str:
        return f"{filesizeformat(captured.request_bytes)} → {filesizeformat(captured.answer_bytes)}"

    @display(description=gettext_lazy("outcome"), label=TONES)
    def outcome_label(self, captured: CapturedCall) -> tuple[str, str]:
        return captured.outcome, outcome_label(captured.outcome)
