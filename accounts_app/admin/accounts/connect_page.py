"""“Add account”: what Google's terms allow, then its consent page, then the account's project and quota.

connect/            the terms and the two kinds of account; begins a sign-in
connect/callback/   where Google sends the browser back to
connect/paste/      for a browser that cannot get there: its address is pasted
connect/{id}/       the steps after: project and tier, then quota, then the account's page
"""

import time
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldBooleanWidget

from accounts_app.actions import bulk, setup, sign_in_sessions
from accounts_app.actions import sign_in as signing_in
from accounts_app.actions.accounts import Connected
from accounts_app.actions.setup import SetupResult, Step
from accounts_app.actions.sign_in import Callback, Rights
from accounts_app.actions.sign_in_sessions import SignIn, SignInFailed
from accounts_app.admin.fields import NO_PROXY, ProxyField
from accounts_app.models import Account
from accounts_app.models.encryption import Unreadable
from accounts_app.status.translate import translated

LIST, ACCOUNT = "admin:accounts_app_account_changelist", "admin:accounts_app_account_change"
CONNECT, PASTE = "admin:accounts_app_account_connect", "admin:accounts_app_account_paste"
GO = "go"  # the page for pasting goes on to Google by itself
CALLBACK, SETUP = "admin:accounts_app_account_callback", "admin:accounts_app_account_setup"


class ConnectForm(forms.Form):
    understood = forms.BooleanField(
        label=gettext_lazy("I have read this. The risk to the account is mine."), widget=UnfoldBooleanWidget
    )
    proxy = ProxyField(
        help_text=gettext_lazy(
            "Only where this account is to leave through one: http://, https:// or socks5://. It is used from the "
            "first request on."
        )
    )


class PasteForm(forms.Form):
    # Never given back: it holds a code.
    pasted = forms.CharField(
        label=gettext_lazy("The address your browser ended up at"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )


def urls(page: ModelAdmin) -> list[URLPattern]:
    """The pages that stand beside the account's own. The callback checks itself who may open it."""
    staff = page.admin_site.admin_view
    return [
        path("connect/callback/", partial(callback, page=page), name="accounts_app_account_callback"),
        path("connect/paste/", staff(partial(paste, page=page)), name="accounts_app_account_paste"),
        path("connect/<int:account_id>/", staff(partial(set_up, page=page)), name="accounts_app_account_setup"),
    ]


def begin(request: HttpRequest, page: ModelAdmin, account: Account | None = None) -> HttpResponse:
    """The terms; a POST that agrees to them leads to Google. With `account`, to sign that one in again."""
    form = ConnectForm(request.POST or None)
    address = sign_in_sessions.return_address(request.scheme or "", request.get_host(), reverse(CALLBACK))
    client_is_set = sign_in_sessions.client_is_set()
    if account is not None and isinstance(account.proxy_url, Unreadable):
        # Signing in without the proxy would tell Google another address of this account.
        trouble = _("This account's proxy cannot be read any more: set it anew first.")
        page.message_user(request, trouble, messages.ERROR)
        return redirect("admin:accounts_app_account_change", account.pk)
    if request.method == "POST" and client_is_set and form.is_valid():
        proxy = form.cleaned_data["proxy"]
        sign_in_sessions.begin(
            request.session, address, time.time(), account=account, proxy_url="" if proxy == NO_PROXY else proxy
        )
        # The page itself goes on to Google, not this answer: browsers hold a form's redirects to `form-action`, and
        # where an organization signs in for Google nobody can say where they lead.
        by_hand = "by_hand" in request.POST or not address.is_here
        return redirect(PASTE if by_hand else f"{reverse(PASTE)}?{GO}=1")
    context = {"account": account, "form": form, "client_is_set": client_is_set, "address": address}
    return _page(page, request, "connect", _("Sign in again") if account else _("Add account"), context)


@require_GET
@never_cache
def callback(request: HttpRequest, page: ModelAdmin) -> HttpResponse:
    """Consumes the sign-in and connects the account."""
    found = signing_in.callback_of(request.GET)
    if host := sign_in_sessions.where_it_began(found.state, request.get_host()):
        return HttpResponseRedirect(f"http://{host}{request.get_full_path()}")
    if not page.admin_site.has_permission(request):
        # Not to the login page and back again: that would carry the code along in addresses.
        return redirect_to_login(reverse(CONNECT), reverse("admin:login"))
    return _finish(page, request, found)


def paste(request: HttpRequest, page: ModelAdmin) -> HttpResponse:
    """The link to Google, and a field for the address at which the browser ended up."""
    waiting = sign_in_sessions.latest(request.session, time.time())
    if waiting is None:
        messages.warning(request, _("No sign-in has been begun, or it is more than ten minutes old."))
        return redirect(CONNECT)
    form = PasteForm(request.POST or None)
    if form.is_valid():
        try:
            found = signing_in.pasted(form.cleaned_data["pasted"])
        except SignInFailed as why:
            form.add_error("pasted", translated(str(why)))
        else:
            return _finish(page, request, found, waiting)
    form.data = {}
    context = {"form": form, "consent_url": sign_in_sessions.consent_url(waiting), "redirect_uri": waiting.redirect_uri}
    context["goes_on"] = GO in request.GET and request.method == "GET"
    return _page(page, request, "connect_paste", _("Sign in at Google"), context)


def set_up(request: HttpRequest, page: ModelAdmin, account_id: int) -> HttpResponse:
    """A GET shows the next step, a POST takes it. With JavaScript the page posts by itself."""
    account = get_object_or_404(Account, pk=account_id, kind=Account.Kind.CLOUD_CODE, is_demo=False)
    rights = _rights(page, request)
    if not (rights.add or rights.change):
        raise PermissionDenied
    asked = (request.POST if request.method == "POST" else request.GET).get("step", "")
    step = Step.QUOTA if asked == Step.QUOTA else Step.PROJECT
    result = SetupResult()
    if request.method == "POST":
        result = bulk.run(setup.run_step, account_id, step, time.time())
        if step is Step.PROJECT and not result.trouble:
            return redirect(f"{reverse(SETUP, args=[account_id])}?step={Step.QUOTA}")
        if step is Step.QUOTA:
            return _finished(page, request, account_id, result)
    account.refresh_from_db()
    context = {"account": account, "step": step.value, "result": result, "trouble": translated(result.trouble)}
    return _page(page, request, "connect_setup", account.email, context)


def _finish(page: ModelAdmin, request: HttpRequest, found: Callback, waiting: SignIn | None = None) -> HttpResponse:
    """Consumes the sign-in first, even if connecting then fails."""
    try:
        sign_in = sign_in_sessions.claim(
            request.session, found.state or (waiting.state if waiting else ""), time.time()
        )
        connected = bulk.run(
            signing_in.complete, sign_in, signing_in.code_in(found), time.time(),
            rights=_rights(page, request), record=partial(_record, page, request),
        )  # fmt: skip
    except SignInFailed as why:
        return _page(
            page,
            request,
            "connect_failed",
            _("Not connected"),
            {"why": translated(str(why)), "link": why.link},
            status=400,
        )
    return redirect(SETUP, connected.account_id)


def _finished(page: ModelAdmin, request: HttpRequest, account_id: int, result: SetupResult) -> HttpResponse:
    account = get_object_or_404(Account, pk=account_id)
    told = {"email": account.email, "tier": account.tier or "-", "trouble": translated(result.trouble)}
    if result.trouble:
        messages.warning(request, _("%(email)s is connected. Its quota is not known yet: %(trouble)s") % told)
    else:
        messages.success(request, _("%(email)s is connected; its tier is %(tier)s.") % told)
    if page.has_view_or_change_permission(request):
        return redirect(ACCOUNT, account_id)
    return redirect("admin:index")


def _record(page: ModelAdmin, request: HttpRequest, connected: Connected) -> None:
    account = Account.objects.get(pk=connected.account_id)
    if connected.is_new:
        page.log_addition(request, account, _("Connected by signing in at Google."))
    else:
        page.log_change(request, account, _("Signed in at Google again, and re-enabled."))


def _rights(page: ModelAdmin, request: HttpRequest) -> Rights:
    return Rights(add=page.has_add_permission(request), change=page.has_change_permission(request))


def _page(
    page: ModelAdmin, request: HttpRequest, name: str, title: str, context: dict[str, Any], *, status: int = 200
) -> TemplateResponse:
    shared = {**page.admin_site.each_context(request), "opts": page.opts, "title": title}
    return TemplateResponse(request, f"console/{name}.html", {**shared, **context}, status=status)
