"""The models this gateway offers: its own catalogue, what upstream lists, what the accounts have, and aliases.

A group does not see what accounts of projects have that are `closed` to it.
"""

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

Closed = frozenset[int]  # ids of projects
OPEN: Closed = frozenset()

Described = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Known:
    """The quotas and Model resources that available accounts have, by model."""

    quotas: Described
    listed: Described

    def __contains__(self, name: str) -> bool:
        return name in catalogue.KNOWN or name in self.quotas or name in self.listed


_snapshot: Roster | None = None
_latest: dict[Closed, _Known] = {}  # of that snapshot


def closed_to(group: int | None) -> Closed:
    """The projects that a group may not use, as they are exclusive to others."""
    projects = roster.current().projects.values()
    return frozenset(each.id for each in projects if each.exclusive_to not in (None, group))


def offered(closed: Closed = OPEN) -> list[Model]:
    """Every Model by name: for models.list."""
    known = _known(closed)
    names = {*catalogue.KNOWN, *known.quotas, *known.listed, *_aliases()}
    return [_resource(name, known) for name in sorted(names)]


def find(name: str, closed: Closed = OPEN) -> Model | None:
    """The Model called `name`, or None when it is unknown: for models.get."""
    known = _known(closed)
    return _resource(name, known) if name in known or roster.current().routes.resolve(name) in known else None


def target(name: str) -> str:
    """The model that a client means by `name`."""
    return roster.current().routes.resolve(name)


def accounts_to_ask(model: str, closed: Closed) -> list[AccountView]:
    """The accounts whose upstream can look up `model`."""
    return [
        one
        for one in roster.current().accounts.values()
        if one.kind == "gemini_api" and one.available and one.serves(model) and one.owner not in closed
    ]


def _resource(name: str, known: _Known) -> Model:
    """The Model of `name`; an alias has the limits of the model it stands for, under its own name."""
    model = target(name)
    resource = catalogue.model_resource(model, known.quotas.get(model), dict(known.listed.get(model, {})) or None)
    return resource if model == name else {**resource, "name": f"models/{name}"}


def _aliases() -> list[str]:
    return list(filter(is_model_name, roster.current().routes.targets))  # no name has a * in it


def _known(closed: Closed) -> _Known:
    """What the accounts have now, built once for each snapshot of the roster."""
    global _snapshot
    if _snapshot is not roster.current():
        _snapshot = roster.current()
        _latest.clear()
    if closed not in _latest:
        _latest[closed] = _from(_snapshot, closed)
    return _latest[closed]


def _from(snapshot: Roster, closed: Closed) -> _Known:
    """Where several accounts have a model, the first one counts. Equal lists with equal rights are read once."""
    quotas: dict[str, Mapping[str, Any]] = {}
    listed: dict[str, Mapping[str, Any]] = {}
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for account in snapshot.accounts.values():
        if not account.available or account.owner in closed:
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
    return _Known(quotas, listed)
