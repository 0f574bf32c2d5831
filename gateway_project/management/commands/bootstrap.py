"""The first run's steps, safe to repeat."""

import secrets
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from accounts_app.actions import accounts
from accounts_app.api_keys import keys
from accounts_app.models import GatewaySettings
from proxy_app.ledger import retention

ADMIN = "admin"


class Command(BaseCommand):
    help = "Prepare the database, the admin user, the first API key and demo accounts; what is there is left alone."
    requires_system_checks = ("gateway",)

    def handle(self, **options: Any) -> None:
        """What `make run` does before it serves.

        1. Bring the database up to date, and let its file shrink.
        2. Write the settings row, from the environment's first-run values.
        3. Make the admin user with a random password, told once.
        4. Make the first API key: GATEWAY_API_KEY, or a random one, told once.
        5. Put the demo accounts in place while no account is connected.
        """
        call_command("migrate", interactive=False, verbosity=0)
        with suppress(OperationalError):  # a gateway that is running uses it: the next time will do
            retention.prepare()
        GatewaySettings.objects.get_or_create(pk=1, defaults={"auth_mode": settings.GATEWAY_AUTH_MODE})
        self._admin_user()
        self._first_key()
        if accounts.ensure_demo():
            self._tell("Account", "demo accounts answer until you connect one of yours")

    def _admin_user(self) -> None:
        users = get_user_model()._default_manager
        if users.filter(is_superuser=True).exists():
            return
        user, is_new = users.get_or_create(username=ADMIN, defaults={"is_staff": True, "is_superuser": True})
        if is_new:
            password = secrets.token_urlsafe(15)
            user.set_password(password)
            user.save()
            self._tell("Admin", f"user {ADMIN}, password {password}  (shown this once)")

    def _first_key(self) -> None:
        try:
            key = keys.issue_first(settings.GATEWAY_API_KEY)
        except keys.UnusableKey as error:
            raise CommandError(f"GATEWAY_API_KEY: {error}") from error
        if key and not settings.GATEWAY_API_KEY:
            self._tell("API key", f"{key}  (shown this once)")

    def _tell(self, what: str, told: str) -> None:
        self.stdout.write(f"{what:<8} {told}")
