"""Accounts, their credentials and their cooldowns."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts_app.models.encryption import EncryptedTextField
from accounts_app.models.projects import Project
from accounts_app.models.stamped import Stamped, set_null

# What an account of the embedded emulator has in place of a proxy's URL: no way but the direct one, whatever the
# gateway's.
DIRECT = "direct:"


class Account(Stamped):
    """A Google account or a Gemini API key that can answer calls."""

    class Kind(models.TextChoices):
        CLOUD_CODE = "cloud_code", _("Google account")
        GEMINI_API = "gemini_api", _("Gemini API key")

    class Parked(models.TextChoices):
        NO = "", _("no action required")
        SIGN_IN = "sign_in", _("sign in again")
        VERIFY = "verify", _("verify the account")
        TERMS = "terms", _("terms of service")
        SUBSCRIPTION = "subscription", _("subscription required")
        SERVICE_DISABLED = "service_disabled", _("service disabled")
        MISCONFIGURED = "misconfigured", _("misconfigured")
        BILLING = "billing", _("out of credits, or at its spending cap")
        SUSPENDED = "suspended", _("suspended")
        DEAD_KEY = "dead_key", _("API key leaked or deleted")
        BY_HAND = "by_hand", _("disabled by an operator")

    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.CLOUD_CODE)
    email = models.CharField(_("email or label"), max_length=254)
    project = models.CharField(_("project"), max_length=128, blank=True)
    # For a Gemini API key: whose quota it uses, and who owns what it makes. Null while nobody knows.
    owner_project = models.ForeignKey(
        Project,
        on_delete=set_null,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("Google project"),
    )
    tier = models.CharField(_("tier"), max_length=64, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    is_demo = models.BooleanField(_("demo"), default=False, editable=False)
    parked = models.CharField(_("needs attention"), max_length=24, choices=Parked, blank=True, default=Parked.NO)
    parked_message = models.TextField(_("reason"), blank=True)
    parked_link = models.TextField(_("link to fix it"), blank=True)
    parked_at = models.DateTimeField(_("needs attention since"), null=True, blank=True)
    allowed_models = models.JSONField(_("allowed models"), default=list, blank=True)
    max_concurrency = models.PositiveIntegerField(_("max concurrent requests"), null=True, blank=True)
    priority = models.IntegerField(_("priority"), default=0)
    proxy_url = EncryptedTextField(_("proxy URL"), blank=True)
    quota = models.JSONField(_("quota"), default=dict, blank=True)
    quota_fetched_at = models.DateTimeField(_("quota fetched"), null=True, blank=True)
    # For a Gemini API key: the Model resources that upstream lists for it, by id, as JSON. Text, as many are the same.
    model_list = models.TextField(blank=True, editable=False)
    # When a node last asked for quota or list; null until the first time after the account was connected.
    quota_asked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        # An export holds refresh tokens, so it needs a permission of its own.
        permissions = [("export_account", gettext_noop("Can export accounts with their secrets"))]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "email"],
                name="account_once_a_kind",
                violation_error_message=_("This account is already here."),
            ),
            models.UniqueConstraint(fields=["kind"], condition=Q(is_demo=True), name="account_one_demo_a_kind"),
            models.CheckConstraint(condition=~Q(email=""), name="account_has_a_name"),
            models.CheckConstraint(condition=Q(kind__in=["cloud_code", "gemini_api"]), name="account_kind_is_known"),
            models.CheckConstraint(
                condition=Q(max_concurrency__isnull=True) | Q(max_concurrency__gte=1),
                name="account_serves_at_least_one_call",
                violation_error_message=_("At least 1; leave it empty for no limit."),
            ),
        ]

    def __str__(self) -> str:
        return self.email


class Credential(Stamped):
    """An account's tokens. For a Gemini API key, the key stands as the access token and never expires."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="credential")
    refresh_token = EncryptedTextField(blank=True)
    access_token = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField(null=True, blank=True)
    # Until then one process is renewing these tokens, and the others wait.
    renewing_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")

    def __str__(self) -> str:
        return gettext("tokens of account %(id)s") % {"id": self.account_id}


class Rest(Stamped):
    """An account's cooldown, for one model or (empty) for all. Clearing sets `until` to null; the row stays a week."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="rests", verbose_name=_("account"))
    model = models.CharField(_("model"), max_length=128, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=32, blank=True)
    message = models.TextField(_("message"), blank=True)
    streak = models.PositiveIntegerField(_("consecutive failures"), default=0)
    window_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("cooldown")
        verbose_name_plural = _("cooldowns")
        constraints = [models.UniqueConstraint(fields=["account", "model"], name="rest_once_an_account_and_model")]

    def __str__(self) -> str:
        about = {"id": self.account_id, "model": self.model or gettext("every model")}
        return gettext("account %(id)s, %(model)s") % about
