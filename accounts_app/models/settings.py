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
    """Leaves the secret out until it is asked for: without its key everything else can still be read and set."""

    def get_queryset(self) -> StampedQuerySet:
        return super().get_queryset().defer("webhook_url")


class GatewaySettings(Stamped):
    """One row. A wait or limit that is null is as the environment has it."""

    class AuthMode(models.TextChoices):
        AUTO = "auto", _("auto: open on loopback only")
        OFF = "off", _("off: open to everyone")
        ALL_EXCEPT_HEALTH = "all_except_health", _("everything but health checks")
        STRICT = "strict", _("strict: everything")

    class Strategy(models.TextChoices):
        CONSISTENT_HASH = "consistent_hash", _("a conversation stays with its account")
        ROUND_ROBIN = "round_robin", _("each account in turn")
        FILL_FIRST = "fill_first", _("drain one account before the next")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    auth_mode = models.CharField(_("API key required"), max_length=20, choices=AuthMode, default=AuthMode.AUTO)
    strategy = models.CharField(
        _("choice of account"), max_length=20, choices=Strategy, default=Strategy.CONSISTENT_HASH
    )
    quota_protection = models.PositiveSmallIntegerField(
        _("quota to keep, in percent"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "An account with no more than this left for a model is not asked for that model until its quota resets, "
            "even if no other account can answer: the client is then told (429) when the first one may be asked again. "
            "What is left is known from the last look, up to 15 minutes ago. 0: use everything."
        ),
    )
    system_instruction_prefix = models.TextField(_("put before every system instruction"), blank=True)
    capture_days = models.PositiveSmallIntegerField(
        _("days to keep prompts and answers"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Only of API keys that have this turned on; the usage records themselves never hold any."),
    )

    max_attempts = models.PositiveSmallIntegerField(
        _("attempts for one call"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("At most so many accounts or endpoints are asked before a client hears of a failure."),
    )
    max_wait = models.FloatField(
        _("longest wait for an account, in seconds"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(3600)],
        help_text=_("When all rest: a call waits this long for the first that comes back before it is told (429)."),
    )
    first_event_timeout = models.FloatField(
        _("longest silence before an answer begins, in seconds"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text=_("Models that think may be silent for minutes."),
    )
    idle_timeout = models.FloatField(
        _("longest silence within an answer, in seconds"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text=_("Before it begins no single upstream may be silent for longer either."),
    )
    keep_days = models.PositiveIntegerField(
        _("days to keep usage records"),
        null=True,
        blank=True,
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(36500)],
        help_text=_("Empty: for ever. The overview's figures stay for a year in any case."),
    )
    keep_rows = models.PositiveBigIntegerField(
        _("usage records to keep"),
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
        """The one row; before it is first saved, what the environment says."""
        return cls.objects.filter(pk=1).first() or cls(auth_mode=settings.GATEWAY_AUTH_MODE)


class ModelRoute(Stamped):
    """A model name clients may use, and the one it stands for."""

    pattern = models.CharField(_("asked for"), max_length=128, unique=True, help_text=_("* stands for anything."))
    target = models.CharField(_("sent upstream"), max_length=128)
    enabled = models.BooleanField(_("enabled"), default=True)
    generation_config = models.JSONField(
        _("pinned generationConfig"),
        default=dict,
        blank=True,
        help_text=_("As JSON. Each field counts where a client leaves it out."),
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
