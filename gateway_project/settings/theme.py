"""The console's theme: colours, sidebar, and what its templates are given."""

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def _page(title: str | Promise, icon: str, url_name: str, namespace: str = "admin:") -> dict:
    """A line of the sidebar; a list of rows is there for those who may look at them."""
    page: dict = {"title": title, "icon": icon, "link": reverse_lazy(f"{namespace}{url_name}")}
    if url_name.endswith("_changelist"):
        app, _sep, model = url_name.removesuffix("_changelist").rpartition("_")
        page["permission"] = lambda request: request.user.has_perm(f"{app}.view_{model}")
    return page


def _may_open_inbox(request: HttpRequest) -> bool:
    user = request.user
    return user.has_perm("accounts_app.view_account") or user.has_perm("accounts_app.view_gatewaysettings")


UNFOLD = {
    "SITE_TITLE": "Gemini Gateway",
    "SITE_HEADER": "Gemini Gateway",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("gateway_project/favicon.svg")}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "LOGIN": {"form": "gateway_project.console.second_factor.LoginForm"},
    "ACCOUNT": {"navigation": [{"title": _("Two-factor sign-in"), "link": reverse_lazy("two_factor")}]},
    "DASHBOARD_CALLBACK": "gateway_project.console.overview.page.context",
    "GLOBAL_CALLBACK": "accounts_app.admin.banner.context",
    "SHOW_LANGUAGES": True,
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Gateway"),
                "items": [
                    _page(_("Overview"), "space_dashboard", "index"),
                    {
                        **_page(_("Inbox"), "inbox", "inbox", ""),
                        "badge": "accounts_app.admin.inbox_page.badge",
                        "permission": _may_open_inbox,
                    },
                    _page(_("Accounts"), "group", "accounts_app_account_changelist"),
                    _page(_("Cooldowns"), "timer", "accounts_app_rest_changelist"),
                    _page(_("Resources"), "folder_open", "accounts_app_resource_changelist"),
                    _page(_("Request log"), "receipt_long", "proxy_app_usagerecord_changelist"),
                    _page(_("Prompts and responses"), "forum", "proxy_app_capturedcall_changelist"),
                    _page(_("Playground"), "experiment", "playground", ""),
                ],
            },
            {
                "title": _("Access"),
                "items": [
                    _page(_("Connect a client"), "cable", "clients", ""),
                    _page(_("API keys"), "key", "accounts_app_apikey_changelist"),
                    _page(_("Groups"), "workspaces", "accounts_app_keygroup_changelist"),
                    _page(_("Google projects"), "domain", "accounts_app_project_changelist"),
                    _page(_("Model routes"), "alt_route", "accounts_app_modelroute_changelist"),
                    _page(_("Settings"), "tune", "accounts_app_gatewaysettings_changelist"),
                    _page(_("Operators"), "badge", "auth_user_changelist"),
                ],
            },
        ],
    },
}
