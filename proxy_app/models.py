"""The ledger: one row for every attempt at an upstream."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UsageRecord(models.Model):
    """One attempt: who asked, who answered, how it went, what it used. Never a prompt, never a token."""

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    request_id = models.CharField(_("request"), max_length=32, db_index=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    api_key = models.ForeignKey(
        "accounts_app.ApiKey",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("API key"),
    )
    account = models.ForeignKey(
        "accounts_app.Account",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("account"),
    )
    account_label = models.CharField(_("account"), max_length=254, blank=True)
    dialect = models.CharField(_("dialect"), max_length=16, blank=True)
    method = models.CharField(_("method"), max_length=64, blank=True)
    model = models.CharField(_("model"), max_length=128, blank=True)
    upstream_model = models.CharField(_("model sent upstream"), max_length=128, blank=True)
    endpoint = models.CharField(_("upstream"), max_length=255, blank=True)
    outcome = models.CharField(_("outcome"), max_length=32)
    status = models.PositiveSmallIntegerField(_("upstream status"), default=0)
    delivered = models.BooleanField(_("delivered"), default=False)
    why = models.CharField(_("why this account"), max_length=255, blank=True)
    message = models.TextField(_("message"), blank=True)
    wait_ms = models.PositiveIntegerField(_("waited, ms"), default=0)
    first_event_ms = models.PositiveIntegerField(_("first event, ms"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration, ms"), default=0)
    events = models.PositiveIntegerField(_("events"), default=0)
    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), default=0)
    cached_tokens = models.PositiveIntegerField(_("cached tokens"), default=0)
    candidates_tokens = models.PositiveIntegerField(_("answer tokens"), default=0)
    thoughts_tokens = models.PositiveIntegerField(_("thinking tokens"), default=0)
    tool_tokens = models.PositiveIntegerField(_("tool tokens"), default=0)
    total_tokens = models.PositiveIntegerField(_("total tokens"), default=0)

    class Meta:
        verbose_name = _("usage record")
        verbose_name_plural = _("usage records")
        indexes = [
            models.Index(fields=["account", "at"], name="usage_by_account"),
            models.Index(fields=["api_key", "at"], name="usage_by_api_key"),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} attempt {self.attempt}: {self.outcome}"
