"""What an operator may be allowed to do, in the reader's language: Django keeps these names in English, in rows."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.utils.translation import gettext as _

# Those of other apps are for tables that no page shows.
WITH_PAGES = ("accounts_app", "proxy_app", "auth")

# What makes a user an operator, and what an operator may do.
GIVEN = ("is_staff", "is_superuser", "groups", "user_permissions")


def may_touch(operator: Any, user: Any) -> bool:
    """Whether `operator` may change or delete `user` at all, as far as that is a matter of who `user` is."""
    return bool(operator.is_superuser or user is None or not user.is_superuser)


def to_give(rights: QuerySet[Permission]) -> QuerySet[Permission]:
    """The rights that mean something in the console."""
    return rights.filter(content_type__app_label__in=WITH_PAGES).select_related("content_type")


def in_words(right: Permission) -> str:
    """`Accounts and access | account: change`."""
    verb = right.codename.removesuffix(f"_{right.content_type.model}")
    may = {"add": _("add"), "change": _("change"), "delete": _("delete"), "view": _("view")}.get(verb)
    return _("%(what)s: %(may)s") % {"what": right.content_type, "may": may or _(right.name)}
