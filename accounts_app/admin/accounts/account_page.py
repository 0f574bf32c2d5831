"""The pages of the accounts: their status, and what an operator can do."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from accounts_app.actions import accounts, bulk, projects
from accounts_app.admin.accounts import (
    account_cells,
    account_live,
    connect_page,
    eligibility_page,
    export_page,
    import_page,
)
from accounts_app.admin.accounts.account_form import AccountForm, NewAccountForm
from accounts_app.admin.accounts.account_resources import AccountResources
from accounts_app.admin.fields import link
from accounts_app.admin.hooks import hooks
from accounts_app.models import Account
from accounts_app.status import account_state, remedies
from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import translated

# On an account's own page: name and what it does.
ACTIONS = {
    "test": (_("Test"), _("A real call for one word; it is in the request log.")),
    "fetch_quota": (_("Fetch quota"), _("Project, tier and quota as Google has them now.")),
    "renew_tokens": (_("Renew token"), _("A new access token, even if the present one is still good.")),
    "clear_cooldowns": (_("Clear cooldowns"), _("The next call finds out whether it answers.")),
    "re_enable": (_("Re-enable"), _("Back in service, without cooldowns.")),
    "park": (_("Disable"), _("Out of service until it is re-enabled.")),
}

_QUOTA = ("quota_table", "quota_fetched_at")


@admin.register(Account)
class AccountPage(AccountResources):
    form = AccountForm
    list_display = ("who", "state", "cooldowns", "quota_left", "calls_and_use")
    list_before_template = "console/account/list_head.html"
    change_form_before_template = "console/account/page_head.html"
    list_filter = (("kind", ChoicesDropdownFilter), ("parked", ChoicesDropdownFilter), "enabled", "tier")
    list_filter_submit = True
    search_fields = ("email", "project")
    ordering = ("email",)
    list_per_page = 50
    actions = ("test", "fetch_quota", "renew_tokens", "clear_cooldowns", "re_enable", "park", "export")
    actions_list = ("connect", "take_in", "eligibility")
    actions_detail = ("sign_in_again",)
    show_add_link = False  # the button “Add account” says first what Google's terms allow
    readonly_fields = (
        "state",
        "parked_reason",
        "current_cooldowns",
        "tier",
        "quota_table",
        "quota_fetched_at",
        "last_used",
        "calls",
        "do",
        "made",
        "lost",
    )
    on_its_page = ACTIONS
    warn_unsaved_form = True

    def get_urls(self) -> list[URLPattern]:
        return [*connect_page.urls(self), *import_page.urls(self), *account_live.urls(self), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        return account_state.with_cooldowns(super().get_queryset(request))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The page of the list, with what its cells show beside the rows: read for all accounts at once."""
        found = super().get_changelist_instance(request)
        self._look_around(request, found.result_list)
        return found

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Account | None:
        account = super().get_object(request, object_id, from_field)
        if account is not None:
            self._look_around(request, [account])
        return account

    def _look_around(self, request: HttpRequest, shown: Iterable[Account]) -> None:
        listed = list(shown)
        may_change = self.has_change_permission(request)
        known = account_cells.around([account.pk for account in listed], may_change=may_change)
        for account in listed:
            account.around = known  # type: ignore[attr-defined]

    def get_form(self, request: HttpRequest, obj: Account | None = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=AccountForm if obj else NewAccountForm, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Account | None = None) -> Any:
        return (*self.readonly_fields, "kind") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        serving = ("enabled", "allowed_models", "priority", "max_concurrency", "proxy")
        if obj is None:
            first = ("kind", "email", "project", "refresh_token", "access_token", "api_key")
            return [(None, {"fields": (*first, "owner_project")}), (_("Serving"), {"fields": serving})]
        is_key = obj.kind == Account.Kind.GEMINI_API
        whose = ("owner_project", "api_key") if is_key else ("project", "tier", "refresh_token", "access_token")
        last = (_("Resources"), {"fields": ("made", "lost")}) if is_key else (_("Quota"), {"fields": _QUOTA})
        return [
            (_("Status"), {"fields": ("state", "parked_reason", "current_cooldowns", "calls", "last_used", "do")}),
            (_("Account"), {"fields": ("kind", "email", *whose)}),
            (_("Serving"), {"fields": serving}),
            last,
        ]

    def save_model(self, request: HttpRequest, obj: Account, form: AccountForm, change: bool) -> None:
        if change:
            accounts.replace_tokens(obj.pk, **form.tokens())
        else:
            obj.pk = accounts.connect(form.new()).account_id
        accounts.change(obj.pk, **form.options())
        if "owner_project" in form.changed_data:
            projects.assign([obj.pk], getattr(form.cleaned_data["owner_project"], "pk", None))
        obj.refresh_from_db()

    @display(description=_("account"), ordering="email")
    def who(self, account: Account) -> SafeString:
        name = _("demo account") if account.is_demo else account.email
        kind = " · ".join(filter(None, (str(account.get_kind_display()), account.tier)))
        return format_html('{}<span class="ac-kind">{}</span>', name, kind)

    @display(description=_("status"))
    def state(self, account: Account) -> SafeString:
        return account_cells.live("state", account, account_cells.state(account))

    @display(description=_("last used"), ordering="last_used_at")
    def last_used(self, account: Account) -> SafeString:
        return account_cells.live("used", account, account_cells.last_used(account))

    @display(description=_("quota left"))
    def quota_left(self, account: Account) -> SafeString:
        return account_cells.live("quota", account, account_cells.quota(account, most=account_cells.QUOTAS_IN_LIST))

    @display(description=_("cooldowns"))
    def cooldowns(self, account: Account) -> SafeString:
        shown = account_cells.cooldowns(account, _around(account), most=account_cells.COOLDOWNS_IN_LIST)
        return account_cells.live("cooldowns", account, shown)

    @display(description=_("calls today"))
    def calls(self, account: Account) -> SafeString:
        return account_cells.live("calls", account, account_cells.calls(account, _around(account)))

    @display(description=_("calls today"), ordering="last_used_at")
    def calls_and_use(self, account: Account) -> SafeString:
        used = account_cells.live("used", account, account_cells.last_used(account))
        return format_html('{}<div class="ac-kind">{}</div>', self.calls(account), used)

    @display(description=_("actions"))
    def do(self, account: Account) -> str:
        if not _around(account).may_change:
            return "-"
        named = [
            (reverse("admin:accounts_app_account_do", args=[account.pk, name]), *ACTIONS[name]) for name in ACTIONS
        ]
        return render_to_string("console/account/do.html", {"actions": named})

    @display(description=_("reason"))
    def parked_reason(self, account: Account) -> SafeString | str:
        if not account.parked:
            return "-"
        why, action = remedies.message(account), remedies.action(account)
        return why if action is None else format_html("{} {}", why, link(action))

    @display(description=_("cooldowns"))
    def current_cooldowns(self, account: Account) -> SafeString:
        return account_cells.live("all-cooldowns", account, account_cells.cooldowns(account, _around(account)))

    @display(description=_("quota"))
    def quota_table(self, account: Account) -> SafeString:
        return account_cells.live("all-quota", account, account_cells.quota(account))

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

    @action(description=_("Account eligibility"), url_path="why-not", icon="help", permissions=["view"])
    def eligibility(self, request: HttpRequest) -> HttpResponse:
        return eligibility_page.show(request, self)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts_app.export_account")

    @admin.action(description=_("Export, with their secrets"), permissions=["export"])
    def export(self, request: HttpRequest, chosen: QuerySet[Account]) -> HttpResponse | None:
        return export_page.export(request, self, chosen)

    @admin.action(description=_("Disable: out of service until re-enabled"), permissions=["change"])
    def park(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        by = f"Disabled by {request.user.get_username()}."
        self._log(request, chosen, _("Disabled."))
        self._tell(request, accounts.take_out(_ids(chosen), Account.Parked.BY_HAND, by))

    @admin.action(description=_("Re-enable: back in service, without cooldowns"), permissions=["change"])
    def re_enable(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._log(request, chosen, _("Re-enabled."))
        self._tell(request, accounts.re_enable(_ids(chosen)))

    @admin.action(description=_("Clear cooldowns"), permissions=["change"])
    def clear_cooldowns(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._log(request, chosen, _("All cooldowns cleared."))
        cleared = accounts.clear_cooldowns_of(_ids(chosen))
        told = ngettext("%d cooldown cleared.", "%d cooldowns cleared.", cleared) % cleared
        self.message_user(request, told)

    @admin.action(description=_("Refresh tokens now"), permissions=["change"])
    def renew_tokens(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._log(request, chosen, _("Token refreshed by hand."))
        self._report(request, bulk.renew_tokens(_ids(chosen)))

    @admin.action(description=_("Fetch quota"), permissions=["change"])
    def fetch_quota(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        self._report(request, bulk.fetch_quotas(_ids(chosen)))

    @admin.action(description=_("Test: ask for one word"), permissions=["change"])
    def test(self, request: HttpRequest, chosen: QuerySet[Account]) -> None:
        """A real call through each, whatever its status."""
        for email, tried in bulk.ask_each(_ids(chosen), hooks.test_account):
            said = {
                "email": email,
                "model": tried.model,
                "time": f"{tried.seconds:.1f}",
                "why": outcome_label(translated(tried.trouble)),
            }
            if tried.trouble:
                told = _("%(email)s does not answer for %(model)s: %(why)s") % said
                self.message_user(request, told, messages.ERROR)
            else:
                told = _("%(email)s answers for %(model)s, in %(time)s s.") % said
                self.message_user(request, told, messages.SUCCESS)

    def _log(self, request: HttpRequest, chosen: QuerySet[Account], words: str | Promise) -> None:
        LogEntry.objects.log_actions(str(request.user.pk), chosen, CHANGE, str(words))

    def _tell(self, request: HttpRequest, changed: int) -> None:
        self.message_user(request, ngettext("%d account changed.", "%d accounts changed.", changed) % changed)

    def _report(self, request: HttpRequest, done: Iterable[bulk.BulkResult]) -> None:
        """One line for all that succeeded, one for each that failed."""
        succeeded = 0
        for result in done:
            if result.trouble:
                self.message_user(request, f"{result.email}: {translated(result.trouble)}", messages.ERROR)
            else:
                succeeded += 1
        if succeeded:
            self._tell(request, succeeded)


def _ids(chosen: QuerySet[Account]) -> list[int]:
    return list(chosen.values_list("pk", flat=True))


def _around(account: Account) -> account_cells.Around:
    return getattr(account, "around", account_cells.Around())
