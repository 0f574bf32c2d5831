"""Rows that are no longer needed, of every table but the request log that grows by what clients or operators do."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from accounts_app.models import FileCopy, KeyUse, ProjectUse, Resource, Rest, SpooledFile, UploadSession

# Limits by the month look back on one, and so does /usage.
KEEP_KEY_USE = timedelta(days=62)
# Own limits of projects look back on a day.
KEEP_PROJECT_USE = timedelta(days=3)
# Upstream may still have for a moment what has expired, and clients ask for it.
KEEP_EXPIRED = timedelta(hours=1)
# A cooldown that has ended makes the next of its kind longer, for much less time than this.
KEEP_COOLDOWNS = timedelta(days=7)
# Operators' changes can be undone for as long as figures are kept.
KEEP_CHANGES = timedelta(days=400)
# Guessers of passwords choose the names in these rows: more rows than this within the cool-off time are of no use.
FAILED_SIGN_INS = 10_000


def rows(now: datetime) -> Iterator[QuerySet]:
    """The rows that may be deleted as of `now`, a table at a time, in the order of an index."""
    yield KeyUse.objects.filter(hour__lt=now - KEEP_KEY_USE).order_by("hour")
    yield ProjectUse.objects.filter(hour__lt=now - KEEP_PROJECT_USE).order_by("hour")
    for model in (FileCopy, SpooledFile, Resource, UploadSession):
        yield model._default_manager.filter(expires_at__lt=now - KEEP_EXPIRED).order_by("expires_at")
    yield Rest.objects.filter(until=None, updated_at__lt=now - KEEP_COOLDOWNS).order_by("pk")
    yield Rest.objects.filter(until__lt=now - KEEP_COOLDOWNS).order_by("pk")
    yield Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    yield LogEntry.objects.filter(action_time__lt=now - KEEP_CHANGES).order_by("pk")
    yield AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).order_by("pk")
    newest = AccessAttempt.objects.order_by("-pk").values_list("pk", flat=True)[FAILED_SIGN_INS:].first()
    yield AccessAttempt.objects.filter(pk__lte=newest or 0).order_by("pk")
