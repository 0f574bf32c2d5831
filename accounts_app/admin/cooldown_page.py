"""The accounts' pauses: to look at, and to end."""

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
    """Rests that are on now; ended ones stay in the table for the nodes, not for people."""

    list_display = ("account", "rested_model", "remaining", "why", "streak", "said")
    list_filter = (ReasonFilter,)
    search_fields = ("account__email", "model")
    ordering = ("until",)
    actions = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rest]:
        rows = super().get_queryset(request).filter(until__gt=timezone.now())
        return rows.select_related("account").defer("account__proxy_url")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts_app.change_rest")

    @admin.action(description=_("End now"), permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[Rest]) -> None:
        ended = accounts.clear_cooldowns(chosen.values_list("pk", flat=True))
        self.message_user(request, ngettext("%d rest ended.", "%d rests ended.", ended) % ended)

    @display(description=_("model"), ordering="model")
    def rested_model(self, rest: Rest) -> str:
        return rest.model or str(_("every model"))

    @display(description=_("reason"), ordering="reason")
    def why(self, rest: Rest) -> str:
        return outcome_label(rest.reason) or "-"

    @display(description=_("message"))
    def said(self, rest: Rest) -> str:
        return translated(rest.message) or "-"

    @display(description=_("still"), ordering="until", label={"warning": "warning"})
    def remaining(self, rest: Rest) -> tuple[str, str]:
        left = rest.until - timezone.now() if rest.until else None
        return "warning", account_state.spoken(left) if left else "-"
