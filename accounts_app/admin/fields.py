"""Form fields for secrets: typed in, never shown again."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextareaWidget

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
NO_PROXY = NONE = "-"
KEEP = _("Never shown. Leave it empty to keep what is stored.")


class SecretField(forms.CharField):
    """A text that the page takes and never gives back, also not when the form has an error elsewhere."""

    def __init__(self, **options: Any) -> None:
        # new-password: so that browsers do not fill the operator's own password in.
        widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
        super().__init__(**{"required": False, "strip": True, "widget": widget, "help_text": KEEP, **options})


class SecretUrlField(SecretField):
    """A URL that may hold a password; `-` says that there is none."""

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
    """An egress proxy's."""

    schemes = PROXY_SCHEMES
    refusal = _("This is not the URL of a proxy.")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": _("Proxy URL"), "help_text": _("http://, https:// or socks5://."), **options})


class WebhookField(SecretUrlField):
    """Where somebody is told what needs a person."""

    def __init__(self, **options: Any) -> None:
        what = _(
            "An http:// or https:// address that is told, once and as JSON, what the inbox shows: "
            "accounts that need their owner, and settings that would fail quietly. No secrets are in it. Never shown."
        )
        super().__init__(**{"label": _("Webhook"), "help_text": what, **options})


class LinesField(forms.CharField):
    """A list of words, edited one a line."""

    def __init__(self, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        super().__init__(**{"required": False, "widget": widget, **options})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(data) != (initial or [])
