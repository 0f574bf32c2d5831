"""Sums of attempts: the columns they all have, and the quarters of days that hours are folded into."""

from django.db import models
from django.utils.translation import gettext_lazy as _


def _sum() -> models.PositiveBigIntegerField:
    return models.PositiveBigIntegerField(default=0)


class Sums(models.Model):
    """The numbers that add up over any set of attempts.

    `first_event_le_*` and `overhead_le_*` count attempts by milliseconds, each in the first bucket that holds it;
    attempts without a first event are in none. `calls` are attempts that were the first of their call, and calls that
    were refused before any attempt.
    """

    calls = _sum()
    attempts = _sum()
    delivered = _sum()
    prompt_tokens = _sum()
    cached_tokens = _sum()
    candidates_tokens = _sum()
    thoughts_tokens = _sum()
    tool_tokens = _sum()
    total_tokens = _sum()
    wait_ms = _sum()
    duration_ms = _sum()
    first_event_ms = _sum()
    overhead_us = _sum()
    first_event_le_100 = _sum()
    first_event_le_250 = _sum()
    first_event_le_500 = _sum()
    first_event_le_1000 = _sum()
    first_event_le_2500 = _sum()
    first_event_le_5000 = _sum()
    first_event_le_10000 = _sum()
    first_event_le_30000 = _sum()
    first_event_more = _sum()
    overhead_le_1 = _sum()
    overhead_le_2 = _sum()
    overhead_le_5 = _sum()
    overhead_le_10 = _sum()
    overhead_le_25 = _sum()
    overhead_le_50 = _sum()
    overhead_le_100 = _sum()
    overhead_more = _sum()

    class Meta:
        abstract = True


NUMBERS = tuple(field.name for field in Sums._meta.local_fields)


class Dimension(models.TextChoices):
    """What attempts are grouped by. Each is counted once in each dimension, so any dimension adds up to the total."""

    MODEL = "model", _("model")
    ACCOUNT = "account_id", _("account")
    API_KEY = "api_key_id", _("API key")


class UsageQuarter(Sums):
    """Sums of the attempts that ended within a quarter of a day (UTC), by model, account or key.

    Folded from the hours when they are over, so that a month is a few thousand rows. `value` is a
    model's name or an id. A row without a dimension says that the quarter has been folded.
    """

    start = models.DateTimeField(_("start"))
    dimension = models.CharField(_("by"), max_length=12, blank=True)
    value = models.CharField(_("value"), max_length=128, blank=True)
    outcome = models.CharField(_("outcome"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("six-hour usage")
        verbose_name_plural = _("six-hour usage")
        constraints = [
            models.UniqueConstraint(fields=["dimension", "start", "value", "outcome"], name="usage_quarter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H}h, {self.dimension} {self.value}: {self.outcome}"
