"""What an operator may change while the gateway runs. Rows and constraints; no rules."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts_app.models.encryption import EncryptedTextField
from accounts_app.models.stamped import Stamped, StampedManager, StampedQuerySet


class OneRow(StampedManager):
    """Defers the secret: without its encryption key everything else can still be read and saved."""

    def get_queryset(self) -> StampedQuerySet:
        return super().get_queryset().defer("webhook_url")


class GatewaySettings(Stamped):
    """One row. A timeout or limit that is null is taken from the environment."""

    class AuthMode(models.TextChoices):
        AUTO = "auto", _("auto: open on loopback only")
        OFF = "off", _("off: open to everyone")
        ALL_EXCEPT_HEALTH = "all_except_health", _("everything but health checks")
        STRICT = "strict", _("strict: everything")

    class Strategy(models.TextChoices):
        CONSISTENT_HASH = "consistent_hash", _("session affinity")
        ROUND_ROBIN = "round_robin", _("round robin")
        FILL_FIRST = "fill_first", _("fill first")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    auth_mode = models.CharField(_("API key required"), max_length=20, choices=AuthMode, default=AuthMode.AUTO)
    strategy = models.CharField(
        _("account selection"), max_length=20, choices=Strategy, default=Strategy.CONSISTENT_HASH
    )
    quota_protection = models.PositiveSmallIntegerField(
        _("quota reserve (%)"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "An account with no more than this left for a model is not used for that model until its quota resets, "
            "even if no other account can answer: the client then gets a 429 with the time of the first reset. What is "
            "left is as of the last fetch, up to 15 minutes ago. 0: no reserve."
        ),
    )
    system_instruction_prefix = models.TextField(_("system instruction prefix"), blank=True)
    capture_days = models.PositiveSmallIntegerField(
        _("retention of prompts and responses (days)"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Only of API keys that have this turned on; the request log itself never holds any."),
    )

    max_attempts = models.PositiveSmallIntegerField(
        _("max attempts per call"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("So many accounts may work on a call before the client gets an error. Refusals do not count."),
    )
    max_wait = models.FloatField(
        _("max queue wait (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(3600)],
        help_text=_(
            "When all accounts are cooling down: a call waits this long for the first to recover, then gets a 429."
        ),
    )
    first_event_timeout = models.FloatField(
        _("first-token timeout (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text=_("Models that think may be silent for minutes."),
    )
    idle_timeout = models.FloatField(
        _("stream idle timeout (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text=_("A response that is silent for longer ends with an error."),
    )
    keep_days = models.PositiveIntegerField(
        _("request log retention (days)"),
        null=True,
        blank=True,
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(36500)],
        help_text=_("Empty: for ever. The overview's figures stay for a year in any case."),
    )
    keep_rows = models.PositiveBigIntegerField(
        _("request log retention (entries)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1000)],
        help_text=_("Whatever their age: the oldest go first. A million take about 500 MB. Empty: no limit."),
    )
    webhook_url = EncryptedTextField(_("webhook"), blank=True)

    objects: ClassVar[OneRow] = OneRow()

    class Meta:
        verbose_name = _("settings")
        verbose_name_plural = _("settings")
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="settings_are_one_row"),
            models.CheckConstraint(
                condition=Q(auth_mode__in=["auto", "off", "all_except_health", "strict"]),
                name="settings_auth_mode_is_known",
            ),
            models.CheckConstraint(
                condition=Q(strategy__in=["consistent_hash", "round_robin", "fill_first"]),
                name="settings_strategy_is_known",
            ),
            models.CheckConstraint(condition=Q(quota_protection__lte=100), name="settings_protection_is_a_percentage"),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def load(cls) -> "GatewaySettings":
        """The one row; before it is first saved, the environment's values."""
        return cls.objects.filter(pk=1).first() or cls(auth_mode=settings.GATEWAY_AUTH_MODE)


class ModelRoute(Stamped):
    """An alias that clients may use, and the upstream model it stands for."""

    pattern = models.CharField(_("alias"), max_length=128, unique=True, help_text=_("* matches anything."))
    target = models.CharField(_("upstream model"), max_length=128)
    enabled = models.BooleanField(_("enabled"), default=True)
    generation_config = models.JSONField(
        _("default generationConfig"),
        default=dict,
        blank=True,
        help_text=_("As JSON. Clients win: a field applies where the client leaves it out."),
    )
    note = models.CharField(_("note"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("model route")
        verbose_name_plural = _("model routes")
        constraints = [
            models.CheckConstraint(condition=~Q(pattern="") & ~Q(target=""), name="route_leads_from_and_to_a_model"),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} → {self.target}"
