"""The rows of spooled files. Runs on the database thread."""

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from accounts_app.models import Resource, SpooledFile
from accounts_app.storage.spool.folder import LIVES


def resource_of(name: str, account: int) -> int | None:
    """The row of a file that an account has made."""
    return Resource.objects.filter(kind="files", name=name, account=account).values_list("pk", flat=True).first()


def keep(resource: int, path: str, size: int, sha256: str) -> None:
    """Note where a file's bytes are. `path` is below the data directory, `sha256` in hexadecimal."""
    until = timezone.now() + timedelta(seconds=LIVES)
    fields = {"path": path, "size": size, "sha256": sha256, "expires_at": until}
    SpooledFile.objects.update_or_create(resource_id=resource, defaults=fields)


def known(resources: Collection[int]) -> set[str]:
    """The paths that the rows of these resources name."""
    return set(SpooledFile.objects.filter(resource__in=resources).values_list("path", flat=True))
