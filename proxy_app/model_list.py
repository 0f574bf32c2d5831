"""The models this gateway offers: its own catalogue, what the accounts are known to have, the operator's aliases."""

from collections.abc import Mapping
from typing import Any

from accounts_app import roster
from proxy_app.wire import catalogue
from proxy_app.wire.catalogue import Model

# What quota lists hold beside models that people talk to.
_INTERNAL = ("chat_", "tab_")


def offered() -> list[Model]:
    """Every Model by name: for models.list."""
    quotas = _known_to_accounts()
    names = {*catalogue.KNOWN, *quotas, *_aliases()}
    return [_resource(name, quotas) for name in sorted(names)]


def find(name: str) -> Model | None:
    """The Model called `name`, or None when nobody knows it: for models.get."""
    quotas = _known_to_accounts()
    target = roster.current().routes.resolve(name)
    if name in catalogue.KNOWN or name in quotas or target in catalogue.KNOWN or target in quotas:
        return _resource(name, quotas)
    return None


def _resource(name: str, quotas: Mapping[str, Mapping[str, Any]]) -> Model:
    """An alias has the limits of what it stands for, under its own name."""
    target = roster.current().routes.resolve(name)
    resource = catalogue.model_resource(target, quotas.get(target))
    return resource if target == name else {**resource, "name": f"models/{name}"}


def _aliases() -> list[str]:
    return [pattern for pattern in roster.current().routes.targets if "*" not in pattern]


def _known_to_accounts() -> dict[str, Mapping[str, Any]]:
    """What the quota lists of the accounts in service say of each model; the first that knows one is believed."""
    found: dict[str, Mapping[str, Any]] = {}
    for account in roster.current().accounts.values():
        if not account.available:
            continue
        for name, quota in account.quota.items():
            if not name.startswith(_INTERNAL) and account.serves(name):
                found.setdefault(name, quota)
    return found
