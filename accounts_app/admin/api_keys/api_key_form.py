"""The form of an API key: whose it is, what it may ask for and from where, and how much."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts_app.admin.fields import LinesField
from accounts_app.models import ApiKey
from accounts_app.pool.access.limits import Limit
from accounts_app.pool.access.networks import network

LONGEST_LIST = 100  # lines: each is looked at in every call

WHOSE = ("owner", "group", "enabled", "expires_at")
RIGHTS = ("allowed_models", "allowed_agents", "allowed_networks", "may_explain", "capture")
LIMITS = tuple(limit.value for limit in Limit)


class ApiKeyForm(forms.ModelForm):
    allowed_models = LinesField(
        label=_("Allowed models"),
        help_text=_(
            "The model names it may use, aliases included; one a line, * matches anything. Empty: every model."
        ),
    )
    allowed_agents = LinesField(
        label=_("Allowed agents"),
        help_text=_(
            "The agents its interactions may name, such as deep-research-*; one a line, * matches anything. Empty: "
            "every agent, whatever its models."
        ),
    )
    allowed_networks = LinesField(
        label=_("Allowed networks"),
        help_text=_(
            "Where its calls may come from: addresses or networks such as 192.0.2.0/24 or 2001:db8::/32, one a line. "
            "Empty: from anywhere. Behind a proxy this works only if GATEWAY_TRUSTED_PROXIES names the proxy."
        ),
    )

    class Meta:
        model = ApiKey
        fields = ("name", *WHOSE, *RIGHTS, *LIMITS)
        help_texts = {
            "owner": _("Who uses it, for your own reference."),
            "expires_at": _("Empty: never."),
            "requests_per_minute": _("Within any 60 seconds. Empty: no limit, as for all of these."),
            "requests_per_day": _("A day begins at midnight UTC."),
            "requests_per_month": _("A month begins on its first day, at midnight UTC."),
            "tokens_per_day": _(
                "Prompt, response, thinking and tool tokens, by upstream's count; cached ones are part of the prompt. "
                "They are known when a call ends, so calls in flight may go over."
            ),
            "max_concurrency": _("Streams and other calls in flight at the same time."),
        }

    def clean_allowed_models(self) -> list[str]:
        # A list copied from ListModels names them models/….
        return [model.removeprefix("models/") for model in self._names("allowed_models")]

    def clean_allowed_agents(self) -> list[str]:
        return [agent.removeprefix("agents/") for agent in self._names("allowed_agents")]

    def clean_allowed_networks(self) -> list[str]:
        written = self._not_too_many("allowed_networks")
        try:
            return [str(network(one)) for one in written]
        except ValueError as error:
            raise forms.ValidationError(
                _("This is not a network: %(reason)s.") % {"reason": error}, code="not_a_network"
            ) from error

    def chosen(self) -> dict[str, Any]:
        """The columns an operator sets directly, as far as they were changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name not in ("name", "group")}

    def _names(self, field: str) -> list[str]:
        names = self._not_too_many(field)
        for name in names:
            if any(character.isspace() for character in name):
                raise forms.ValidationError(_("“%(model)s” has a space in it.") % {"model": name})
        return names

    def _not_too_many(self, name: str) -> list[str]:
        lines = list(dict.fromkeys(self.cleaned_data[name]))
        if len(lines) > LONGEST_LIST:
            raise forms.ValidationError(_("At most %(number)d lines.") % {"number": LONGEST_LIST})
        return lines
