"""The accounts: how each is, and what an operator can do about it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from accounts_app import accounts, errands, states
from accounts_app.admin import connect_page, export_page, import_page, why_not_page
from accounts_app.admin.account_form import AccountForm, NewAccountForm
from accounts_app.models import Account

TONES = {tone: tone for tone in ("success", "info", "warning", "danger")}
WEB = ("https://", "http://")


@admin.register(Account)
class AccountPage(ModelAdmin):
    form = AccountForm
    list_display = ("email", "kind", "state", "tier", "quota_left", "last_used")
    list_filter = (("kind", ChoicesDropdownFilter), ("parked", ChoicesDropdownFilter), "enabled", "tier")
    list_filter_submit = True
    search_fields = ("email", "project")
    ordering = ("email",)
    list_per_page = 50
    actions = ("park", "revive", "end_rests", "renew_tokens", "fetch_quota", "export")
    actions_list = ("connect", "take_in", "why_not")
    actions_detail = ("sign_in_again",)
    show_add_link = False  # the button “Add account” says first what Google's terms allow
    readonly_fields = (
        "state_words",
        "parked_why",
        "current_rests",
        "tier",
        "quota_table",
        "quota_fetched_at",
        "last_used",
    )
    warn_unsaved_form = True

    def get_urls(self) -> list[URLPattern]:
        return [*connect_page.urls(self), *import_page.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return states.with_rests(super().get_queryset(request))

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=AccountForm if obj else NewAccountForm, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        return (*self.readonly_fields, "kind") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        serving = ("enabled", "allowed_models", "priority", "max_concurrency", "proxy")
        if obj is None:
            first = ("kind", "email", "project", "refresh_token", "access_token", "api_key")
            return [(None, {"fields": first}), (_("Serving"), {"fields": serving})]
        secrets = ("api_key",) if obj.kind == Account.Kind.GEMINI_API else ("refresh_token", "access_token")
        return [
            (_("How it is"), {"fields": ("state_words", "parked_why", "current_rests", "last_used")}),
            (_("Account"), {"fields": ("kind", "email", "project", "tier", *secrets)}),
            (_("Serving"), {"fields": serving}),
            (_("Quota"), {"fields": ("quota_table", "quota_fetched_at")}),
        ]

    def save_model(self, request: HttpRequest, obj: Account, form: AccountForm, change: bool) -> None:
        if change:
            accounts.replace_tokens(obj.pk, **form.tokens())
        else:
            obj.pk = accounts.connect(form.newcomer()).account_id
        accounts.change(obj.pk, **form.options())
        obj.refresh_from_db()

    @display(description=_("state"), label=TONES)
    def state(self, account: Account) -> tuple[str, str]:
        if account.is_demo:
            return "info", str(_("demo"))
        state = states.state_of(account)
        return state.tone, str(state.words)

    @display(description=_("state"))
    def state_words(self, account: Account) -> str:
        return self.state(account)[1]

    @display(description=_("last used"), ordering="last_used_at")
    def last_used(self, account: Account) -> str:
        if account.last_used_at is None:
            return str(_("never"))
        return str(_("%(time)s ago") % {"time": states.spoken(timezone.now() - account.last_used_at)})

    @display(description=_("quota left"))
    def quota_left(self, account: Account) -> str:
        lowest = min(_remaining(account), key=lambda pair: pair[1], default=None)
        return "-" if lowest is None else f"{lowest[1]:.0%} {lowest[0]}"

    @display(description=_("why it is parked"))
    def parked_why(self, account: Account) -> SafeString | str:
        if not account.parked:
            return "-"
        why = account.parked_message or account.get_parked_display()
        if account.parked == Account.Parked.SIGN_IN:
            url = reverse("admin:accounts_app_account_sign_in_again", args=[account.pk])
            return format_html('{} <a class="underline" href="{}">{}</a>', why, url, _("Sign in again"))
        if not account.parked_link.startswith(WEB):
            return why
        link = '{} <a class="underline" href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
        return format_html(link, why, account.parked_link, _("Put it right"))

    @display(description=_("rests"))
    def current_rests(self, account: Account) -> SafeString | str:
        now = timezone.now()
        rows = (
            (rest.model or _("every model"), states.spoken(rest.until - now), rest.reason, rest.message)
            for rest in account.current_rests  # type: ignore[attr-defined]
        )
        return format_html_join("", "<div>{} · {} · {} {}</div>", rows) or "-"

    @display(description=_("quota"))
    def quota_table(self, account: Account) -> SafeString | str:
        rows = ((model, f"{left:.0%}", _resets(account, model)) for model, left in _remaining(account))
        return format_html_join("", "<div>{} · {} {}</div>", rows) or "-"

    @action(description=_("Add account"), url_path="connect", icon="add", permissions=["add"])
    def connect(self, request: HttpRequest) -> HttpResponse:
        return connect_page.begin(request, self)

    @action(description=_("Sign in again"), url_path="sign-in", icon="login", permissions=["change"])
    def sign_in_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        account = get_object_or_404(Account, pk=object_id)
        if account.kind == Account.Kind.CLOUD_CODE and not account.is_demo:
            return connect_page.begin(request, self, account)
        self.message_user(request, _("Only a Google account is signed in to."), messages.WARNING)
        return redirect(reverse("admin:accounts_app_account_change", args=[account.pk]))

    @action(description=_("Import"), url_path="import", icon="upload", permissions=["add", "change"])
    def take_in(self, request: HttpRequest) -> HttpResponse:
        return import_page.take_in(request, self)

    @action(description=_("Why not this account?"), url_path="why-not", icon="help", permissions=["view"])
    def why_not(self, request: HttpRequest) -> HttpResponse:
        return why_not_page.show(request, self)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts_app.export_account")

    @admin.action(description=_("Export, with their secrets"), permissions=["export"])
    def export(self, request: HttpRequest, chosen: QuerySet[Account]) -> HttpResponse | None:
        return export_page.export(request, self, chosen)

    @admin.action(description=_("Park: out until revived"), permissions=["change"])
    def park(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        by = str(_("Parked by %(name)s.") % {"name": request.user.get_username()})
        self._tell(request, accounts.park(_ids(chosen), Account.Parked.BY_HAND, by))

    @admin.action(description=_("Revive: enable, unpark, end rests"), permissions=["change"])
    def revive(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._tell(request, accounts.revive(_ids(chosen)))

    @admin.action(description=_("End rests"), permissions=["change"])
    def end_rests(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        ended = accounts.end_rests_of(_ids(chosen))
        self.message_user(request, ngettext("%d rest ended.", "%d rests ended.", ended) % ended)

    @admin.action(description=_("Refresh tokens now"), permissions=["change"])
    def renew_tokens(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._report(request, errands.renew_tokens(_ids(chosen)))

    @admin.action(description=_("Fetch quota"), permissions=["change"])
    def fetch_quota(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._report(request, errands.fetch_quotas(_ids(chosen)))

    def _tell(self, request: HttpRequest, changed: int) -> None:
        self.message_user(request, ngettext("%d account changed.", "%d accounts changed.", changed) % changed)

    def _report(self, request: HttpRequest, done: Iterable[errands.Errand]) -> None:
        """One line for all that went well, one for each that did not."""
        went_well = 0
        for errand in done:
            if errand.trouble:
                self.message_user(request, f"{errand.email}: {errand.trouble}", messages.ERROR)
            else:
                went_well += 1
        if went_well:
            self._tell(request, went_well)


def _ids(chosen: QuerySet[Account]) -> list[int]:
    return list(chosen.values_list("pk", flat=True))


def _remaining(account: Account) -> list[tuple[str, float]]:
    """Model and the part of its quota that is left, the least first."""
    found = [
        (model, float(known["remaining"]))
        for model, known in account.quota.items()
        if isinstance(known, dict) and isinstance(known.get("remaining"), int | float)
    ]
    return sorted(found, key=lambda pair: pair[1])


def _resets(account: Account, model: str) -> str:
    """When a model's quota comes back, or that it must have."""
    said = account.quota[model].get("resets_at")
    try:
        left = datetime.fromisoformat(said) - timezone.now()
    except (TypeError, ValueError):
        return ""
    if left <= timedelta():
        return str(_("before its reset, which has passed"))
    return str(_("resets in %(time)s") % {"time": states.spoken(left)})
