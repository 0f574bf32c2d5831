"""The models that this process knows: from the roster, a catalogue, upstream's answers; see `pool.known_models`."""

from collections.abc import Iterable

from accounts_app import roster
from accounts_app.pool.choice.eligibility import STORAGE
from accounts_app.pool.names.known_models import OTHERS, KnownModels
from accounts_app.pool.names.names import canonical
from accounts_app.roster import AccountView, RosterUnavailable

__all__ = ["OTHERS", "add_catalogue", "is_known", "learn", "named", "reset"]

_models = KnownModels()
_catalogue: frozenset[str] = frozenset()
_seen = 0  # the roster's version


def add_catalogue(names: Iterable[str]) -> None:
    """Add the models of a catalogue."""
    global _catalogue
    _catalogue |= frozenset(names)
    _models.declare(_catalogue)


def learn(name: str, now: float) -> None:
    """Add a model that upstream has answered for (2xx); `now` in seconds, always by the same clock."""
    _models.learn(canonical(name), now)


def is_known(name: str) -> bool:
    """Whether the model is known, or is what a cooldown of a storage is for. From any thread."""
    return canonical(name) in _models or name.startswith(STORAGE)


def named(asked: str) -> str:
    """The name under which usage of a requested model is summed: its own, the matching route's with a `*`, or OTHERS.

    From any thread.
    """
    asked = canonical(asked)
    if not asked or asked in _models:
        return asked
    try:
        route = roster.current().routes.find(asked)
    except RosterUnavailable:
        return OTHERS
    return route.pattern if route else OTHERS


def reset() -> None:
    """Forget all but the catalogue. For tests."""
    global _models, _seen
    _models, _seen = KnownModels(), 0
    _models.declare(_catalogue)


@roster.on_change
def _catch_up(snapshot: roster.Roster) -> None:
    global _seen
    follows, _seen = snapshot.version == _seen + 1, snapshot.version
    routes = snapshot.routes.targets
    _models.declare(map(canonical, routes.values()))
    _models.declare(pattern for pattern in routes if "*" not in pattern)
    for account in snapshot.changed_accounts if follows else snapshot.accounts:
        if (view := snapshot.accounts.get(account)) is not None:
            _models.declare(_names_of(view))


def _names_of(account: AccountView) -> Iterable[str]:
    yield from account.quota
    yield from account.models
    yield from (name for name in account.allowed_models if "*" not in name)
