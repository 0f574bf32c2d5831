"""The pages of the API keys. A key itself is shown once, on the page that confirms that it was issued."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts_app.actions import groups, projects, resources
from accounts_app.admin.api_keys.api_key_form import LIMITS, RIGHTS, WHOSE, ApiKeyForm
from accounts_app.admin.resources import kept
from accounts_app.api_keys import keys
from accounts_app.models import ApiKey


@admin.register(ApiKey)
class ApiKeyPage(kept.MakersPage):
    form = ApiKeyForm
    list_display = ("name", "owner", "group", "ends_in", "enabled", "expires_at", "last_used_at")
    list_filter = ("enabled", "group")
    list_select_related = ("group",)
    change_form_before_template = "console/resources/page_head.html"
    search_fields = ("name", "owner")
    ordering = ("name",)
    actions_detail = ("replace",)
    readonly_fields = ("ends_in", "last_used_at", "leaves")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        # The settings page and the commands refer to a key by its name.
        return (*self.readonly_fields, "name") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        whose = ("name", "ends_in", *WHOSE, "last_used_at") if obj else ("name", *WHOSE)
        sections = (
            (None, {"fields": whose}),
            (_("Permissions"), {"fields": RIGHTS}),
            (_("Limits"), {"fields": LIMITS}),
        )
        return (*sections, (_("Resources"), {"fields": ("leaves",)})) if obj else sections

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ApiKeyForm, change: bool) -> None:
        chosen = form.chosen()
        if not change:
            request.issued_key = keys.issue(obj.name)  # type: ignore[attr-defined]
            obj.pk = ApiKey.objects.get(name=obj.name).pk
        if chosen:
            ApiKey.objects.filter(pk=obj.pk).update(**chosen)
        if "group" in form.changed_data:
            group = form.cleaned_data["group"]
            groups.leave([obj.pk]) if group is None else groups.join([obj.pk], group.pk)
        obj.refresh_from_db()

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_once(request, obj, request.issued_key)  # type: ignore[attr-defined]

    @action(description=_("Replace the key"), permissions=["change"])
    def replace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks first: the key in use stops working."""
        key = ApiKey.objects.get(pk=object_id)
        if request.method == "POST":
            issued = keys.issue(key.name)
            self.log_change(request, key, str(_("Replaced: the key before is no longer valid.")))
            return self._show_once(request, key, issued)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": key.name, "api_key": key}
        return TemplateResponse(request, "console/replace_key.html", context)

    def _show_once(self, request: HttpRequest, obj: ApiKey, key: str) -> HttpResponse:
        """The page itself answers: a redirect would have to keep the key somewhere in between."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": obj.name,
            "issued_key": key,
        }
        return TemplateResponse(request, "console/issued_key.html", context)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What Django says is deleted with them, and what they leave behind."""
        told, counts, needed, protected = super().get_deleted_objects(objs, request)
        for key in objs:
            made = resources.by_kind(projects.left_by(key.pk))
            if what := ", ".join(kept.number_of(each.kind, each.count) for each in made):
                told = [*told, gettext("“%(key)s” leaves behind: %(what)s.") % {"key": key, "what": what}]
        return told, counts, needed, protected

    @display(description=_("what it has made"))
    def leaves(self, key: ApiKey) -> SafeString:
        """What stays when it is disabled or deleted: its group's, or else the operator's."""
        return kept.table(projects.left_by(key.pk), "api_key", key)

    @display(description=_("ends in"))
    def ends_in(self, key: ApiKey) -> str:
        return f"…{key.hint}"
