"""The operator's console, one file a page. Every write goes through the functions that commands use too."""

from accounts_app.admin import cooldown_page, settings_page
from accounts_app.admin.accounts import account_page
from accounts_app.admin.api_keys import api_key_page, group_page
from accounts_app.admin.resources import project_page, resource_page
from accounts_app.admin.routes import model_route_page

__all__ = [
    "account_page",
    "api_key_page",
    "cooldown_page",
    "group_page",
    "model_route_page",
    "project_page",
    "resource_page",
    "settings_page",
]
