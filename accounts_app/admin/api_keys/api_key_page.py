"""The pages of the API keys. A key itself is shown once, on the page that confirms that it was issued."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from accounts_app.admin.api_keys.api_key_form import LIMITS, RIGHTS, WHOSE, ApiKeyForm
from accounts_app.api_keys import keys
from accounts_app.models import ApiKey


@admin.register(ApiKey)
class ApiKeyPage(ModelAdmin):
    form = ApiKeyForm
    list_display = ("name", "owner", "ends_in", "enabled", "expires_at", "last_used_at")
    list_filter = ("enabled",)
    search_fields = ("name", "owner")
    ordering = ("name",)
    actions_detail = ("replace",)
    readonly_fields = ("ends_in", "last_used_at")

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        # The settings page and the commands refer to a key by its name.
        return (*self.readonly_fields, "name") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        whose = ("name", "ends_in", *WHOSE, "last_used_at") if obj else ("name", *WHOSE)
        return (
            (None, {"fields": whose}),
            (_("Permissions"), {"fields": RIGHTS}),
            (_("Limits"), {"fields": LIMITS}),
        )

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ApiKeyForm, change: bool) -> None:
        chosen = form.chosen()
        if not change:
            request.issued_key = keys.issue(obj.name)  # type: ignore[attr-defined]
            obj.pk = ApiKey.objects.get(name=obj.name).pk
        if chosen:
            ApiKey.objects.filter(pk=obj.pk).update(**chosen)
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

    @display(description=_("ends in"))
    def ends_in(self, key: ApiKey) -> str:
        return f"…{key.hint}"
