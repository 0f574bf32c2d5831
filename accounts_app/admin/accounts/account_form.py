"""The form of an account: what an operator may set, and its secrets, which go in and never come out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts_app.actions import accounts
from accounts_app.actions.accounts import NewAccount, Unusable
from accounts_app.admin.fields import NO_PROXY, LinesField, ProxyField, SecretField
from accounts_app.models import Account


class AccountForm(forms.ModelForm):
    refresh_token = SecretField(label=_("Refresh token"))
    access_token = SecretField(label=_("Access token"))
    api_key = SecretField(label=_("Gemini API key"))
    proxy = ProxyField(
        help_text=_("http://, https:// or socks5://. Never shown: leave it empty to keep it, put - to remove it."),
    )
    allowed_models = LinesField(
        label=_("Allowed models"), help_text=_("One a line; * matches anything. Empty: every model.")
    )

    class Meta:
        model = Account
        fields = (
            "kind",
            "email",
            "project",
            "owner_project",
            "enabled",
            "priority",
            "max_concurrency",
            "allowed_models",
        )
        help_texts = {
            "email": _("For a Gemini API key: what to call it."),
            "project": _("Determined automatically when it is left empty."),
            "owner_project": _(
                "Keys of one project share its quota and its files. Empty: learnt from Google's errors; until then the "
                "key is on its own."
            ),
            "priority": _("With “fill first” the lowest number goes first."),
            "max_concurrency": _("Empty: no limit."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            if self.instance.pk is None:
                accounts.check(self.new())
            else:
                accounts.check_tokens(self.instance.kind, **self.tokens())
        except Unusable as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip()
        return email.lower() if self._kind() == Account.Kind.CLOUD_CODE else email

    def new(self) -> NewAccount:
        """What the filled-in form of a new account brings."""
        given = self.cleaned_data
        if given["kind"] == Account.Kind.GEMINI_API:
            return NewAccount(given["kind"], given["email"], api_key=given["api_key"])
        return NewAccount(
            given["kind"], given["email"], given["refresh_token"], given["access_token"], project=given["project"]
        )

    def tokens(self) -> dict[str, str]:
        """What was typed in for the account that is here already, as `accounts.replace_tokens` takes it."""
        given = self.cleaned_data
        if self.instance.kind == Account.Kind.GEMINI_API:
            return {"refresh_token": "", "access_token": given.get("api_key", "")}
        return {"refresh_token": given.get("refresh_token", ""), "access_token": given.get("access_token", "")}

    def options(self) -> dict[str, Any]:
        """The columns an operator sets directly, as far as they were changed."""
        names = ("email", "project", "enabled", "priority", "max_concurrency", "allowed_models")
        changed = {name: self.cleaned_data[name] for name in names if name in self.changed_data}
        if proxy := self.cleaned_data["proxy"]:
            changed["proxy_url"] = "" if proxy == NO_PROXY else proxy
        return changed

    def _kind(self) -> str:
        return self.instance.kind if self.instance.pk else self.cleaned_data.get("kind", "")


class NewAccountForm(AccountForm):
    """The same for an account that is not here yet: nothing is stored that could be kept."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["refresh_token"].help_text = _("Of a Google account.")
        self.fields["access_token"].help_text = _("Only to spare the first refresh.")
        self.fields["api_key"].help_text = _("Instead of tokens, for a Gemini API key.")
        self.fields["proxy"].help_text = _("http://, https:// or socks5://.")
