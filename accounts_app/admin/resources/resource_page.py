"""The list of resources that clients have made upstream, each with its page: shared, cancelled, deleted, forgotten."""

from typing import Any

import msgspec
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts_app.actions import projects, resources
from accounts_app.admin.hooks import hooks
from accounts_app.admin.resources import kept
from accounts_app.admin.resources.resource_filters import (
    AccountFilter,
    ExpiryFilter,
    GroupFilter,
    KeyFilter,
    KindFilter,
    ProjectFilter,
    StateFilter,
)
from accounts_app.models import ApiKey, Resource
from accounts_app.pool.access.tenants import FULL, USE

NAMED_BEFORE = 10  # resources that a question names


@admin.register(Resource)
class ResourcePage(ModelAdmin):
    list_display = ("named", "whose", "where", "size", "short_state", "expiry", "sharing")
    show_facets = admin.ShowFacets.NEVER
    list_filter = (KindFilter, GroupFilter, KeyFilter, ProjectFilter, AccountFilter, StateFilter, ExpiryFilter)
    list_filter_submit = True
    list_filter_sheet = True
    list_fullwidth = True
    search_fields = ("name", "model")
    ordering = ("-created_at", "-pk")
    list_per_page = 50
    list_select_related = ("group", "project", "account")
    list_before_template = change_form_before_template = "console/resources/page_head.html"
    actions = ("cancel", "delete_upstream", "share_use", "share_full", "share_no", "forget")
    fields = (
        *("name", "kind", "model", "state", "size", "group", "key", "project", "account", "shared"),
        *("created_at", "expires_at", "as_shown"),
    )
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("cancel/", wrap(self.cancel_all), name="accounts_app_resource_cancel_all"),
            path("delete/", wrap(self.delete_all), name="accounts_app_resource_delete_all"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Resource]:
        return (super().get_queryset(request) & projects.shown()).defer("account__proxy_url", "last_json")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        self._name_keys(found.result_list)
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Resource | None:
        resource = super().get_object(request, object_id, from_field)
        if resource is not None:
            self._name_keys([resource])
        return resource

    def _name_keys(self, listed: Any) -> None:
        """A deleted key's id stays in its rows, so the names are looked up apart."""
        shown = list(listed)
        names = dict(ApiKey.objects.filter(pk__in={row.api_key_id for row in shown}).values_list("pk", "name"))
        for row in shown:
            row.key_name = names.get(row.api_key_id, "")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a resource is upstream's

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # which would delete the row alone

    def has_share_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts_app.change_resource")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts_app.delete_resource")

    @admin.action(description=gettext_lazy("Cancel running jobs"), permissions=["remove"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[Resource]) -> None:
        self._cancel(request, chosen.filter(resources.running()))

    @admin.action(description=gettext_lazy("Delete upstream"), permissions=["remove"])
    def delete_upstream(self, request: HttpRequest, chosen: QuerySet[Resource]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, chosen, _("Delete upstream"), action="delete_upstream")
        self._delete(request, chosen)
        return None

    @admin.action(description=gettext_lazy("Forget: delete here alone"), permissions=["remove"])
    def forget(self, request: HttpRequest, chosen: QuerySet[Resource]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, chosen, _("Forget"), action="forget", stays=True)
        self._log(request, chosen, DELETION, _("Forgotten; upstream it stays."))
        number = resources.forget(_ids(chosen))
        self.message_user(request, ngettext("%d resource forgotten.", "%d resources forgotten.", number) % number)
        return None

    @admin.action(description=gettext_lazy("Share with all API keys, for use"), permissions=["share"])
    def share_use(self, request: HttpRequest, chosen: QuerySet[Resource]) -> None:
        self._share(request, chosen, USE, _("Shared for use."))

    @admin.action(description=gettext_lazy("Share with all API keys, in full"), permissions=["share"])
    def share_full(self, request: HttpRequest, chosen: QuerySet[Resource]) -> None:
        self._share(request, chosen, FULL, _("Shared in full."))

    @admin.action(description=gettext_lazy("Share no longer"), permissions=["share"])
    def share_no(self, request: HttpRequest, chosen: QuerySet[Resource]) -> None:
        self._share(request, chosen, "", _("Shared no longer."))

    def cancel_all(self, request: HttpRequest) -> HttpResponse:
        """Cancel the running jobs that the list's filters find; asks first."""
        chosen = self._found(request).filter(resources.running())
        if request.method != "POST":
            return self._ask(request, chosen, _("Cancel running jobs"))
        self._cancel(request, chosen)
        return redirect(_back(request))

    def delete_all(self, request: HttpRequest) -> HttpResponse:
        """Delete upstream what the list's filters find; asks first."""
        chosen = projects.alive() & self._found(request)
        if request.method != "POST":
            return self._ask(request, chosen, _("Delete upstream"))
        self._delete(request, chosen)
        return redirect(_back(request))

    def _found(self, request: HttpRequest) -> QuerySet[Resource]:
        """Those of one key, group, account or project. Raises PermissionDenied, also where all would be found."""
        if not self.has_remove_permission(request):
            raise PermissionDenied
        columns = {"api_key": "api_key_id", "group": "group_id", "account": "account_id", "project": "project_id"}
        given = {column: str(request.GET.get(by, "")) for by, column in columns.items()}
        wanted = {column: int(value) for column, value in given.items() if value.isdecimal()}
        if not wanted:
            raise PermissionDenied
        return projects.shown().filter(**wanted)

    def _cancel(self, request: HttpRequest, chosen: QuerySet[Resource]) -> None:
        ids = _ids(chosen)
        self._log(request, chosen, CHANGE, _("Cancelled."))
        number = kept.tell_failed(request, self, resources.cancel(ids, hooks.cancel_resource))
        if not ids:
            self.message_user(request, _("None of them is a job that runs."))
        elif number:
            self.message_user(request, ngettext("%d job cancelled.", "%d jobs cancelled.", number) % number)

    def _delete(self, request: HttpRequest, chosen: QuerySet[Resource]) -> None:
        ids = _ids(chosen)
        self._log(request, chosen, DELETION, _("Deleted upstream."))
        if number := kept.tell_failed(request, self, resources.delete(ids, hooks.delete_resource)):
            self.message_user(request, ngettext("%d resource deleted.", "%d resources deleted.", number) % number)

    def _share(self, request: HttpRequest, chosen: QuerySet[Resource], shared: str, words: str) -> None:
        self._log(request, chosen, CHANGE, words)
        number = projects.share(_ids(chosen), shared)
        self.message_user(request, ngettext("%d resource changed.", "%d resources changed.", number) % number)

    def _log(self, request: HttpRequest, chosen: QuerySet[Resource], flag: int, words: str | Promise) -> None:
        LogEntry.objects.log_actions(str(request.user.pk), chosen, flag, str(words))

    def _ask(
        self, request: HttpRequest, chosen: QuerySet[Resource], title: str, *, action: str = "", stays: bool = False
    ) -> HttpResponse:
        """The question; `action` is that of the list, "" for a page of its own."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "number": chosen.count(),
            "some": list(chosen.order_by("-created_at", "-pk")[:NAMED_BEFORE]),
            "stays": stays,
            "action": action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "ids": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
            "back": _back(request),
        }
        return TemplateResponse(request, "console/resources/sure.html", context)

    @display(description=gettext_lazy("resource"), ordering="name", header=True)
    def named(self, row: Resource) -> list[Any]:
        name = format_html('<span class="gw-mono gw-name">{}</span>', row.name)
        return [name, row.model or row.kind]

    @display(description=gettext_lazy("group and API key"), header=True)
    def whose(self, row: Resource) -> list[str]:
        return [row.group.name if row.group else "-", self.key(row)]

    @display(description=gettext_lazy("API key"))
    def key(self, row: Resource) -> str:
        if name := getattr(row, "key_name", ""):
            return str(name)
        if row.api_key_id is None and row.group_id is None:
            return _("callers without a key")
        return _("the operator") if row.api_key_id == projects.OPERATOR else _("deleted key")

    @display(description=gettext_lazy("Google project and account"), header=True)
    def where(self, row: Resource) -> list[str]:
        return [str(row.project), row.account.email if row.account else _("deleted account")]

    @display(description=gettext_lazy("as upstream last showed it"))
    def as_shown(self, row: Resource) -> SafeString | str:
        if not row.last_json:
            return "-"
        return format_html('<div class="gw-page"><pre class="gw-wrap">{}</pre></div>', _indented(row.last_json))

    @display(description=gettext_lazy("size"), ordering="size_bytes")
    def size(self, row: Resource) -> str:
        return "-" if row.size_bytes is None else filesizeformat(row.size_bytes)

    @display(description=gettext_lazy("state"), ordering="state")
    def short_state(self, row: Resource) -> str:
        """Without what tells only of which kind it is: BATCH_STATE_PENDING is PENDING."""
        return row.state.rpartition("_STATE_")[2] or "-"

    @display(description=gettext_lazy("expires"), ordering="expires_at")
    def expiry(self, row: Resource) -> SafeString | str:
        if row.expires_at is None:
            return _("does not expire")
        over = row.expires_at <= timezone.now()
        words = _("expired") if over else _("in %(time)s") % {"time": timeuntil(row.expires_at, depth=1)}
        local = timezone.localtime(row.expires_at)
        title = date_format(local, "DATETIME_FORMAT")
        return format_html('<span class="whitespace-nowrap" title="{}">{}</span>', title, words)

    @display(description=gettext_lazy("shared"), ordering="shared", label={USE: "info", FULL: "warning"})
    def sharing(self, row: Resource) -> tuple[str, str]:
        return row.shared, row.get_shared_display()


def _back(request: HttpRequest) -> str:
    """The list, with the filters of this request."""
    return kept.listed({name: str(value) for name, value in request.GET.items()})


def _indented(text: str) -> str:
    return msgspec.json.format(text, indent=2)


def _ids(chosen: QuerySet[Resource]) -> list[int]:
    return list(chosen.values_list("pk", flat=True))
