"""Actions on groups of API keys: create, change, join, leave, delete, and what a key that goes leaves to its group."""

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts_app.actions.projects import NotPossible
from accounts_app.models import ApiKey, KeyGroup, Resource
from accounts_app.models.projects import GROUP_LIMITS


def create(name: str, *, note: str = "", **limits: int | None) -> int:
    """Add a group; its id. Raises NotPossible."""
    try:
        with transaction.atomic():
            return KeyGroup.objects.create(name=_named(name), note=note, **limits).pk
    except IntegrityError:
        raise NotPossible(_("There is a group of this name already.")) from None


def change(group: int, **columns: object) -> None:
    """Set name, note or limits of a group. Raises NotPossible."""
    unknown = columns.keys() - {"name", "note", *GROUP_LIMITS}
    if unknown:
        raise TypeError(f"{', '.join(sorted(unknown))}: not a column that operators set")
    if "name" in columns:
        columns["name"] = _named(str(columns["name"]))
    try:
        with transaction.atomic():
            KeyGroup.objects.filter(pk=group).update(**columns)
    except IntegrityError:
        raise NotPossible(_("There is a group of this name already.")) from None


def join(key_ids: Collection[int], group: int) -> int:
    """Put API keys into a group; how many were not in it. What each had for itself becomes the group's."""
    with transaction.atomic():
        Resource.objects.filter(api_key__in=key_ids, group=None).update(group=group)
        return ApiKey.objects.filter(pk__in=key_ids).exclude(group=group).update(group=group)


def leave(key_ids: Collection[int]) -> int:
    """Let each of these keys be a group of one; how many were in a group. What they made stays their group's too."""
    return ApiKey.objects.filter(pk__in=key_ids).exclude(group=None).update(group=None)


def delete(group: int) -> None:
    """Delete a group. Each of its keys keeps what it made itself; what deleted keys made is the operator's."""
    KeyGroup.objects.filter(pk=group).delete()


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 64:
        raise NotPossible(_("A group needs a name of up to 64 characters."))
    return name
