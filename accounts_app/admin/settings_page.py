"""The settings page: what an operator may change while the gateway runs. There is one row."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts_app.admin.fields import NONE, SecretField, WebhookField
from accounts_app.admin.revisions import Revised
from accounts_app.api_keys import keys
from accounts_app.models import GatewaySettings

WAITS = ("max_attempts", "max_wait", "first_event_timeout", "idle_timeout")


class SettingsForm(forms.ModelForm):
    api_key = SecretField(
        label=_("API key"),
        help_text=_("The key called “default” that clients present. Never shown: leave it empty to keep it."),
    )

    webhook = WebhookField()

    class Meta:
        model = GatewaySettings
        fields = (
            "auth_mode", "api_key", "strategy", "quota_protection", "system_instruction_prefix", *WAITS,
            "keep_days", "keep_rows", "capture_days", "webhook",
        )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Operators who may only view the page have no fields for the values.
        for name in set(WAITS) & self.fields.keys():
            # The placeholder is the value in force while the field is empty.
            default = getattr(settings, f"GATEWAY_{name.upper()}")
            self.fields[name].widget.attrs["placeholder"] = _("%(value)g (environment)") % {"value": default}
        if GatewaySettings.objects.exclude(webhook_url="").exists():
            self.fields["webhook"].help_text = _("One is set. Leave it empty to keep it, or type “-” to remove it.")

    def clean_api_key(self) -> str:
        key = self.cleaned_data["api_key"]
        if key:
            try:
                keys.check(keys.DEFAULT, key)
            except keys.UnusableKey as error:
                raise forms.ValidationError(str(error)) from error
        return key


@admin.register(GatewaySettings)
class SettingsPage(Revised):
    form = SettingsForm
    fieldsets = (
        (_("Authentication"), {"fields": ("auth_mode", "api_key")}),
        (_("Account selection"), {"fields": ("strategy", "quota_protection")}),
        (_("System instruction"), {"fields": ("system_instruction_prefix",)}),
        (
            _("Retries and timeouts"),
            {"fields": WAITS, "description": _("Empty: the value of the environment variable.")},
        ),
        (_("Retention"), {"fields": ("keep_days", "keep_rows", "capture_days")}),
        (_("Notifications"), {"fields": ("webhook",)}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one row: its page is the list's."""
        return redirect(reverse("admin:accounts_app_gatewaysettings_change", args=[1]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> GatewaySettings | None:
        """The one row, made when it is first looked at."""
        if object_id == "1":
            GatewaySettings.objects.get_or_create(pk=1, defaults={"auth_mode": GatewaySettings.load().auth_mode})
        return super().get_object(request, object_id, from_field)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: SettingsForm, change: bool) -> None:
        if webhook := form.cleaned_data["webhook"]:
            obj.webhook_url = "" if webhook == NONE else webhook
        super().save_model(request, obj, form, change)
        if key := form.cleaned_data["api_key"]:
            keys.issue(keys.DEFAULT, key)
