"""Accounts that arrive many at once: known ones are recognised, nameless ones named, one bad one stops nobody."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from accounts_app import accounts
from accounts_app.account_files import Entry
from accounts_app.accounts import Newcomer, Unusable
from accounts_app.models import Account


class Fate(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    KNOWN = "already here"
    REFUSED = "not taken"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one entry; `name` is the account's email or label, `why` is set for a refused one."""

    place: str
    fate: Fate
    name: str = ""
    why: str = ""


def take_in(entries: Iterable[Entry], email_of: Callable[[Newcomer], str]) -> Iterator[Arrival]:
    """Connect each entry's account, in order, telling what became of it.

    1. An entry that is no account is refused with its reason.
    2. A token or key that is stored already is left alone, whatever it is called.
    3. A nameless Google account is asked for its email: `email_of` answers "" when nobody can tell now, and raises
       Unusable when Google refuses the token. Without an answer it gets a name made from its token.
    4. It is connected: an account of that name gets the new token.
    """
    known = accounts.known_secrets()
    for entry in entries:
        if entry.newcomer is None:
            yield Arrival(entry.place, Fate.REFUSED, why=entry.trouble)
            continue
        mark = accounts.fingerprint(entry.newcomer.refresh_token or entry.newcomer.api_key)
        if mark in known:
            yield Arrival(entry.place, Fate.KNOWN, known[mark])
            continue
        try:
            newcomer = _named(entry.newcomer, mark, email_of)
            connected = accounts.connect(newcomer)
        except Unusable as error:
            yield Arrival(entry.place, Fate.REFUSED, entry.newcomer.email, str(error))
            continue
        known[mark] = connected.email
        yield Arrival(entry.place, Fate.ADDED if connected.is_new else Fate.UPDATED, connected.email)


def _named(newcomer: Newcomer, mark: str, email_of: Callable[[Newcomer], str]) -> Newcomer:
    if newcomer.email:
        return newcomer
    if newcomer.kind == Account.Kind.GEMINI_API:
        return replace(newcomer, email=f"key {mark[:8]}")
    return replace(newcomer, email=email_of(newcomer) or f"unnamed-{mark[:8]}@import.invalid")


def ask_google(newcomer: Newcomer) -> str:
    """Whose token this is, "" when Google cannot be asked now. Raises Unusable when Google refuses the token."""
    return ""
