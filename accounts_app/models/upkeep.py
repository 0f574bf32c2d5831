"""What nodes coordinate by: claims on periodic work, and notifications to be sent once."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Duty(models.Model):
    """A claim on work that one node at a time does for all, in force until `until`."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """An item of the inbox, and whether it has been sent to the webhook. Deleted when the item is resolved."""

    key = models.CharField(_("about"), max_length=128, unique=True)
    content = models.JSONField(_("content"), default=dict)
    since = models.DateTimeField(_("since"))
    told_at = models.DateTimeField(_("sent"), null=True, blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(_("next try"), db_index=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")

    def __str__(self) -> str:
        return self.key
