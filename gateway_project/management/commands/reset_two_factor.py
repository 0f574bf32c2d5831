"""Turn an operator's second factor off, when the phone is lost."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from gateway_project.console import second_factor


class Command(BaseCommand):
    help = "Turn an operator's two-factor sign-in off; the password is then enough."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *, name: str, **options: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(name)
        except User.DoesNotExist as error:
            raise CommandError(f"There is no operator called {name}.") from error
        told = "is off now" if second_factor.turn_off(user) else "was not on"
        self.stdout.write(f"Two-factor sign-in of {name} {told}.")
