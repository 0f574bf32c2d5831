"""How to configure a client: its snippet, with this gateway's address, a model and a key filled in by the browser."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import get_script_prefix
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts_app.api_keys.keys import RosterUnavailable
from proxy_app.admin.interaction_snippets import INTERACTION_SNIPPETS
from proxy_app.admin.resource_snippets import RESOURCE_SNIPPETS
from proxy_app.admin.snippets import PLACEHOLDER, SNIPPETS
from proxy_app.api.models import model_list

# Served by accounts of every kind, and the cheapest of those.
FIRST_CHOICE = "gemini-2.5-flash"


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page with every client's snippet. Nothing that is typed into it is sent anywhere."""
    context = {
        **admin.site.each_context(request),
        "title": _("Connect a client"),
        "groups": [
            (_("Clients"), SNIPPETS),
            (_("Interactions"), INTERACTION_SNIPPETS),
            (_("Files, embeddings, caches, batches and stores"), RESOURCE_SNIPPETS),
        ],
        "placeholder": PLACEHOLDER,
        "address": request.build_absolute_uri(get_script_prefix()).rstrip("/"),
        **offered(),
    }
    return TemplateResponse(request, "console/clients.html", context)


def offered() -> dict[str, Any]:
    """`models`: the names that a client may ask for. `first_model`: the one that is selected at first."""
    try:
        models = [model["name"].removeprefix("models/") for model in model_list.offered() if _answers(model)]
    except RosterUnavailable:
        models = []
    first = FIRST_CHOICE if FIRST_CHOICE in models or not models else models[0]
    return {"models": models, "first_model": first}


def _answers(model: dict[str, Any]) -> bool:
    """Whether it answers prompts: others are for embeddings, live sessions, images or videos."""
    return "generateContent" in model["supportedGenerationMethods"]
