"""The filters of the list of resources."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from accounts_app.actions import projects, resources
from accounts_app.models import Account, ApiKey, KeyGroup, Project, Resource

Rows = QuerySet[Resource]
NONE, DELETED = "none", "deleted"
RUNNING = "running"  # no state of upstream's


class _ById(DropdownFilter):
    """By the id of a row that resources refer to, or by having none."""

    column = ""
    nothing: str | Promise = ""

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        wanted = self.value() or ""
        if wanted == NONE and self.nothing:
            return queryset.filter(**{f"{self.column}__isnull": True})
        return queryset.filter(**{self.column: int(wanted)}) if wanted.isdecimal() else queryset

    def named(self, rows: QuerySet[Any], *names: str) -> list[tuple[str, Any]]:
        choices: list[tuple[str, Any]] = [(NONE, self.nothing)] if self.nothing else []
        return [*choices, *((str(row.pk), str(row)) for row in rows.only("pk", *names).order_by(*names))]


class KindFilter(DropdownFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind) for kind in projects.shown().order_by("kind").values_list("kind", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class GroupFilter(_ById):
    title = gettext_lazy("group")
    parameter_name = "group"
    column = "group_id"
    nothing = gettext_lazy("no group")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return self.named(KeyGroup.objects.all(), "name")


class KeyFilter(_ById):
    title = gettext_lazy("API key")
    parameter_name = "api_key"
    column = "api_key_id"
    nothing = gettext_lazy("callers without a key")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(DELETED, _("deleted keys")), *self.named(ApiKey.objects.all(), "name")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if self.value() == DELETED:
            gone = queryset.exclude(api_key_id=None).exclude(api_key_id=projects.OPERATOR)
            return gone.exclude(api_key_id__in=ApiKey.objects.values("pk"))
        return super().queryset(request, queryset)


class ProjectFilter(_ById):
    title = gettext_lazy("Google project")
    parameter_name = "project"
    column = "project_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return self.named(Project.objects.all(), "name", "project_id", "number")


class AccountFilter(_ById):
    title = gettext_lazy("account")
    parameter_name = "account"
    column = "account_id"
    nothing = gettext_lazy("deleted accounts")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        made = Account.objects.filter(pk__in=Resource.objects.exclude(account=None).values("account"))
        return self.named(made, "email")


class StateFilter(DropdownFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        states = Resource.objects.exclude(state="").order_by("state").values_list("state", flat=True)
        return [(RUNNING, _("running jobs")), *((state, state) for state in states.distinct())]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if self.value() == RUNNING:
            return queryset.filter(resources.running())
        return queryset.filter(state=self.value()) if self.value() else queryset


class ExpiryFilter(DropdownFilter):
    title = gettext_lazy("expiry")
    parameter_name = "expiry"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("day", _("within 24 hours")),
            ("later", _("later")),
            ("never", _("does not expire")),
            ("over", _("expired")),
        ]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        now = timezone.now()
        tomorrow = now + timedelta(days=1)
        match self.value():
            case "day":
                return queryset.filter(expires_at__gt=now, expires_at__lte=tomorrow)
            case "later":
                return queryset.filter(expires_at__gt=tomorrow)
            case "never":
                return queryset.filter(expires_at=None)
            case "over":
                return queryset.filter(Q(expires_at__lte=now))
        return queryset
