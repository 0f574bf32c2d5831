"""API keys, and what they have used, in sums that several nodes add to."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts_app.models.projects import KeyGroup
from accounts_app.models.stamped import Stamped, set_null
from accounts_app.pool.access.limits import Limit


class ApiKey(Stamped):
    """A key that clients present, stored as its SHA-256 digest, and what it may do; null is no limit."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    owner = models.CharField(_("owner"), max_length=128, blank=True)
    group = models.ForeignKey(
        KeyGroup,
        on_delete=set_null,
        null=True,
        blank=True,
        related_name="keys",
        verbose_name=_("group"),
        help_text=_("Keys of a group share files, caches, batches and stores. Without one, a key has its own."),
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("ends in"), max_length=4, blank=True, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    may_explain = models.BooleanField(
        _("may request routing details"),
        default=False,
        help_text=_("Lets a client see which account answered, and why."),
    )
    capture = models.BooleanField(
        _("log prompts and responses"),
        default=False,
        help_text=_("Encrypted, for as many days as the settings say, for operators with the permission to read them."),
    )
    allowed_models = models.JSONField(_("allowed models"), default=list, blank=True)
    allowed_agents = models.JSONField(_("allowed agents"), default=list, blank=True)
    allowed_networks = models.JSONField(_("allowed networks"), default=list, blank=True)
    requests_per_minute = models.PositiveIntegerField(_("requests per minute"), null=True, blank=True)
    requests_per_day = models.PositiveIntegerField(_("requests per day"), null=True, blank=True)
    requests_per_month = models.PositiveIntegerField(_("requests per month"), null=True, blank=True)
    tokens_per_day = models.PositiveBigIntegerField(_("tokens per day"), null=True, blank=True)
    tokens_per_month = models.PositiveBigIntegerField(_("tokens per month"), null=True, blank=True)
    max_concurrency = models.PositiveIntegerField(_("max concurrent requests"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="api_key_has_a_name"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{limit}__isnull": True}) | Q(**{f"{limit}__gte": 1}),
                    name=f"api_key_{limit}_lets_one_through",
                    violation_error_message=_("A limit is at least 1; leave it empty for none, or disable the key."),
                )
                for limit in Limit
            ),
        ]

    def __str__(self) -> str:
        return self.name


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
    candidates_tokens = models.PositiveBigIntegerField(_("response tokens"), default=0)
    thoughts_tokens = models.PositiveBigIntegerField(_("thinking tokens"), default=0)
    tool_tokens = models.PositiveBigIntegerField(_("tool tokens"), default=0)
    updated_at = models.DateTimeField(_("changed"), db_index=True)

    # What counts against a limit: each token once; cached ones are part of the prompt.
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
    """How many calls of a key one node has in flight; out of date a few seconds after `seen_at`."""

    node = models.CharField(_("node"), max_length=32)
    api_key = models.ForeignKey(
        "accounts_app.ApiKey", on_delete=models.CASCADE, related_name="+", verbose_name=_("API key")
    )
    calls = models.PositiveIntegerField(_("calls in flight"), default=0)
    seen_at = models.DateTimeField(_("seen"), db_index=True)

    class Meta:
        verbose_name = _("calls in flight")
        verbose_name_plural = _("calls in flight")
        constraints = [models.UniqueConstraint(fields=["node", "api_key"], name="key_presence_once_a_node")]

    def __str__(self) -> str:
        return f"node {self.node}, key {self.api_key_id}: {self.calls}"
