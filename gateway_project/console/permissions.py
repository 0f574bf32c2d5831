"""The permissions of operators, with names in the reader's language: Django stores them in English."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.utils.translation import gettext as _

# Permissions of other apps are for tables that no page shows.
WITH_PAGES = ("accounts_app", "proxy_app", "auth")

# The fields of a user that give rights.
RIGHTS_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


def may_touch(operator: Any, user: Any) -> bool:
    """Whether `operator` may change or delete `user`: superusers may be changed by superusers only."""
    return bool(operator.is_superuser or user is None or not user.is_superuser)


def to_give(rights: QuerySet[Permission]) -> QuerySet[Permission]:
    """The permissions that have an effect in the console."""
    return rights.filter(content_type__app_label__in=WITH_PAGES).select_related("content_type")


def in_words(right: Permission) -> str:
    """`Accounts and access | account: change`."""
    verb = right.codename.removesuffix(f"_{right.content_type.model}")
    may = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}.get(verb)
    return _("%(what)s: %(may)s") % {"what": right.content_type, "may": may or _(right.name)}
