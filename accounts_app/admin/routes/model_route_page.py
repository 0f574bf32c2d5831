"""The pages of the model routes: aliases, their default generationConfig, and the route tester."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts_app.admin.revisions import Revised
from accounts_app.admin.routes import route_tester
from accounts_app.admin.routes.generation_config import GenerationConfigField
from accounts_app.models import ModelRoute
from accounts_app.pool.names import names


class ModelRouteForm(forms.ModelForm):
    generation_config = GenerationConfigField(
        label=_("Default generationConfig"),
        help_text=_(
            'JSON, such as {"thinkingConfig": {"thinkingBudget": 0}, "temperature": 0.2}. '
            "Clients win: a field applies where the client leaves it out."
        ),
    )

    class Meta:
        model = ModelRoute
        fields = ("pattern", "target", "generation_config", "enabled", "note")

    def clean_pattern(self) -> str:
        return _checked(self.cleaned_data["pattern"], names.is_pattern)

    def clean_target(self) -> str:
        if "*" in self.cleaned_data["target"]:
            raise forms.ValidationError(_("A route leads to one model: * has no meaning here."))
        return _checked(self.cleaned_data["target"], names.is_model_name)


@admin.register(ModelRoute)
class ModelRoutePage(Revised):
    form = ModelRouteForm
    list_display = ("pattern", "target", "defaults", "enabled", "note")
    list_filter = ("enabled",)
    search_fields = ("pattern", "target", "note")
    ordering = ("pattern",)
    fields = ("pattern", "target", "generation_config", "enabled", "note")
    list_before_template = "console/route_tester.html"
    list_after_template = "console/removed_link.html"

    def get_urls(self) -> list[Any]:
        where = path("where/", self.admin_site.admin_view(self.where), name="accounts_app_modelroute_where")
        return [where, *super().get_urls()]

    def where(self, request: HttpRequest) -> HttpResponse:
        """The route tester: a page, or for the page's own script the answer alone."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        asked = request.GET.get("model", "")[:200]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Where would this name go?"),
            "asked": asked,
            "answer": route_tester.tested(asked, request.user) if asked.strip() else None,
        }
        alone = request.headers.get("HX-Request") == "true"
        return TemplateResponse(request, "console/route_answer.html" if alone else "console/route_page.html", context)

    @display(description=_("default generationConfig"))
    def defaults(self, route: ModelRoute) -> str:
        return ", ".join(route.generation_config) or "-"


def _checked(name: str, is_one: Callable[[str], bool]) -> str:
    """The bare name: clients say `models/x` and the path has it too, a route is about `x`. Raises ValidationError."""
    bare = name.strip().removeprefix("models/")
    if not is_one(bare):
        raise forms.ValidationError(
            _("This is no model name: a name has letters, digits and . _ ~ : @ + - in it, and / between parts.")
        )
    return bare
