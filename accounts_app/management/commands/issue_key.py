"""Make a client key and print it, alone, this once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_app.api_keys import keys


class Command(BaseCommand):
    help = "Make a client key and print it, alone on standard output, once. An existing NAME gets a new key."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="what to call the key")

    def handle(self, *, name: str, **options: Any) -> None:
        try:
            self.stdout.write(keys.issue(name))
        except keys.UnusableKey as error:
            raise CommandError(str(error)) from error
