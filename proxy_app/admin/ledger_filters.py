"""The request log's filters and paginator: each reads an index from the newest entry on, and none counts the table."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateTimeFilter, TextFilter

from accounts_app.status.labels import OUTCOMES
from proxy_app.models import UsageRecord
from proxy_app.wire.operations import FORWARDED, OPERATIONS

Entries = QuerySet[UsageRecord]

# Entries that can be paged through; older ones are found by a time range. Counting more would read the whole table.
COUNTED = 5_000
# Accounts that a part of a name may match.
ACCOUNTS = 200


class NewestPaginator(Paginator):
    """Counts `COUNTED` entries at most."""

    @cached_property
    def count(self) -> int:
        entries: Any = self.object_list
        return int(entries.order_by().values("pk")[:COUNTED].count())


class AccountFilter(TextFilter):
    title = _("account")
    parameter_name = "account"

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        """By id, or by a part of the address."""
        wanted = (self.value() or "").strip()
        if not wanted:
            return queryset
        if wanted.isdecimal():
            return queryset.filter(account_id=int(wanted))
        accounts = UsageRecord._meta.get_field("account").related_model._default_manager
        matching = list(accounts.filter(email__icontains=wanted).values_list("pk", flat=True)[:ACCOUNTS])
        return (
            queryset.filter(account_id=matching[0]) if len(matching) == 1 else queryset.filter(account_id__in=matching)
        )


class NameFilter(TextFilter):
    """A name, or with a star at its end all names that begin so, in the column `parameter_name`."""

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        column, wanted = str(self.parameter_name), self.wanted()
        if not wanted:
            return queryset
        if not wanted.endswith("*"):
            return queryset.filter(**{column: wanted})
        beginning = wanted.rstrip("*")
        in_range = {f"{column}__gte": beginning, f"{column}__lt": beginning + "\U0010ffff"}
        # The index finds few entries quickly, but would sort many by time. Of many, the newest are found soonest by
        # going back in time, which is what databases do for a LIKE.
        few = UsageRecord.objects.filter(**in_range).values("pk")[:COUNTED].count() < COUNTED
        return queryset.filter(**in_range) if few else queryset.filter(**{f"{column}__startswith": beginning})

    def wanted(self) -> str:
        return (self.value() or "").strip()


class ModelFilter(NameFilter):
    title = _("model (may end in * as a wildcard)")
    parameter_name = "model"

    def wanted(self) -> str:
        return super().wanted().removeprefix("models/")


class ResourceFilter(NameFilter):
    title = _("resource, as files/abc or cachedContents/*")
    parameter_name = "resource"


class ConversationFilter(TextFilter):
    title = _("conversation")
    parameter_name = "conversation"

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        wanted = (self.value() or "").strip().lower()
        return queryset.filter(conversation=wanted) if wanted else queryset


class OperationFilter(DropdownFilter):
    title = _("operation")
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted({each.name for each in (*OPERATIONS, FORWARDED) if each.served})]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        return queryset.filter(method=self.value()) if self.value() else queryset


class KeyFilter(DropdownFilter):
    title = _("API key")
    parameter_name = "api_key"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        keys = UsageRecord._meta.get_field("api_key").related_model._default_manager
        return [(str(pk), name) for pk, name in keys.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        wanted = self.value() or ""
        return queryset.filter(api_key_id=int(wanted)) if wanted.isdecimal() else queryset


class OutcomeFilter(DropdownFilter):
    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(outcome, str(words)) for outcome, words in OUTCOMES.items()]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        return queryset.filter(outcome=self.value()) if self.value() else queryset


class StatusFilter(DropdownFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = (200, 400, 401, 403, 404, 408, 413, 429, 499, 500, 501, 502, 503, 504)
        return [("0", _("none: no response")), *((str(status), str(status)) for status in known)]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        wanted = self.value() or ""
        return queryset.filter(status=int(wanted)) if wanted.isdecimal() else queryset


class RangeFilter(RangeDateTimeFilter):
    """From and to, in the console's time zone; a date without a time is all of that day."""

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        if since := self._moment("from", time.min):
            queryset = queryset.filter(at__gte=since)
        if until := self._moment("to", time.max):
            queryset = queryset.filter(at__lte=until)
        return queryset

    def _moment(self, end: str, unless_given: time) -> datetime | None:
        """The moment that was entered, or None if it is no date."""
        date, clock = (str(self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") or "") for part in (0, 1))
        try:
            day, hour = forms.DateField(required=False).clean(date), forms.TimeField(required=False).clean(clock)
        except ValidationError:
            return None
        return timezone.make_aware(datetime.combine(day, hour or unless_given)) if day else None


class SinceFilter(DropdownFilter):
    title = _("time")
    parameter_name = "since"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("15", _("the last 15 minutes")),
            ("60", _("the last hour")),
            ("1440", _("the last day")),
            ("10080", _("the last week")),
            ("43200", _("the last 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        wanted = self.value() or ""
        if not wanted.isdecimal() or len(wanted) > 6:
            return queryset
        return queryset.filter(at__gte=timezone.now() - timedelta(minutes=int(wanted)))
