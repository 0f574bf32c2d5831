"""What API keys have used, in sums that several nodes add to. Read back at a start, and to learn of the other nodes."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _


class KeyUse(models.Model):
    """One key's calls for one model (the name asked for) within one hour, UTC.

    A request counts in the hour it began, its tokens in the hour it ended. `updated_at` moves with every addition.
    """

    hour = models.DateTimeField(_("hour"))
    api_key = models.ForeignKey(
        "accounts_app.ApiKey", on_delete=models.CASCADE, related_name="+", verbose_name=_("API key")
    )
    model = models.CharField(_("model"), max_length=128, blank=True)
    requests = models.PositiveBigIntegerField(_("requests"), default=0)
    refused = models.PositiveBigIntegerField(_("refused by a limit"), default=0)
    prompt_tokens = models.PositiveBigIntegerField(_("prompt tokens"), default=0)
    cached_tokens = models.PositiveBigIntegerField(_("cached tokens"), default=0)
    candidates_tokens = models.PositiveBigIntegerField(_("answer tokens"), default=0)
    thoughts_tokens = models.PositiveBigIntegerField(_("thinking tokens"), default=0)
    tool_tokens = models.PositiveBigIntegerField(_("tool tokens"), default=0)
    updated_at = models.DateTimeField(_("changed"), db_index=True)

    # What counts against a limit: each token once, and cached ones are among the prompt's.
    CHARGED = F("prompt_tokens") + F("candidates_tokens") + F("thoughts_tokens") + F("tool_tokens")

    class Meta:
        verbose_name = _("use of an API key")
        verbose_name_plural = _("use of API keys")
        constraints = [
            models.UniqueConstraint(fields=["api_key", "hour", "model"], name="key_use_once_an_hour"),
        ]
        indexes = [models.Index(fields=["hour"], name="key_use_by_hour")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h, {self.model}"


class KeyPresence(models.Model):
    """How many calls of a key one node has under way; of no meaning a few seconds after `seen_at`."""

    node = models.CharField(_("node"), max_length=32)
    api_key = models.ForeignKey(
        "accounts_app.ApiKey", on_delete=models.CASCADE, related_name="+", verbose_name=_("API key")
    )
    calls = models.PositiveIntegerField(_("calls under way"), default=0)
    seen_at = models.DateTimeField(_("seen"), db_index=True)

    class Meta:
        verbose_name = _("calls under way")
        verbose_name_plural = _("calls under way")
        constraints = [models.UniqueConstraint(fields=["node", "api_key"], name="key_presence_once_a_node")]

    def __str__(self) -> str:
        return f"node {self.node}, key {self.api_key_id}: {self.calls}"
