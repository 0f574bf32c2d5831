"""The request log, one row an attempt; prompts and responses that are logged; sums by the hour."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts_app.models.encryption import EncryptedTextField
from proxy_app.models.sums import Sums
from proxy_app.models.sums import UsageQuarter as UsageQuarter


class UsageRecord(models.Model):
    """One attempt: its key, account, outcome and usage. Never a prompt or a token.

    A call that was refused before any attempt has one row, with attempt 0, the status that its client got, and how many
    further calls are counted in it (`repeated`). `conversation` is the same for all calls about the interactions of one
    chain: the request id of the call that began it.
    """

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    request_id = models.CharField(_("request id"), max_length=32, db_index=True)
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
    resource = models.CharField(_("resource"), max_length=256, blank=True)
    conversation = models.CharField(_("conversation"), max_length=32, blank=True)
    upstream_model = models.CharField(_("upstream model"), max_length=128, blank=True)
    endpoint = models.CharField(_("upstream"), max_length=255, blank=True)
    outcome = models.CharField(_("outcome"), max_length=32)
    status = models.PositiveSmallIntegerField(_("upstream status"), default=0)
    delivered = models.BooleanField(_("returned to client"), default=False)
    repeated = models.PositiveIntegerField(_("further calls counted here"), default=0)
    why = models.CharField(_("why this account"), max_length=255, blank=True)
    message = models.TextField(_("message"), blank=True)
    wait_ms = models.PositiveIntegerField(_("queue wait, ms"), default=0)
    first_event_ms = models.PositiveIntegerField(_("time to first token, ms"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("duration, ms"), default=0)
    overhead_us = models.PositiveIntegerField(_("gateway overhead, µs"), default=0)
    events = models.PositiveIntegerField(_("events"), default=0)
    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), default=0)
    cached_tokens = models.PositiveIntegerField(_("cached tokens"), default=0)
    candidates_tokens = models.PositiveIntegerField(_("response tokens"), default=0)
    thoughts_tokens = models.PositiveIntegerField(_("thinking tokens"), default=0)
    tool_tokens = models.PositiveIntegerField(_("tool tokens"), default=0)
    total_tokens = models.PositiveIntegerField(_("total tokens"), default=0)

    class Meta:
        verbose_name = _("request log entry")
        verbose_name_plural = _("request log entries")
        indexes = [
            models.Index(fields=["account", "at"], name="usage_by_account"),
            models.Index(fields=["api_key", "at"], name="usage_by_api_key"),
            # One for each filter of the request log: a page reads the newest rows first and stops at its end.
            models.Index(fields=["method", "at"], name="usage_by_method"),
            models.Index(fields=["resource", "at"], name="usage_by_resource"),
            models.Index(fields=["conversation", "at"], name="usage_by_conversation"),
            models.Index(fields=["model", "at"], name="usage_by_model"),
            models.Index(fields=["outcome", "at"], name="usage_by_outcome"),
            models.Index(fields=["status", "at"], name="usage_by_status"),
        ]
        permissions = [("use_playground", gettext_noop("Can call models from the console"))]

    def __str__(self) -> str:
        return f"{self.request_id} attempt {self.attempt}: {self.outcome}"


class CapturedCall(models.Model):
    """The prompt and response of one call of an API key that has them logged: encrypted, bounded, kept for some days.

    `request_bytes` and `answer_bytes` are the full lengths; the texts may be cut off.
    """

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    request_id = models.CharField(_("request id"), max_length=32, db_index=True)
    # Deleting a key deletes its prompts and responses.
    api_key = models.ForeignKey(
        "accounts_app.ApiKey", on_delete=models.CASCADE, related_name="+", verbose_name=_("API key")
    )
    model = models.CharField(_("model"), max_length=128, blank=True)
    method = models.CharField(_("method"), max_length=64, blank=True)
    outcome = models.CharField(_("outcome"), max_length=32, blank=True)
    request = EncryptedTextField(_("prompt"), blank=True)
    request_bytes = models.PositiveBigIntegerField(_("prompt bytes"), default=0)
    answer = EncryptedTextField(_("response"), blank=True)
    answer_bytes = models.PositiveBigIntegerField(_("response bytes"), default=0)

    class Meta:
        verbose_name = _("prompt and response")
        verbose_name_plural = _("prompts and responses")
        default_permissions = ("view", "delete")

    def __str__(self) -> str:
        return self.request_id


class UsageHour(Sums):
    """Sums of the attempts that ended within one hour (UTC), by key, account, model (as asked for) and outcome.

    Keys and accounts are plain ids, 0 for none: the sums outlive them.
    """

    hour = models.DateTimeField(_("hour"))
    api_key_id = models.BigIntegerField(_("API key"), default=0)
    account_id = models.BigIntegerField(_("account"), default=0)
    model = models.CharField(_("model"), max_length=128, blank=True)
    outcome = models.CharField(_("outcome"), max_length=32)

    class Meta:
        verbose_name = _("hourly usage")
        verbose_name_plural = _("hourly usage")
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "api_key_id", "account_id", "model", "outcome"], name="usage_hour_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h, {self.model}: {self.outcome}"
