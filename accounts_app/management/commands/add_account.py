"""Connect one account and print its id."""

import sys
from argparse import ArgumentParser
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts_app.actions import accounts
from accounts_app.models import Account


class Command(BaseCommand):
    help = (
        "Connect an account, or give a connected one new tokens, and print its id, alone on standard output. "
        "`-` in place of a secret reads it from standard input."
    )
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--kind", choices=Account.Kind.values, default=Account.Kind.CLOUD_CODE.value)
        parser.add_argument("--proxy", default="", metavar="URL", help="its egress; http, https or socks5")
        google = parser.add_argument_group("cloud_code: a Google account")
        google.add_argument("--email")
        google.add_argument("--refresh-token", metavar="TOKEN")
        google.add_argument("--access-token", metavar="TOKEN")
        google.add_argument("--expires-in", type=int, metavar="SECONDS", help="how long the access token is still good")
        google.add_argument("--project", default="", help="its project; asked of Google when it is not given")
        key = parser.add_argument_group("gemini_api: a Gemini API key")
        key.add_argument("--label", help="what to call it")
        key.add_argument("--api-key", metavar="KEY")

    def handle(self, *, kind: str, **options: Any) -> None:
        is_key = kind == Account.Kind.GEMINI_API
        wanted, foreign = (_OF_A_KEY, _OF_GOOGLE) if is_key else (_OF_GOOGLE, _OF_A_KEY)
        for name in foreign:
            if options[name]:
                raise CommandError(f"--{name.replace('_', '-')} does not go with --kind {kind}.")
        for name in wanted[:2]:
            if not options[name]:
                raise CommandError(f"--kind {kind} needs --{name.replace('_', '-')}.")
        new = self._key(options) if is_key else self._google_account(options)
        try:
            connected = accounts.connect(replace(new, proxy_url=_typed_or_read(options["proxy"])))
        except accounts.Unusable as error:
            raise CommandError(str(error)) from error
        if not connected.is_new:
            self.stderr.write(f"{connected.email} was here already; it has the new tokens.")
        self.stdout.write(str(connected.account_id))

    def _key(self, options: dict[str, Any]) -> accounts.NewAccount:
        return accounts.NewAccount(
            Account.Kind.GEMINI_API, options["label"].strip(), api_key=_typed_or_read(options["api_key"])
        )

    def _google_account(self, options: dict[str, Any]) -> accounts.NewAccount:
        expires_in = options["expires_in"]
        if expires_in is not None and not options["access_token"]:
            raise CommandError("--expires-in goes with --access-token.")
        if expires_in is not None and not 0 <= expires_in <= 10**7:
            raise CommandError("--expires-in is a number of seconds, 0 or more.")
        return accounts.NewAccount(
            Account.Kind.CLOUD_CODE,
            options["email"].strip().lower(),
            refresh_token=_typed_or_read(options["refresh_token"]),
            access_token=_typed_or_read(options["access_token"] or ""),
            expires_at=None if expires_in is None else timezone.now() + timedelta(seconds=expires_in),
            project=options["project"].strip(),
        )


# The two that each kind cannot do without come first.
_OF_GOOGLE = ("email", "refresh_token", "access_token", "expires_in", "project")
_OF_A_KEY = ("label", "api_key")


def _typed_or_read(given: str) -> str:
    return sys.stdin.readline().strip() if given == "-" else given.strip()
