"""Giving an owner to names that were made before the gateway, or past it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from accounts_app.actions import projects
from accounts_app.actions.projects import NotPossible
from accounts_app.admin.fields import LinesField
from accounts_app.models import KeyGroup, Project, Resource

MOST_NAMED = 10  # names that were refused


class ImportForm(forms.Form):
    names = LinesField(
        required=True, label=gettext_lazy("Names"), help_text=gettext_lazy("One a line, as fileSearchStores/abc.")
    )
    group = forms.ModelChoiceField(
        KeyGroup.objects.order_by("name"),
        required=False,
        label=gettext_lazy("Group"),
        empty_label=gettext_lazy("the operator's own"),
        widget=UnfoldAdminSelectWidget,
    )
    shared = forms.ChoiceField(
        choices=Resource.Shared, required=False, label=gettext_lazy("Shared"), widget=UnfoldAdminSelectWidget
    )


def import_names(request: HttpRequest, page: ModelAdmin, object_id: str) -> HttpResponse:
    """The form; filled in, the names are the group's or are shared."""
    project = get_object_or_404(Project, pk=object_id)
    form = ImportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        group = given["group"].pk if given["group"] else None
        try:
            done = projects.import_names(project.pk, given["names"], group=group, shared=given["shared"])
        except NotPossible as error:
            form.add_error(None, str(error))
        else:
            told = ngettext("%d name imported.", "%d names imported.", done.added) % done.added
            page.message_user(request, told)
            if done.refused:
                some = ", ".join(done.refused[:MOST_NAMED])
                told = _("Not imported, as they are no names of resources or have an owner: %(names)s") % {
                    "names": some
                }
                page.message_user(request, told, messages.WARNING)
            page.log_change(request, project, str(_("Names imported.")))
            return redirect(reverse("admin:accounts_app_project_change", args=[project.pk]))
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": _("Import names"),
        "project": project,
        "form": form,
    }
    return TemplateResponse(request, "console/resources/import.html", context)
