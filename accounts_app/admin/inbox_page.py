"""The inbox: what needs a person, each with the one thing to do; and how many there are, beside its name."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts_app.status import inbox
from accounts_app.status.inbox import Item

# The overview shows the first ones; the page has all.
ON_THE_OVERVIEW = 4


def show(request: HttpRequest) -> HttpResponse:
    """All there is for this operator. Raises PermissionDenied where that can be nothing."""
    if not may_open(request):
        raise PermissionDenied
    context = {
        **admin.site.each_context(request),
        "title": _("Inbox"),
        "items": found(request),
        "may_re_enable": request.user.has_perm("accounts_app.change_account"),
    }
    return TemplateResponse(request, "console/inbox.html", context)


def found(request: HttpRequest) -> list[Item]:
    """What this operator may know of: accounts for those who may see them, settings for those who set them."""
    items: list[Item] = []
    if request.user.has_perm("accounts_app.view_gatewaysettings"):
        items += inbox.about_settings()
    if request.user.has_perm("accounts_app.view_account"):
        items += inbox.about_accounts()
    return items


def may_open(request: HttpRequest) -> bool:
    return any(request.user.has_perm(f"accounts_app.view_{what}") for what in ("account", "gatewaysettings"))


def badge(request: HttpRequest) -> str:
    """How many things wait; empty for none."""
    waiting = 0
    if request.user.has_perm("accounts_app.view_account"):
        waiting += inbox.number_of_accounts()
    if request.user.has_perm("accounts_app.view_gatewaysettings"):
        waiting += len(inbox.about_settings())
    return str(waiting) if waiting else ""


def strip(request: HttpRequest) -> str:
    """The first things as the overview shows them; empty when nothing waits."""
    items = found(request)
    if not items:
        return ""
    context = {"items": items[:ON_THE_OVERVIEW], "more": max(0, len(items) - ON_THE_OVERVIEW), "number": len(items)}
    return render_to_string("console/inbox_strip.html", context, request)
