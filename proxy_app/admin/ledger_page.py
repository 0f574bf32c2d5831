"""The request log: one row an attempt, each with a link to the page of its call. Read only."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts_app.status.labels import outcome_label
from proxy_app.admin import call_page
from proxy_app.admin.ledger_filters import (
    AccountFilter,
    ConversationFilter,
    KeyFilter,
    ModelFilter,
    NewestPaginator,
    OperationFilter,
    OutcomeFilter,
    RangeFilter,
    ResourceFilter,
    SinceFilter,
    StatusFilter,
)
from proxy_app.models import UsageRecord


@admin.register(UsageRecord)
class RequestLogPage(ModelAdmin):
    list_display = (
        "when",
        "call",
        "outcome_label",
        "answered",
        "asked",
        "about",
        "account_label",
        "api_key",
        "duration",
        "tokens",
    )
    show_facets = admin.ShowFacets.NEVER  # they would count the whole table, once for each choice
    list_filter = (
        SinceFilter,
        ("at", RangeFilter),
        OutcomeFilter,
        StatusFilter,
        OperationFilter,
        ModelFilter,
        ResourceFilter,
        ConversationFilter,
        AccountFilter,
        KeyFilter,
    )
    list_filter_submit = True
    list_filter_sheet = True
    list_fullwidth = True
    search_fields = ("request_id",)
    search_help_text = _(
        "Request id. Only the newest 5,000 matching attempts are listed; use a time range for older ones."
    )
    ordering = ("-at", "-pk")
    sortable_by = ("when",)  # any other order would sort the whole table first
    list_per_page = 50
    list_max_show_all = 0
    paginator = NewestPaginator
    show_full_result_count = False

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("call/<str:request_id>/", wrap(self.call_view), name="proxy_app_usagerecord_call"),
            path("call/<str:request_id>/bundle.json", wrap(self.diagnostics_view), name="proxy_app_usagerecord_bundle"),
        ]
        return own + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageRecord]:
        return super().get_queryset(request).select_related("api_key")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UsageRecord], search_term: str
    ) -> tuple[QuerySet[UsageRecord], bool]:
        """By the whole id: a part of it would read every row."""
        wanted = search_term.strip().lower()
        return (queryset.filter(request_id=wanted) if wanted else queryset), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """An entry has no page of its own: it redirects to its call's."""
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404
        return redirect(reverse("admin:proxy_app_usagerecord_call", args=[entry.request_id]))

    def call_view(self, request: HttpRequest, request_id: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return call_page.show(request, self, request_id)

    def diagnostics_view(self, request: HttpRequest, request_id: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return call_page.download(request_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("time"), ordering="at")
    def when(self, record: UsageRecord) -> SafeString:
        return call_page.moment(record.at)

    @display(description=_("call"))
    def call(self, record: UsageRecord) -> SafeString:
        """The start of the call's id, and the number of the attempt."""
        url = reverse("admin:proxy_app_usagerecord_call", args=[record.request_id])
        link = '<a class="font-mono underline whitespace-nowrap" href="{}" title="{}">{}</a>'
        begin = record.request_id[:8]
        if not record.attempt:
            return format_html(link, url, _("refused before any attempt"), begin)
        which = f"{begin} · {record.attempt}"
        return format_html(link, url, _("attempt %(number)s of this call") % {"number": record.attempt}, which)

    @display(description=_("outcome"), label=call_page.TONES)
    def outcome_label(self, record: UsageRecord) -> tuple[str, str]:
        return record.outcome, outcome_label(record.outcome)

    @display(description=_("status"))
    def answered(self, record: UsageRecord) -> str:
        return str(record.status or "-")

    @display(description=_("model"), header=True)
    def asked(self, record: UsageRecord) -> list[str]:
        return [record.model or "-", record.method]

    @display(description=_("resource"))
    def about(self, record: UsageRecord) -> SafeString | str:
        if not record.resource:
            return "-"
        style = "display: block; max-width: 14rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap"
        name = format_html('<span class="font-mono" style="{}" title="{}">{}</span>', style, *[record.resource] * 2)
        if not record.conversation:
            return name
        url = call_page.of_conversation(record.conversation)
        return format_html('{}<a class="underline text-xs" href="{}">{}</a>', name, url, _("conversation"))

    @display(description=_("tokens"))
    def tokens(self, record: UsageRecord) -> str:
        return number_format(record.total_tokens, force_grouping=True)

    @display(description=_("duration"))
    def duration(self, record: UsageRecord) -> str:
        return f"{record.duration_ms} ms" if record.duration_ms < 1000 else f"{record.duration_ms / 1000:.1f} s"
