"""The pages of Google's projects: their names, limits and accounts, what they have, and merging two that are one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from accounts_app.actions import projects
from accounts_app.actions.projects import NotPossible
from accounts_app.admin.resources import kept
from accounts_app.admin.resources.import_names import import_names
from accounts_app.models import Project, Resource
from accounts_app.models.projects import PROJECT_LIMITS
from accounts_app.status import project_use


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ("name", "number", "project_id", "exclusive_to", *PROJECT_LIMITS)
        help_texts = {
            "name": gettext_lazy("For your own reference. Empty: its ID or number is shown."),
            "number": gettext_lazy("As in Google's errors: projects/123456789012. It is learnt from them, too."),
            "requests_per_minute": gettext_lazy(
                "Of all its accounts and nodes together, so that the gateway stops before Google does. Empty: no limit."
            ),
            "requests_per_day": gettext_lazy("Google's day begins at midnight Pacific time."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        try:
            projects.check(cleaned.get("number", ""), cleaned.get("project_id", ""))
        except NotPossible as error:
            raise ValidationError(str(error)) from error
        return cleaned


@admin.register(Project)
class ProjectPage(kept.MakersPage):
    form = ProjectForm
    list_display = ("who", "number", "accounts_of", "exclusive_to", "resources_of", "today")
    change_form_before_template = "console/resources/page_head.html"
    list_filter = ("exclusive_to",)
    search_fields = ("name", "project_id", "number")
    ordering = ("name", "project_id", "number", "pk")
    actions = ("merge",)
    actions_detail = ("import_names",)
    readonly_fields = ("its_accounts", "today", "kept_here")

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        names = (None, {"fields": ("name", "number", "project_id", "exclusive_to")})
        if obj is None:
            return [names, (_("Limits"), {"fields": PROJECT_LIMITS})]
        return [
            names,
            (_("Accounts"), {"fields": ("its_accounts",)}),
            (_("Limits"), {"fields": (*PROJECT_LIMITS, "today")}),
            (_("Resources"), {"fields": ("kept_here",)}),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        return super().get_queryset(request).select_related("exclusive_to").annotate(number_of=Count("accounts"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        found = super().get_changelist_instance(request)
        alive = projects.alive().filter(project__in=[project.pk for project in found.result_list]).order_by()
        counts = dict(alive.values_list("project").annotate(Count("pk")))
        for project in found.result_list:
            project.resources = counts.get(project.pk, 0)
        return found

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)  # each has to be looked at: its resources would go with it
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Only of one that has nothing: its resources would be deleted with it."""
        if obj is not None and (obj.accounts.exists() or Resource.objects.filter(project=obj).exists()):
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Project, form: ProjectForm, change: bool) -> None:
        given = form.cleaned_data
        exclusive_to = given.pop("exclusive_to")
        columns = {name: given[name] for name in ("name", "number", "project_id", *PROJECT_LIMITS)}
        if change:
            projects.change(obj.pk, **columns)
        else:
            obj.pk = projects.create(**columns)
        projects.make_exclusive(obj.pk, exclusive_to and exclusive_to.pk)
        obj.refresh_from_db()

    @admin.action(description=gettext_lazy("Merge: they are one project"), permissions=["change"])
    def merge(self, request: HttpRequest, chosen: QuerySet[Project]) -> HttpResponse | None:
        """Asks first, and which of them stays."""
        rows = list(chosen.order_by("pk"))
        if len(rows) < 2:
            self.message_user(request, _("Merging takes two projects."), messages.WARNING)
            return None
        into = next((row for row in rows if str(row.pk) == request.POST.get("into")), None)
        if into is None or "confirmed" not in request.POST:
            return self._ask(request, rows)
        try:
            for other in rows:
                if other != into:
                    projects.merge(into.pk, other.pk)
        except NotPossible as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        self.log_change(request, into, str(_("Merged with others.")))
        self.message_user(request, _("They are one project now: %(name)s.") % {"name": into})
        return None

    def _ask(self, request: HttpRequest, rows: list[Project]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Merge projects"),
            "rows": rows,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": reverse("admin:accounts_app_project_changelist"),
        }
        return TemplateResponse(request, "console/resources/merge.html", context)

    @action(description=gettext_lazy("Import names"), url_path="import", icon="upload", permissions=["change"])
    def import_names(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return import_names(request, self, object_id)

    @display(description=gettext_lazy("Google project"), ordering="name", header=True)
    def who(self, project: Project) -> list[str]:
        return [str(project), project.project_id if project.name else ""]

    @display(description=gettext_lazy("accounts"), ordering="number_of")
    def accounts_of(self, project: Project) -> int:
        return project.number_of  # type: ignore[attr-defined]

    @display(description=gettext_lazy("resources"))
    def resources_of(self, project: Project) -> int:
        return getattr(project, "resources", 0)

    @display(description=gettext_lazy("today"))
    def today(self, project: Project) -> str:
        return project_use.today_in_words(project)

    @display(description=gettext_lazy("accounts"))
    def its_accounts(self, project: Project) -> SafeString | str:
        shown = [
            (reverse("admin:accounts_app_account_change", args=[pk]), email)
            for pk, email in project.accounts.order_by("email").values_list("pk", "email")
        ]
        return format_html_join(", ", '<a class="underline" href="{}">{}</a>', shown) or "-"

    @display(description=gettext_lazy("what it has"))
    def kept_here(self, project: Project) -> SafeString:
        rows = Resource.objects.filter(project=project.pk)
        return kept.table(rows, "project", project)
