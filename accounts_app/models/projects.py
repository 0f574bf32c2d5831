"""Google's projects, which own what is made in them, and groups of API keys, which own names. Rows; no rules."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts_app.models.stamped import Stamped, set_null

PROJECT_LIMITS = ("requests_per_minute", "requests_per_day", "tokens_per_minute", "tokens_per_day")
GROUP_LIMITS = ("max_stored_bytes", "max_files", "max_running_jobs")


class KeyGroup(Stamped):
    """API keys that share what any of them makes; null is no limit. A key without a group is a group of one."""

    name = models.CharField(_("name"), max_length=64, unique=True)
    note = models.CharField(_("note"), max_length=255, blank=True)
    max_stored_bytes = models.PositiveBigIntegerField(_("max stored bytes"), null=True, blank=True)
    max_files = models.PositiveIntegerField(_("max files"), null=True, blank=True)
    max_running_jobs = models.PositiveIntegerField(_("max running jobs"), null=True, blank=True)

    class Meta:
        verbose_name = _("group of API keys")
        verbose_name_plural = _("groups of API keys")
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="key_group_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Project(Stamped):
    """A project of Google's, as far as it is known: its number, its id, the limits below which we stay.

    One that is known by neither stands for a single account whose project nobody has learnt yet.
    """

    number = models.CharField(_("project number"), max_length=32, blank=True)
    project_id = models.CharField(_("project ID"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=128, blank=True)
    exclusive_to = models.ForeignKey(
        KeyGroup,
        on_delete=set_null,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("exclusive to"),
        help_text=_("Only API keys of this group use it. Names that the gateway does not know are asked of it."),
    )
    requests_per_minute = models.PositiveIntegerField(_("requests per minute"), null=True, blank=True)
    requests_per_day = models.PositiveIntegerField(_("requests per day"), null=True, blank=True)
    tokens_per_minute = models.PositiveBigIntegerField(_("tokens per minute"), null=True, blank=True)
    tokens_per_day = models.PositiveBigIntegerField(_("tokens per day"), null=True, blank=True)

    class Meta:
        verbose_name = _("Google project")
        verbose_name_plural = _("Google projects")
        constraints = [
            *(
                models.UniqueConstraint(
                    fields=[known],
                    condition=~Q(**{known: ""}),
                    name=f"project_once_a_{known}",
                    violation_error_message=_("This project is already here."),
                )
                for known in ("number", "project_id")
            ),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{limit}__isnull": True}) | Q(**{f"{limit}__gte": 1}),
                    name=f"project_{limit}_lets_one_through",
                    violation_error_message=_("A limit is at least 1; leave it empty for none."),
                )
                for limit in PROJECT_LIMITS
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.project_id or self.number or gettext("project %(id)s") % {"id": self.pk}


class HomeProject(Stamped):
    """Where a tenant's creates go that name nothing. `tenant` is as `Tenant.text` writes it."""

    tenant = models.CharField(_("tenant"), max_length=32, unique=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", verbose_name=_("Google project"))

    class Meta:
        verbose_name = _("home project")
        verbose_name_plural = _("home projects")

    def __str__(self) -> str:
        return f"{self.tenant} → {self.project_id}"


class ProjectUse(models.Model):
    """A project's requests and tokens within one hour, UTC, of all nodes. `updated_at` moves with every addition."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", verbose_name=_("Google project"))
    hour = models.DateTimeField(_("hour"))
    requests = models.PositiveBigIntegerField(_("requests"), default=0)
    tokens = models.PositiveBigIntegerField(_("tokens"), default=0)
    updated_at = models.DateTimeField(_("changed"), db_index=True)

    class Meta:
        verbose_name = _("use of a Google project")
        verbose_name_plural = _("use of Google projects")
        constraints = [models.UniqueConstraint(fields=["project", "hour"], name="project_use_once_an_hour")]
        indexes = [models.Index(fields=["hour"], name="project_use_by_hour")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}h"
