"""What a diagnostics file tells of accounts, routes and settings.

Columns are named here one by one, so that a new column stays out until it is added. Texts come as they are stored: who
writes the file takes addresses and secrets out of them.
"""

from collections.abc import Iterable
from typing import Any

from accounts_app.models import Account, GatewaySettings, ModelRoute

ACCOUNT_COLUMNS = (
    "id",
    "kind",
    "tier",
    "enabled",
    "parked",
    "is_demo",
    "allowed_models",
    "max_concurrency",
    "priority",
)
ROUTE_COLUMNS = ("pattern", "target", "enabled", "generation_config")


def accounts(ids: Iterable[int], model: str) -> list[dict[str, Any]]:
    """The accounts of these ids, with their quota for `model` and their cooldowns."""
    return [
        {
            **{name: getattr(row, name) for name in ACCOUNT_COLUMNS},
            "label": row.email,
            "has_proxy": bool(row.proxy_url),
            "parked_message": row.parked_message,
            "quota": row.quota.get(model),
            "rests": list(row.rests.filter(until__isnull=False).values("model", "until", "reason", "streak")),
        }
        for row in Account.objects.filter(pk__in=ids).order_by("pk")
    ]


def routing() -> dict[str, Any]:
    """How accounts are chosen, and the model routes; of the system instruction only its length."""
    chosen = GatewaySettings.load()
    return {
        "strategy": chosen.strategy,
        "system_instruction_prefix": f"{len(chosen.system_instruction_prefix)} characters",
        "routes": list(ModelRoute.objects.order_by("pattern").values(*ROUTE_COLUMNS)),
    }


def auth_mode() -> str:
    return GatewaySettings.load().auth_mode
