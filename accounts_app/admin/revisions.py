"""Undo: Django's log of changes also keeps the values before and after, and a row can be given either of them again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from accounts_app.models.encryption import EncryptedTextField

State = dict[str, Any]
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log: the fields it changed, and whether the row has the values of this entry now."""

    entry: LogEntry
    fields: list[tuple[str | Promise, str, str]]
    is_current: bool
    revertible: bool
    first: bool


class Revised(ModelAdmin):
    """An admin page whose changes can be undone. Fields that are encrypted, or not the row's own, are never logged."""

    object_history_template = "console/history.html"

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        own = [
            path("removed/", wrap(self.removed_view), name=f"{name}_removed"),
            path("removed/<int:entry>/", wrap(require_POST(self.restore_view)), name=f"{name}_restore"),
            path(
                "<path:object_id>/history/<int:entry>/<str:side>/",
                wrap(require_POST(self.revert_view)),
                name=f"{name}_revert",
            ),
        ]
        return own + super().get_urls()

    def construct_change_message(
        self, request: HttpRequest, form: forms.ModelForm, formsets: Any, add: bool = False
    ) -> Any:
        message = super().construct_change_message(request, form, formsets, add)
        if not message:
            return message
        names = self._recorded()
        states: State = {AFTER: _state(form.instance, names)}
        if not add:
            states[BEFORE] = {name: form.initial[name] for name in names if name in form.initial}
        return [{**message[0], **states}, *message[1:]]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[LogEntry]:
        return [
            LogEntry.objects.log_actions(
                user_id=request.user.pk or 0,
                queryset=[row],
                action_flag=DELETION,
                change_message=[{"deleted": {}, BEFORE: _state(row, self._recorded())}],
                single_object=True,
            )
            for row in queryset
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, object_id)
        changes = [] if row is None else self._changes(row)
        may_revert = row is not None and self.has_change_permission(request, row)
        return super().history_view(request, object_id, {"changes": changes, "may_revert": may_revert})

    def revert_view(self, request: HttpRequest, object_id: str, entry: int, side: str) -> HttpResponse:
        """Give the row the values it had on one side of a change; that is a change too, and can be undone."""
        row = self.get_object(request, object_id)
        if row is None or side not in (BEFORE, AFTER):
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        state = _states(self._entry(entry, object_id=object_id)).get(side)
        if not state:
            raise Http404
        names = self._recorded()
        before = _state(row, names)
        if self._assign(request, row, {name: value for name, value in state.items() if name in names}):
            after = _state(row, names)
            labels = [str(row._meta.get_field(name).verbose_name) for name in names if before[name] != after[name]]
            told = [{"changed": {"fields": labels}, BEFORE: before, AFTER: after}]
            self.log_change(request, row, told)
            self.message_user(request, _("Reverted."), messages.SUCCESS)
        return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_history", args=[object_id]))

    def removed_view(self, request: HttpRequest) -> HttpResponse:
        """What was deleted, the last first."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        log = self._log().filter(action_flag=DELETION).select_related("user").order_by("-action_time")
        removed = [(entry, _shown(_states(entry)[BEFORE])) for entry in log[:100] if BEFORE in _states(entry)]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Deleted"),
            "removed": removed,
            "may_restore": self.has_add_permission(request),
            "restore_url": f"admin:{self.opts.app_label}_{self.opts.model_name}_restore",
        }
        return TemplateResponse(request, "console/removed.html", context)

    def restore_view(self, request: HttpRequest, entry: int) -> HttpResponse:
        """Make a deleted row again, with a new id."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        state = _states(self._entry(entry, action_flag=DELETION)).get(BEFORE)
        if not state:
            raise Http404
        row = self.model()
        names = self._recorded()
        back_to = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if not self._assign(request, row, {name: value for name, value in state.items() if name in names}):
            return redirect(reverse(f"{back_to}_removed"))
        self.log_addition(request, row, [{"added": {}, AFTER: _state(row, names)}])
        self.message_user(request, _("“%(row)s” is restored.") % {"row": row}, messages.SUCCESS)
        return redirect(reverse(f"{back_to}_changelist"))

    def _assign(self, request: HttpRequest, row: Model, state: State) -> bool:
        for name, value in state.items():
            setattr(row, name, value)
        try:
            row.full_clean()
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return False
        row.save()
        return True

    def _recorded(self) -> list[str]:
        """The fields of the form that are columns of the row and not encrypted."""
        own = {field.name for field in self.opts.concrete_fields if not isinstance(field, EncryptedTextField)}
        return [name for name in self.form.base_fields if name in own]

    def _log(self) -> QuerySet[LogEntry]:
        return LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(self.model))

    def _entry(self, entry: int, **known: Any) -> LogEntry:
        found = self._log().filter(pk=entry, **known).first()
        if found is None:
            raise Http404
        return found

    def _changes(self, row: Model) -> list[Change]:
        """The log of `row`, the last change first."""
        now = _state(row, self._recorded())
        entries = list(self._log().filter(object_id=str(row.pk)).select_related("user").order_by("-action_time"))
        oldest = next((entry for entry in reversed(entries) if _states(entry)), None)
        changes = []
        for entry in entries:
            states = _states(entry)
            after = states.get(AFTER)
            changes.append(
                Change(
                    entry=entry,
                    fields=_differences(self.model, states),
                    is_current=after is not None and {**now, **after} == now,
                    revertible=after is not None,
                    first=entry is oldest and BEFORE in states,
                )
            )
        return changes


def _states(entry: LogEntry) -> Mapping[str, State]:
    """The values an entry has on record: `before`, `after`, both or neither."""
    try:
        told = json.loads(entry.change_message)
    except json.JSONDecodeError:
        return {}
    found = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
    return {side: found[side] for side in (BEFORE, AFTER) if isinstance(found.get(side), dict)}


def _state(row: Model, names: list[str]) -> State:
    return {name: getattr(row, name) for name in names}


def _differences(model: type[Model], states: Mapping[str, State]) -> list[tuple[str | Promise, str, str]]:
    """Field, value before, value after; for a row that was added, what it was made of."""
    before, after = states.get(BEFORE, {}), states.get(AFTER, {})
    known = {field.name: field.verbose_name for field in model._meta.concrete_fields}
    changed = [name for name in after if name in known and before.get(name) != after[name]]
    return [(known[name], _shown(before.get(name)), _shown(after[name])) for name in changed]


def _shown(value: Any) -> str:
    if value is None or value in ("", {}, []):
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
