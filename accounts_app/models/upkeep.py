"""What nodes agree by on who does what needs doing once: duties claimed for a while, and notices to be sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Duty(models.Model):
    """Work that one node at a time does for all; whoever claimed it last has it until `until`."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("duties")

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """Something that needs a person, and whether the webhook has been told. It goes when what it is about is over."""

    key = models.CharField(_("about"), max_length=128, unique=True)
    content = models.JSONField(_("content"), default=dict)
    since = models.DateTimeField(_("since"))
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), db_index=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")

    def __str__(self) -> str:
        return self.key
