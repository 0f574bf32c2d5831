"""Encrypt every stored secret and the files of the spool again, under the first key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_app.models import encryption
from accounts_app.storage import spool


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret and this node's spooled files again, under the first of GATEWAY_ENCRYPTION_KEYS. "
        "To rotate: put a new key in front, restart, run this on every node that has a data directory of its own, then "
        "take the old key out. Safe to run while the gateway serves, and to run again."
    )
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="print a new key and do nothing else")

    def handle(self, *, new_key: bool, **options: Any) -> None:
        if new_key:
            self.stdout.write(encryption.new_key())
            return
        try:
            rotated = encryption.rotate_all()
        except encryption.Undecryptable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rotated} secrets are under the first key now.")
        if files := spool.rotate():
            self.stdout.write(f"So are {files} files of this node's spool.")
