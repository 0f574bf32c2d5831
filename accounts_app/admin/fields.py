"""Form fields for secrets, which are never shown again, and for lists; and the link of a remedy."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

from accounts_app.status.remedies import Action

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
NO_PROXY = NONE = "-"
KEEP = _("Never shown. Leave it empty to keep what is stored.")


def link(action: Action) -> SafeString:
    """A remedy's link; Google's pages open in a tab of their own."""
    target = mark_safe(' target="_blank" rel="noopener noreferrer"') if action.elsewhere else ""
    return format_html('<a class="underline" href="{}"{}>{}</a>', action.url, target, action.name)


class SecretField(forms.CharField):
    """A text that the page never shows, not even when the form is shown again for an error in another field."""

    def __init__(self, **options: Any) -> None:
        # new-password: so that browsers do not fill the operator's own password in.
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
        super().__init__(**{"required": False, "strip": True, "widget": widget, "help_text": KEEP, **options})


class SecretUrlField(SecretField):
    """A URL that may hold a password; `-` removes the one that is stored."""

    schemes: tuple[str, ...] = ("http", "https")
    refusal: Any = _("This is not the URL of a web page.")

    def clean(self, value: Any) -> str:
        url = super().clean(value)
        if url in ("", NO_PROXY):
            return url
        try:
            parts = urlsplit(url)
            good = parts.scheme in self.schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise forms.ValidationError(self.refusal)
        return url


class ProxyField(SecretUrlField):
    """The URL of an egress proxy."""

    schemes = PROXY_SCHEMES
    refusal = _("This is not the URL of a proxy.")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": _("Proxy URL"), "help_text": _("http://, https:// or socks5://."), **options})


class WebhookField(SecretUrlField):
    """The URL that is notified of what the inbox shows."""

    def __init__(self, **options: Any) -> None:
        what = _(
            "An http:// or https:// address that gets each item of the inbox once, as JSON: accounts that need "
            "attention, and configuration warnings. No secrets are in it. Never shown."
        )
        super().__init__(**{"label": _("Webhook"), "help_text": what, **options})


class LinesField(forms.CharField):
    """A list of words, one a line."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        super().__init__(**{"required": False, "widget": widget, **options})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])
