"""The in-memory read model of accounts, keys, settings and routes: a frozen snapshot, replaced as a whole.

A call reads `current()` and nothing else. The snapshot is at most a second old, and a refresh reads only what
has changed. While the database is away the last snapshot stays in force. Cooldowns are read along and handed on by
`take_cooldown_changes`: in memory they are on the board alone.
"""

from collections.abc import Callable, Iterator

from accounts_app.roster.tables import Tables
from accounts_app.roster.views import (
    AccountView,
    CooldownChanges,
    CooldownKey,
    CredentialView,
    GroupView,
    KeyView,
    ProjectView,
    Roster,
    Route,
    RouteTable,
    SettingsView,
)
from accounts_app.storage.worker import in_database

__all__ = [
    "AccountView",
    "CooldownChanges",
    "CooldownKey",
    "CredentialView",
    "GroupView",
    "KeyView",
    "ProjectView",
    "Roster",
    "RosterUnavailable",
    "Route",
    "RouteTable",
    "SettingsView",
    "current",
    "load_now",
    "on_change",
    "refresh",
    "reset",
    "set_demo_upstream",
    "take_cooldown_changes",
]

OnChange = Callable[[Roster], None]


class RosterUnavailable(Exception):
    """The database has not been read yet."""


_tables = Tables()
_current: Roster | None = None
_listeners: list[OnChange] = []


def current() -> Roster:
    """The snapshot in force. Raises RosterUnavailable before the first one."""
    if _current is None:
        raise RosterUnavailable("The database has not been read yet.")
    return _current


async def refresh() -> None:
    """Read what has changed, off the event loop, and swap the snapshot.

    Raises Django's database errors when the database is away; the last snapshot then stays in force.
    """
    _put_in_force(await in_database(_tables.read))


def load_now() -> Roster:
    """The same in the calling thread, for commands and tests; the snapshot now in force."""
    _put_in_force(_tables.read())
    return current()


def take_cooldown_changes() -> Iterator[CooldownChanges]:
    """Hand on what was read of cooldowns, in the order of the readings; each is taken when the next is asked for.

    For the board's owner alone: nothing is handed on twice.
    """
    waiting = _tables.cooldown_changes
    while waiting:
        yield waiting[0]
        waiting.popleft()


def on_change(listener: OnChange) -> OnChange:
    """Call `listener` with every new snapshot, in the thread that swaps it; also usable as a decorator."""
    _listeners.append(listener)
    return listener


def set_demo_upstream(url: str | None) -> None:
    """Where the demo accounts' upstream listens; with None they are disabled. In force from the next refresh."""
    _tables.set_demo_upstream(url)


def reset() -> None:
    """Forget the snapshot. For tests."""
    global _current
    _tables.reset()
    _current = None


def _put_in_force(snapshot: Roster) -> None:
    global _current
    if _current is not None and snapshot.version <= _current.version:
        return  # nothing new, or a refresh in another thread was quicker
    _current = snapshot
    for listener in _listeners:
        listener(snapshot)
