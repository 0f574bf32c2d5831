"""Print the accounts and their status, without secrets."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts_app.models import Account
from accounts_app.status import account_state


class Command(BaseCommand):
    help = "Print the accounts and their status, one a line."
    requires_system_checks = ("gateway",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="one JSON array instead")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        rows = [_row(account) for account in account_state.with_cooldowns(Account.objects.order_by("pk"))]
        if as_json:
            self.stdout.write(json.dumps(rows, indent=2, ensure_ascii=False))
            return
        for row in rows:
            self.stdout.write("  ".join(str(row[name] or "-") for name in ("id", "kind", "email", "tier", "state")))


def _row(account: Account) -> dict[str, Any]:
    used = account.last_used_at
    return {
        "id": account.pk,
        "kind": account.kind,
        "email": account.email,
        "project": account.project,
        "tier": account.tier,
        "demo": account.is_demo,
        "state": str(account_state.state_of(account).words),
        "last_used_at": used.isoformat() if used else None,
    }
