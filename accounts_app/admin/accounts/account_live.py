"""The requests that an open page of the accounts makes: for its live cells, and for one account's actions."""

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from accounts_app.actions import accounts
from accounts_app.admin.accounts import account_cells
from accounts_app.models import Account, Rest
from accounts_app.status import account_state

# As many as a page of the list has, and then some.
MOST = 200


def urls(page: ModelAdmin) -> list[URLPattern]:
    wrap = page.admin_site.admin_view

    def live(request: HttpRequest) -> HttpResponse:
        return _live(request, page)

    def act(request: HttpRequest, object_id: int, name: str) -> HttpResponse:
        return _act(request, page, object_id, name)

    def clear_cooldown(request: HttpRequest, object_id: int, row: int) -> HttpResponse:
        return _clear_cooldown(request, page, object_id, row)

    return [
        path("live/", wrap(live), name="accounts_app_account_live"),
        path("<int:object_id>/do/<str:name>/", wrap(require_POST(act)), name="accounts_app_account_do"),
        path(
            "<int:object_id>/rests/<int:row>/end/",
            wrap(require_POST(clear_cooldown)),
            name="accounts_app_account_clear_cooldown",
        ),
    ]


def _live(request: HttpRequest, page: ModelAdmin) -> JsonResponse:
    """`?ids=1,2`: `html`, the accounts' cells by name."""
    if not page.has_view_permission(request):
        raise PermissionDenied
    ids = [int(one) for one in request.GET.get("ids", "").split(",") if one.isdecimal()][:MOST]
    known = account_cells.around(ids, may_change=page.has_change_permission(request))
    html: dict[str, str] = {}
    for account in account_state.with_cooldowns(Account.objects.filter(pk__in=ids)):
        html |= account_cells.parts(account, known)
    return JsonResponse({"html": html}, headers={"Cache-Control": "no-store"})


def _act(request: HttpRequest, page: ModelAdmin, object_id: int, name: str) -> HttpResponse:
    """One of the list's actions, for this account alone."""
    if name not in page.on_its_page:
        raise Http404
    if not page.has_change_permission(request):
        raise PermissionDenied
    account = get_object_or_404(Account.objects.defer("proxy_url"), pk=object_id)
    getattr(page, name)(request, Account.objects.filter(pk=account.pk))
    return redirect(reverse("admin:accounts_app_account_change", args=[account.pk]))


def _clear_cooldown(request: HttpRequest, page: ModelAdmin, object_id: int, row: int) -> HttpResponse:
    if not page.has_change_permission(request):
        raise PermissionDenied
    found = get_object_or_404(Rest.objects.select_related("account").defer("account__proxy_url"), pk=row)
    if found.account_id != object_id:
        raise Http404
    if accounts.clear_cooldowns([found.pk]):
        told = _("Cooldown cleared: %(model)s.") % {"model": found.model or _("every model")}
        LogEntry.objects.log_actions(str(request.user.pk), [found.account], CHANGE, told)
        page.message_user(request, f"{found.account.email}: {told}", messages.SUCCESS)
    return redirect(_back(request, object_id))


def _back(request: HttpRequest, account: int) -> str:
    """The page the button was on."""
    came_from = request.META.get("HTTP_REFERER", "")
    if url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return came_from
    return reverse("admin:accounts_app_account_change", args=[account])
