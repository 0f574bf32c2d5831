"""The app's name, and its checks registered when Django starts."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts_app"
    verbose_name = _("Accounts and access")

    def ready(self) -> None:
        from accounts_app.status import checks  # noqa: F401
