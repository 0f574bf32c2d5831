"""What clients have made upstream and may name again: files, caches, batches, stores. Rows; no rules."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts_app.models.encryption import EncryptedTextField
from accounts_app.models.projects import KeyGroup, Project

LONGEST_NAME = 256  # bytes, as names are parsed
LONGEST_JSON = 64 * 1024  # bytes of what a list shows of a resource


def _key() -> Any:
    """The API key that a row belongs to; null for callers without one.

    The id of a deleted key stays: with null instead, its rows would pass to callers without a key.
    """
    return models.ForeignKey(
        "accounts_app.ApiKey",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("API key"),
    )


def _group() -> Any:
    return models.ForeignKey(
        KeyGroup, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("group")
    )


def _account() -> Any:
    return models.ForeignKey(
        "accounts_app.Account",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("account"),
    )


def _project() -> Any:
    return models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", verbose_name=_("Google project"))


class Resource(models.Model):
    """A name that belongs to a project, and to the API key and group that made it.

    `kind` is the collection that the name is of, `name` the whole name. `last_json` is the resource as upstream last
    showed it, cut of nothing and at most LONGEST_JSON long. `not_there_on` is the first day on which upstream said that
    it is not there. `conversation` is that of the request log, of an interaction.
    """

    class Shared(models.TextChoices):
        NO = "", _("not shared")
        USE = "use", _("may be read and used")
        FULL = "full", _("may be changed and deleted")

    project = _project()
    kind = models.CharField(_("kind"), max_length=64)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    api_key = _key()
    group = _group()
    account = _account()
    shared = models.CharField(_("shared"), max_length=8, choices=Shared, blank=True, default=Shared.NO)
    model = models.CharField(_("model"), max_length=128, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("bytes"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=32, blank=True)
    conversation = models.CharField(_("conversation"), max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, db_index=True)
    last_json = models.TextField(blank=True, editable=False)
    not_there_on = models.DateField(_("first missed upstream"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("resource")
        verbose_name_plural = _("resources")
        constraints = [
            models.UniqueConstraint(fields=["project", "kind", "name"], name="resource_once_a_project"),
            models.CheckConstraint(
                condition=models.Q(shared__in=["", "use", "full"]), name="resource_sharing_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["name"], name="resource_by_name"),
            models.Index(fields=["kind", "group", "created_at"], name="resource_of_a_group"),
            models.Index(fields=["kind", "api_key", "created_at"], name="resource_of_a_key"),
        ]

    def __str__(self) -> str:
        return self.name


class RunningJob(models.Model):
    """What goes on upstream without its client, as long as its use has not been counted: an interaction.

    `look_at` is when upstream is asked next how it is, `looks` how often it has been. `request_id` is that of the call
    that began it. `counted` is the part of its use that has been counted, as numbers of tokens.
    """

    resource = models.OneToOneField(Resource, on_delete=models.CASCADE, related_name="job", verbose_name=_("resource"))
    request_id = models.CharField(_("request id"), max_length=32)
    look_at = models.DateTimeField(db_index=True)
    looks = models.PositiveSmallIntegerField(default=0)
    counted = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("running job")
        verbose_name_plural = _("running jobs")

    def __str__(self) -> str:
        return str(self.resource)


class UploadSession(models.Model):
    """A resumable upload: where its chunks go, how far it is, and (once final) what its client was told.

    `digest` is the SHA-256 of the upload's id. `unsure` says that the last chunk got no answer from upstream,
    `by_google_sdk` that one of Google's SDKs has started it: the chunks of these do not say so. `generation` counts its
    requests: only the newest one goes on.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        FINAL = "final", _("final")
        CANCELLED = "cancelled", _("cancelled")

    digest = models.CharField(max_length=64, unique=True, editable=False)
    operation = models.CharField(_("operation"), max_length=128)
    path = models.CharField(_("path"), max_length=512)
    account = _account()
    project = _project()
    api_key = _key()
    group = _group()
    upstream_url = EncryptedTextField()
    offset = models.PositiveBigIntegerField(_("bytes received"), default=0)
    unsure = models.BooleanField(default=False)
    generation = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(_("bytes"), null=True, blank=True)
    by_google_sdk = models.BooleanField(default=False)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ACTIVE)
    final_status = models.PositiveSmallIntegerField(null=True, blank=True)
    final_headers = models.JSONField(default=dict, blank=True)
    final_body = models.BinaryField(null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["active", "final", "cancelled"]), name="upload_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.path}"


class FileCopy(models.Model):
    """A file's copy in another project, under the name that it has there.

    While a node makes it, it has no name, and `expires_at` is when others wait no longer.
    """

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+", verbose_name=_("resource"))
    project = _project()
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("copy of a file")
        verbose_name_plural = _("copies of files")
        constraints = [models.UniqueConstraint(fields=["resource", "project"], name="file_copy_once_a_project")]

    def __str__(self) -> str:
        return self.name


class SpooledFile(models.Model):
    """A small file's bytes, kept on disk (encrypted) so that it can be copied. `path` is below the data directory."""

    resource = models.OneToOneField(
        Resource, on_delete=models.CASCADE, related_name="spooled", verbose_name=_("resource")
    )
    path = models.CharField(_("path"), max_length=255)
    size = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("spooled file")
        verbose_name_plural = _("spooled files")

    def __str__(self) -> str:
        return self.path
