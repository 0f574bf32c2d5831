"""What somebody has made, as a table by kind, with buttons that cancel and delete it: for the pages of all who make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from accounts_app.actions import projects, resources
from accounts_app.actions.resources import Done, OfKind
from accounts_app.models import Resource
from accounts_app.status.translate import translated

MOST_TOLD = 10  # failures


@dataclass(frozen=True, slots=True)
class Line:
    """One kind, and the address of the list of them."""

    of_kind: OfKind
    url: str


class MakersPage(ModelAdmin):
    """A page of what has resources; it knows whether its reader may delete them."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        maker = super().get_object(request, object_id, from_field)
        if maker is not None:
            maker.may_remove = request.user.has_perm("accounts_app.delete_resource")
        return maker


def table(rows: QuerySet[Resource], by: str, maker: Model) -> SafeString:
    """What of `rows` is alive. `by` is the parameter by which the list of resources finds those of `maker`."""
    found = resources.by_kind(projects.alive() & rows)
    query: dict[str, int | str] = {by: maker.pk}
    context = {
        "lines": [Line(each, listed({**query, "kind": each.kind})) for each in found],
        "jobs": sum(each.running for each in found),
        "count": sum(each.count for each in found),
        "all_url": listed(query),
        "cancel_url": f"{reverse('admin:accounts_app_resource_cancel_all')}?{urlencode(query)}",
        "delete_url": f"{reverse('admin:accounts_app_resource_delete_all')}?{urlencode(query)}",
        "may_delete": getattr(maker, "may_remove", False),
    }
    return mark_safe(render_to_string("console/resources/kept.html", context))


def number_of(kind: str, count: int) -> str:
    """`files: 12`, kinds being Google's own words."""
    return f"{kind}: {count}"


def listed(query: dict[str, int | str]) -> str:
    """The list of resources with these filters."""
    return f"{reverse('admin:accounts_app_resource_changelist')}?{urlencode(query)}"


def tell_failed(request: HttpRequest, page: ModelAdmin, results: Sequence[Done]) -> int:
    """A line for each that failed, up to MOST_TOLD; how many succeeded."""
    failed = [each for each in results if each.trouble]
    for each in failed[:MOST_TOLD]:
        page.message_user(request, f"{each.name}: {translated(each.trouble)}", messages.ERROR)
    if (more := len(failed) - MOST_TOLD) > 0:
        page.message_user(request, ngettext("%d more failed.", "%d more failed.", more) % more, messages.ERROR)
    return len(results) - len(failed)
