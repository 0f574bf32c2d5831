"""Delete old entries of the request log."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from proxy_app.ledger import retention


class Command(BaseCommand):
    help = "Delete entries of the request log older than a number of days, in batches, while the gateway serves."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=90, help="keep this many days (90)")
        parser.add_argument(
            "--vacuum",
            action="store_true",
            help="then rewrite the table, to give its free space back; new entries are queued meanwhile",
        )

    def handle(self, *, days: int, vacuum: bool, **options: Any) -> None:
        if not 0 <= days <= 36500:
            raise CommandError("--days is a number of days, 0 or more.")
        pruned = retention.prune(timezone.now() - timedelta(days=days))
        self.stdout.write(f"{pruned} entries deleted.")
        if vacuum:
            retention.vacuum()
