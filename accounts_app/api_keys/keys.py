"""API keys of clients: issue, verify, revoke. Only a digest is stored."""

import hashlib
import secrets

from django.utils.translation import gettext as _

from accounts_app import roster
from accounts_app.models import ApiKey
from accounts_app.roster import KeyView, RosterUnavailable

__all__ = [
    "DEFAULT",
    "KeyView",
    "NoSuchKey",
    "RosterUnavailable",
    "UnusableKey",
    "any_configured",
    "auth_mode",
    "by_id",
    "check",
    "digest",
    "issue",
    "issue_first",
    "new_key",
    "revoke",
    "verify",
]

PREFIX = "gw-"
# The key that the settings page and the first run set.
DEFAULT = "default"


class NoSuchKey(Exception):
    """No API key has this name."""


class UnusableKey(ValueError):
    """A key that an operator has chosen and that clients could not send."""


def new_key() -> str:
    """`gw-` and 43 url-safe characters: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(key: str) -> str:
    """SHA-256 in hex. Keys are random, so a slow hash would add nothing but time to every call."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue(name: str, key: str | None = None) -> str:
    """Make the key called `name`, or replace its secret; the only time that the key itself is returned.

    Raises UnusableKey when `key` is given and is empty, has white space in it, or belongs to another name.
    """
    if key is None:
        key = new_key()
    else:
        check(name, key)
    ApiKey.objects.update_or_create(name=name, defaults={"digest": digest(key), "hint": key[-4:], "enabled": True})
    return key


def check(name: str, key: str) -> None:
    """Raises UnusableKey when `issue` would."""
    if not key or any(character.isspace() for character in key):
        raise UnusableKey(_("An API key is one word, without spaces."))
    if ApiKey.objects.filter(digest=digest(key)).exclude(name=name).exists():
        raise UnusableKey(_("This key already has another name."))


def issue_first(key: str = "") -> str:
    """Where no API key exists yet, make the one called `default`, of the given `key` or a random one; else ""."""
    return "" if ApiKey.objects.exists() else issue(DEFAULT, key or None)


def revoke(name: str) -> None:
    """Refuse the key called `name` from now on; its usage stays in the request log. Raises NoSuchKey."""
    if not ApiKey.objects.filter(name=name).update(enabled=False):
        raise NoSuchKey(f"There is no API key called {name!r}.")


def verify(presented: str, now: float) -> KeyView | None:
    """The key that a client presented, if it is known, enabled and not expired at `now`.

    From memory: no I/O. Raises RosterUnavailable before the first snapshot.
    """
    view = known(presented)
    return view if view is not None and _is_valid(view, now) else None


def by_id(id_: int, now: float) -> KeyView | None:
    """The key of this id, if it is enabled and not expired at `now`. From memory: no I/O. Raises RosterUnavailable."""
    view = next((view for view in roster.current().keys.values() if view.id == id_), None)
    return view if view is not None and _is_valid(view, now) else None


def _is_valid(view: KeyView, now: float) -> bool:
    return view.enabled and (view.expires_at is None or view.expires_at > now)


def known(presented: str) -> KeyView | None:
    """The key that a client presented, also if it is disabled or has expired. Raises RosterUnavailable."""
    return roster.current().keys.get(digest(presented))


def any_configured() -> bool:
    """Whether there is any enabled API key."""
    return any(view.enabled for view in roster.current().keys.values())


def auth_mode() -> str:
    """The operator's choice: auto, off, all_except_health or strict."""
    return roster.current().settings.auth_mode
