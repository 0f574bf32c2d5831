"""The app's name."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProxyConfig(AppConfig):
    name = "proxy_app"
    verbose_name = _("Requests")
