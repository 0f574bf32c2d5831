"""Write every account's secrets out, for another gateway to import."""

import json
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_app.actions import accounts


class Command(BaseCommand):
    help = "Write every account with its secret, in the clear, as JSON that import_accounts reads back."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="a new file, readable by its owner alone")

    def handle(self, *, file: str | None, **options: Any) -> None:
        text = json.dumps(list(accounts.exported()), indent=2, ensure_ascii=False)
        for name in accounts.unreadable():
            self.stderr.write(f"{name} is left out: its secrets cannot be decrypted with the configured keys.")
        if file is None:
            self.stdout.write(text)
            return
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
                target.write(text + "\n")
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from error
