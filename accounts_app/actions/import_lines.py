"""Accounts in lines of text: a `.env` file, YAML, CSV, a list, prose. Secrets are recognised by their shape."""

import re
from collections.abc import Iterable, Iterator

from accounts_app.actions.accounts import ADDRESS, NewAccount
from accounts_app.models import Account
from accounts_app.pool import secret_shapes

_COMMENT = ("#", "//", ";", "-- ", "<!--")
_LATER_COMMENT = re.compile(r"\s(?:#|//)")
_RULE = re.compile(r"-{4,}")  # between columns, and under headings; no secret has so many in a row
_SECTION = re.compile(r"\[[^\[\]]{1,64}\]")  # of an INI or TOML file
_SEPARATORS = re.compile(r"[,;:=|\s\"'`<>()\[\]{}]+")
# `name: value`, `export NAME=value`, `"name": value`, also as an item of a YAML list.
_ASSIGNED = re.compile(
    r"(?:-\s+)*(?:(?:export|set|setx|ENV)\s+|\$env:)?[\"']?(?P<name>[A-Za-z_][\w.\-]*)[\"']?\s*[:=]\s*(?P<value>.*)"
)
# Names of fields that hold an account's name, its secret, or neither of them.
_CALLED = ("email", "label", "name", "account")
_HOLDS_SECRET = re.compile(r"refreshtoken|apikeys?$|^keys?$|^tokens?$|gemini.*key|google.*key")
_HOLDS_OTHER = re.compile(r"accesstoken|idtoken|client|scope|expir|type|uri|url|project|model|path|file")
_WORD = re.compile(r"[^\W_]")
_LONG_WORD = re.compile(r"[\w.+/\-]{20,}")
_URL = re.compile(r"\w+://\S+")
_COLUMNS = frozenset({*_CALLED, "key", "apikey", "token", "refreshtoken"})


def accounts_in(lines: Iterable[str]) -> Iterator[tuple[int, NewAccount | None]]:
    """Each account with the number of its line, from 1; None for a line that should hold one and does not.

    Comments, structure (brackets, the name of a list, a CSV file's headings) and other settings are skipped. An
    address belongs to the secret in its line, else to the next one in the lines after it.
    """
    waiting = ""
    began = False
    for number, line in enumerate(lines, 1):
        if line.startswith(_COMMENT):
            continue
        line = _RULE.sub(" ", line)
        if not _WORD.search(line) or line.startswith("- "):
            waiting = ""  # another account begins
        if secrets := secret_shapes.found(_without_comment(line)):
            named, waiting = _named(line, secrets, waiting), ""
            yield from ((number, new) for new in named)
        elif called := _called(line):
            waiting = called
        elif not _is_passed_over(line, is_first=not began):
            yield number, None
        began = began or bool(line)


def _without_comment(line: str) -> str:
    """The line up to a comment, unless that is where its secret is."""
    before = _LATER_COMMENT.split(line, maxsplit=1)[0]
    return before if secret_shapes.found(before) else line


def _named(line: str, secrets: list[str], waiting: str) -> list[NewAccount]:
    """An account for each secret. An address is used once; a second secret in the line has no name."""
    words = _SEPARATORS.split(_URL.sub(" ", line))
    addresses = [word for word in words if ADDRESS.fullmatch(word)]
    addresses = addresses or ([waiting] if waiting else [])
    return [_of(secret, address) for secret, address in zip(secrets, [*addresses, *[""] * len(secrets)], strict=False)]


def _of(secret: str, address: str) -> NewAccount:
    if secret_shapes.is_api_key(secret):
        return NewAccount(Account.Kind.GEMINI_API, address, api_key=secret)
    return NewAccount(email=address.lower() if ADDRESS.fullmatch(address) else "", refresh_token=secret)


def _called(line: str) -> str:
    """The name of the next account, if the line holds a name and nothing else."""
    assigned = _ASSIGNED.fullmatch(line)
    if assigned is None or assigned["name"].lower() not in _CALLED:
        return ""
    return assigned["value"].rstrip(",").strip("\"' ")


def _is_passed_over(line: str, *, is_first: bool) -> bool:
    """Whether a line without a secret is nothing to report."""
    if not _WORD.search(line):
        return len(line) < 80  # a page of brackets is a broken file
    if _SECTION.fullmatch(line) and not _LONG_WORD.search(line):
        return True
    if assigned := _ASSIGNED.fullmatch(line.lstrip("{[ ")):
        name, value = _plain(assigned["name"]), _URL.sub("", assigned["value"])
        if not _WORD.search(value):
            return True
        return not _HOLDS_SECRET.search(name) and bool(_HOLDS_OTHER.search(name) or not _LONG_WORD.search(value))
    return is_first and _is_heading(line)


def _is_heading(line: str) -> bool:
    """A CSV file's first line: the names of its columns."""
    columns = [column.strip("\"' ").lower() for column in re.split(r"[,;\t]", line)]
    are_names = all(re.fullmatch(r"[a-z][\w \-]*", column) for column in columns)
    return are_names and any(_plain(column) in _COLUMNS for column in columns)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
