"""Rows with `updated_at`, which `update()` sets too: the roster finds changes by it."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def set_null(collector: Any, field: Any, rows: Any, using: str) -> None:
    """What `models.SET_NULL` does where a row that others refer to is deleted, and sets their `updated_at` too."""
    collector.add_field_update(field, None, rows)
    collector.add_field_update(field.model._meta.get_field("updated_at"), timezone.now(), rows)


class StampedQuerySet(models.QuerySet):
    """Sets `updated_at` where Django's `auto_now` does not: in `update()` and `bulk_create()`."""

    def update(self, **values: Any) -> int:
        return super().update(**{"updated_at": timezone.now(), **values})

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        if options.get("update_fields"):
            options["update_fields"] = {*options["update_fields"], "updated_at"}
        return super().bulk_create(objs, *args, **options)


class StampedManager(models.Manager):
    # Not `as_manager()`: mypy's cache sometimes loses the class that it makes.
    def get_queryset(self) -> StampedQuerySet:
        return StampedQuerySet(self.model, using=self._db)


class Stamped(models.Model):
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True, db_index=True)

    objects = StampedManager()

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields:
            update_fields = {*update_fields, "updated_at"}
        super().save(update_fields=update_fields, **options)
