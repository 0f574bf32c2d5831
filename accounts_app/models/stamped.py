"""Rows that tell when they changed: the roster finds what is new by `updated_at`, which `update()` moves too."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StampedQuerySet(models.QuerySet):
    """Moves `updated_at` also where Django's `auto_now` would not."""

    def update(self, **values: Any) -> int:
        return super().update(**{"updated_at": timezone.now(), **values})

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        if options.get("update_fields"):
            options["update_fields"] = {*options["update_fields"], "updated_at"}
        return super().bulk_create(objs, *args, **options)


class StampedManager(models.Manager):
    # Written out: of a manager that `as_manager()` makes, mypy's cache forgets the class now and then.
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
