"""The cooldowns of accounts, to look at and to clear."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts_app.actions import accounts
from accounts_app.models import Rest
from accounts_app.status import account_state
from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import translated


class ReasonFilter(admin.SimpleListFilter):
    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Rest.objects.filter(until__gt=timezone.now()).order_by("reason").values_list("reason", flat=True)
        return [(reason, outcome_label(reason)) for reason in found.distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Rest]) -> QuerySet[Rest]:
        return queryset.filter(reason=self.value()) if self.value() else queryset


@admin.register(Rest)
class CooldownPage(ModelAdmin):
    """Cooldowns in force. Cleared ones stay in the table for a while, so that every node notices."""

    list_display = ("account", "cooling_model", "remaining", "reason_label", "streak", "shown_message")
    list_filter = (ReasonFilter,)
    search_fields = ("account__email", "model")
    ordering = ("until",)
    actions = ("clear",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rest]:
        rows = super().get_queryset(request).filter(until__gt=timezone.now())
        return rows.select_related("account").defer("account__proxy_url")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_clear_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts_app.change_rest")

    @admin.action(description=_("Clear now"), permissions=["clear"])
    def clear(self, request: HttpRequest, chosen: QuerySet[Rest]) -> None:
        cleared = accounts.clear_cooldowns(chosen.values_list("pk", flat=True))
        self.message_user(request, ngettext("%d cooldown cleared.", "%d cooldowns cleared.", cleared) % cleared)

    @display(description=_("model"), ordering="model")
    def cooling_model(self, row: Rest) -> str:
        return row.model or str(_("every model"))

    @display(description=_("reason"), ordering="reason")
    def reason_label(self, row: Rest) -> str:
        return outcome_label(row.reason) or "-"

    @display(description=_("message"))
    def shown_message(self, row: Rest) -> str:
        return translated(row.message) or "-"

    @display(description=_("time left"), ordering="until", label={"warning": "warning"})
    def remaining(self, row: Rest) -> tuple[str, str]:
        left = row.until - timezone.now() if row.until else None
        return "warning", account_state.spoken(left) if left else "-"
