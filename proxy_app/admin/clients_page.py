"""How to point a client here: its snippet, with this gateway's address, a model and a key filled in by the browser."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts_app.api_keys.keys import RosterUnavailable
from proxy_app.admin import snippets
from proxy_app.api import model_list

# Among what accounts of any kind serve, the one a first try costs least with.
FIRST_CHOICE = "gemini-2.5-flash"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Nothing of what is typed into this page is sent anywhere."""
    context = {
        **admin.site.each_context(request),
        "title": _("Connect a client"),
        "snippets": snippets.SNIPPETS,
        "placeholder": snippets.PLACEHOLDER,
        "address": request.build_absolute_uri(get_script_prefix()).rstrip("/"),
        **offered(),
    }
    return TemplateResponse(request, "console/clients.html", context)


def offered() -> dict[str, Any]:
    """The models there are, by name, and the one to begin with."""
    try:
        models = [model["name"].removeprefix("models/") for model in model_list.offered() if _answers(model)]
    except RosterUnavailable:
        models = []
    first = FIRST_CHOICE if FIRST_CHOICE in models or not models else models[0]
    return {"models": models, "first_model": first}


def _answers(model: dict[str, Any]) -> bool:
    """Whether it answers prompts: others are for embeddings, live sessions, pictures or films."""
    return "generateContent" in model["supportedGenerationMethods"]
