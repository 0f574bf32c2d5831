"""The pages of the groups of API keys: members, limits, and what each group has made."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts_app.actions import groups, projects, resources
from accounts_app.admin.resources import kept
from accounts_app.models import ApiKey, KeyGroup, Resource
from accounts_app.models.projects import GROUP_LIMITS


class KeyGroupForm(forms.ModelForm):
    api_keys = forms.ModelMultipleChoiceField(
        ApiKey.objects.order_by("name"),
        required=False,
        label=gettext_lazy("API keys"),
        help_text=gettext_lazy(
            "What a key has made becomes the group's when it joins, and stays the group's when it leaves."
        ),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = KeyGroup
        fields = ("name", "note", *GROUP_LIMITS)
        help_texts = {
            "max_stored_bytes": gettext_lazy("Of files and documents. Empty: no limit, as for all of these."),
            "max_files": gettext_lazy("That have not expired."),
            "max_running_jobs": gettext_lazy("Batches and long-running operations that have not ended."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.fields["api_keys"].initial = list(self.instance.keys.values_list("pk", flat=True))

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        if not name:
            raise ValidationError(_("A group needs a name of up to 64 characters."))
        return name


@admin.register(KeyGroup)
class KeyGroupPage(kept.MakersPage):
    form = KeyGroupForm
    list_display = ("name", "members", "stored", "files", "running_jobs", "note")
    change_form_before_template = "console/resources/page_head.html"
    search_fields = ("name", "note")
    ordering = ("name",)
    readonly_fields = ("made",)

    def get_fieldsets(self, request: HttpRequest, obj: KeyGroup | None = None) -> Any:
        whole = [(None, {"fields": ("name", "note", "api_keys")}), (_("Limits"), {"fields": GROUP_LIMITS})]
        return [*whole, (_("Resources"), {"fields": ("made",)})] if obj else whole

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeyGroup]:
        return super().get_queryset(request).annotate(members=Count("keys"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        for group in found.result_list:
            group.use = resources.by_kind(_alive(group))
        return found

    def save_model(self, request: HttpRequest, obj: KeyGroup, form: KeyGroupForm, change: bool) -> None:
        limits = {name: form.cleaned_data[name] for name in GROUP_LIMITS}
        if change:
            groups.change(obj.pk, name=obj.name, note=obj.note, **limits)
        else:
            obj.pk = groups.create(obj.name, note=obj.note, **limits)
        wanted = {key.pk for key in form.cleaned_data["api_keys"]}
        before = set(ApiKey.objects.filter(group=obj.pk).values_list("pk", flat=True))
        groups.leave(before - wanted)
        groups.join(wanted - before, obj.pk)
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: KeyGroup) -> None:
        groups.delete(obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[KeyGroup]) -> None:
        for group in queryset:
            groups.delete(group.pk)

    @display(description=gettext_lazy("API keys"))
    def api_keys(self, group: KeyGroup) -> str:
        """For those who may look only."""
        return ", ".join(group.keys.order_by("name").values_list("name", flat=True)) or "-"

    @display(description=gettext_lazy("API keys"), ordering="members")
    def members(self, group: KeyGroup) -> int:
        return group.members  # type: ignore[attr-defined]

    @display(description=gettext_lazy("stored bytes"))
    def stored(self, group: KeyGroup) -> str:
        used = filesizeformat(sum(each.size_bytes for each in _use(group)))
        return _of(used, None if group.max_stored_bytes is None else filesizeformat(group.max_stored_bytes))

    @display(description=gettext_lazy("files"))
    def files(self, group: KeyGroup) -> str:
        return _of(sum(each.count for each in _use(group) if each.kind == "files"), group.max_files)

    @display(description=gettext_lazy("running jobs"))
    def running_jobs(self, group: KeyGroup) -> str:
        return _of(sum(each.running for each in _use(group)), group.max_running_jobs)

    @display(description=gettext_lazy("what it has made"))
    def made(self, group: KeyGroup) -> SafeString:
        return kept.table(_alive(group), "group", group)


def _alive(group: KeyGroup) -> QuerySet[Resource]:
    return projects.alive().filter(group=group.pk)


def _use(group: KeyGroup) -> list[resources.OfKind]:
    return getattr(group, "use", [])


def _of(used: object, most: object) -> str:
    """`3 of 10`, `3` where there is no limit."""
    return str(used) if most is None else _("%(used)s of %(most)s") % {"used": used, "most": most}
