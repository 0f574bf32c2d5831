"""Refuse a client key from now on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_app.api_keys import keys


class Command(BaseCommand):
    help = "Refuse a client key from now on. Its usage stays in the request log."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the key's name")

    def handle(self, *, name: str, **options: Any) -> None:
        try:
            keys.revoke(name)
        except keys.NoSuchKey as error:
            raise CommandError(str(error)) from error
        self.stderr.write(f"{name} is revoked.")
