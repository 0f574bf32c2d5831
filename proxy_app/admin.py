"""The ledger, to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AllValuesCheckboxFilter, RangeDateTimeFilter, RelatedDropdownFilter
from unfold.decorators import display

from proxy_app.models import UsageRecord


@admin.register(UsageRecord)
class LedgerPage(ModelAdmin):
    list_display = (
        "at",
        "outcome_label",
        "model",
        "method",
        "account_label",
        "api_key",
        "status",
        "took",
        "total_tokens",
    )
    list_filter = (
        ("at", RangeDateTimeFilter),
        ("outcome", AllValuesCheckboxFilter),
        ("model", AllValuesCheckboxFilter),
        ("api_key", RelatedDropdownFilter),
        "delivered",
    )
    list_filter_submit = True
    search_fields = ("request_id", "account_label", "model")
    search_help_text = _("Request id, account or model")
    ordering = ("-at", "-pk")
    list_per_page = 50
    show_full_result_count = False  # counting millions of rows is not worth the number

    def get_queryset(self, request: HttpRequest) -> QuerySet[UsageRecord]:
        return super().get_queryset(request).select_related("api_key")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(
        description=_("outcome"),
        ordering="outcome",
        label={"succeeded": "success", "abandoned": "info", "rejected": "info", "interrupted": "danger"},
    )
    def outcome_label(self, record: UsageRecord) -> str:
        return record.outcome

    @display(description=_("took"), ordering="duration_ms")
    def took(self, record: UsageRecord) -> str:
        return f"{record.duration_ms / 1000:.1f} s"
