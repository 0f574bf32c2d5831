"""The operator's console, one file a page. Every write goes through the functions that commands use too."""

from accounts_app.admin import account_page, api_key_page, model_route_page, rest_page, settings_page

__all__ = ["account_page", "api_key_page", "model_route_page", "rest_page", "settings_page"]
