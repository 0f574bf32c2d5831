"""The models this gateway offers: its own catalogue, what upstream lists, what the accounts have, and aliases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts_app import roster
from accounts_app.pool.names.names import is_model_name
from accounts_app.roster import AccountView, Roster, known_models
from proxy_app.api.models import catalogue
from proxy_app.api.models.catalogue import Model

known_models.add_catalogue(catalogue.KNOWN)

# Beginnings of names in quota lists that are not models for clients.
_INTERNAL = ("chat_", "tab_")

Described = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Known:
    """The quotas and Model resources that available accounts have, by model, in one snapshot of the roster."""

    snapshot: Roster
    quotas: Described
    listed: Described

    def __contains__(self, name: str) -> bool:
        return name in catalogue.KNOWN or name in self.quotas or name in self.listed


_latest: _Known | None = None


def offered() -> list[Model]:
    """Every Model by name: for models.list."""
    known = _known()
    names = {*catalogue.KNOWN, *known.quotas, *known.listed, *_aliases()}
    return [_resource(name, known) for name in sorted(names)]


def find(name: str) -> Model | None:
    """The Model called `name`, or None when it is unknown: for models.get."""
    known = _known()
    return _resource(name, known) if name in known or roster.current().routes.resolve(name) in known else None


def target(name: str) -> str:
    """The model that a client means by `name`."""
    return roster.current().routes.resolve(name)


def accounts_to_ask(model: str, group: int | None) -> list[AccountView]:
    """The accounts whose upstream can look up `model` for a group."""
    snapshot = roster.current()
    closed = {each.id for each in snapshot.projects.values() if each.exclusive_to not in (None, group)}
    return [
        one
        for one in snapshot.accounts.values()
        if one.kind == "gemini_api" and one.available and one.serves(model) and one.owner not in closed
    ]


def _resource(name: str, known: _Known) -> Model:
    """The Model of `name`; an alias has the limits of the model it stands for, under its own name."""
    model = target(name)
    resource = catalogue.model_resource(model, known.quotas.get(model), dict(known.listed.get(model, {})) or None)
    return resource if model == name else {**resource, "name": f"models/{name}"}


def _aliases() -> list[str]:
    return list(filter(is_model_name, roster.current().routes.targets))  # no name has a * in it


def _known() -> _Known:
    """What the accounts have now, built once for each snapshot of the roster."""
    global _latest
    snapshot = roster.current()
    if _latest is None or _latest.snapshot is not snapshot:
        _latest = _from(snapshot)
    return _latest


def _from(snapshot: Roster) -> _Known:
    """Where several accounts have a model, the first one counts. Equal lists with equal rights are read once."""
    quotas: dict[str, Mapping[str, Any]] = {}
    listed: dict[str, Mapping[str, Any]] = {}
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for account in snapshot.accounts.values():
        if not account.available:
            continue
        for name, quota in account.quota.items():
            if not name.startswith(_INTERNAL) and account.serves(name):
                quotas.setdefault(name, quota)
        same = (id(account.models), account.allowed_models)
        if account.models and same not in seen:
            seen.add(same)
            for name, resource in account.models.items():
                if account.serves(name):
                    listed.setdefault(name, resource)
    return _Known(snapshot, quotas, listed)
