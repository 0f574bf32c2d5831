"""Reads files that hold accounts, in the formats of this gateway and of other tools.

Accepted are: `[{"email", "refresh_token"}]`, one such object, lists of them or of keys under any name, one object a
line, google-auth credential files (tokens at the top, or under `token`, with `expiry`, `expired`, `expiry_date` in
milliseconds or `expiry_timestamp` in seconds), and lines of any kind: `.env`, YAML, CSV, prose. There a secret is
recognised by its shape, wherever it stands: a refresh token (`1//…`) or a Gemini API key (`AIza…`, `AQ.…`). Anything
else is refused, so it is never sent anywhere. Nothing here touches the database.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts_app.actions.accounts import ADDRESS, NewAccount
from accounts_app.actions.import_lines import accounts_in
from accounts_app.models import Account
from accounts_app.pool import secret_shapes

# The fields in which other tools nest the data of one account.
NESTS = ("token", "tokens", "credential", "credentials", "oauth")
LISTS = ("accounts", "items", "credentials")
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """One account found in a file, or why there is none in this place. `place` is "line 3" or "entry 3"."""

    place: str
    new: NewAccount | None = None
    trouble: str = ""


def read(text: str) -> Iterator[ImportEntry]:
    """Every account in `text`, in order, and every place that should hold one and does not."""
    text = text.removeprefix("\ufeff").strip()
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
        return
    for number, item in enumerate(_items(parsed), 1):
        yield from _entries(_("entry %(number)d") % {"number": number}, item)


def placed(file_name: str, entries: Iterator[ImportEntry]) -> Iterator[ImportEntry]:
    """The entries of one file among several, its name in their places."""
    for entry in entries:
        yield replace(entry, place=f"{file_name} {entry.place}")


def with_distinct_labels(entries: Iterable[ImportEntry]) -> list[ImportEntry]:
    """The same entries, with a number added to a label that another API key has: else the last key would replace it."""
    taken: dict[str, str] = {}
    apart = []
    for entry in entries:
        new = entry.new
        if new is not None and new.api_key and new.email:
            label, number = new.email, 1
            while taken.setdefault(label, new.api_key) != new.api_key:
                number += 1
                label = f"{new.email} {number}"
            entry = replace(entry, new=replace(new, email=label))
        apart.append(entry)
    return apart


def _lines(text: str) -> Iterator[ImportEntry]:
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if line.startswith("{") and (item := _json_or_none(line.rstrip(","))) is not None:
            yield from _entries(_("line %(number)d") % {"number": number}, item)
            lines[number - 1] = ""
    for number, found in accounts_in(lines):
        place = _("line %(number)d") % {"number": number}
        trouble = _("not an account") if lines[number - 1].startswith("{") else _neither()
        yield ImportEntry(place, found) if found else ImportEntry(place, trouble=trouble)


def _neither() -> str:
    return _("neither a refresh token (1//…) nor an API key (AIza…, AQ.…)")


def _json_or_none(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _items(parsed: Any) -> list[Any]:
    if isinstance(parsed, list):
        return parsed
    if isinstance(parsed, dict):
        for name in LISTS:
            if isinstance(parsed.get(name), list):
                return parsed[name]
    return [parsed]


def _entries(place: str, item: Any) -> Iterator[ImportEntry]:
    """The accounts in one JSON value, or one entry that says why there is none."""
    found = list(_accounts_of(item, 0))
    if not found:
        wrong = isinstance(item, str) or (isinstance(item, Mapping) and _should_hold_one(_flattened(item)))
        nothing = _("no refresh token here") if isinstance(item, Mapping) else _("not an account")
        yield ImportEntry(place, trouble=_neither() if wrong else nothing)
    for new in found:
        yield ImportEntry(place, new)


def _accounts_of(item: Any, depth: int) -> Iterator[NewAccount]:
    """The accounts in `item`: in its own fields, which also give name and expiry, and in nested values."""
    if depth > _DEEPEST:
        return
    if isinstance(item, str):
        for secret in secret_shapes.found(item):
            yield _of(secret)
    elif isinstance(item, list):
        for each in item:
            yield from _accounts_of(each, depth + 1)
    elif isinstance(item, Mapping):
        fields = _flattened(item)
        for value in fields.values():
            if isinstance(value, str):
                yield from (_of(secret, fields) for secret in secret_shapes.found(value))
        for name, value in item.items():
            if not isinstance(value, str) and not (name in NESTS and isinstance(value, Mapping)):
                yield from _accounts_of(value, depth + 1)


def _should_hold_one(fields: Mapping[str, Any]) -> bool:
    """Whether a field that is named like a refresh token or an API key has a value."""
    for name, value in fields.items():
        plain = re.sub(r"[^a-z]", "", name.lower())
        if isinstance(value, str) and value.strip() and (plain == "refreshtoken" or plain.endswith("key")):
            return True
    return False


def _of(secret: str, fields: Mapping[str, Any] | None = None) -> NewAccount:
    """The account with this secret, and with the name, proxy and expiry in the fields around it."""
    fields = fields or {}
    email = _word(fields, "email", "label", "name")
    email = email if secret_shapes.masked(email) == email else ""
    proxy_url = _word(fields, "proxy_url", "proxyUrl", "proxy")
    if secret_shapes.is_api_key(secret):
        return NewAccount(Account.Kind.GEMINI_API, email, api_key=secret, proxy_url=proxy_url)
    expires_at = _expiry(fields)
    # Without an expiry an access token is most likely stale: skip it, the refresh token gives a new one.
    access_token = _word(fields, "access_token", "accessToken", "token") if expires_at else ""
    project = _word(fields, "project_id", "projectId", "project")
    email = email.lower() if ADDRESS.fullmatch(email) else _email_in(_word(fields, "id_token"))
    return NewAccount(Account.Kind.CLOUD_CODE, email, secret, access_token, expires_at, project, proxy_url=proxy_url)


def _flattened(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(item)
    for nest in NESTS:
        if isinstance(item.get(nest), Mapping):
            fields = {**item[nest], **{name: value for name, value in fields.items() if value}}
    return fields


def _word(fields: Mapping[str, Any], *names: str) -> str:
    return next((value.strip() for name in names if isinstance(value := fields.get(name), str) and value.strip()), "")


def _email_in(id_token: str) -> str:
    """The address in an ID token. Its signature is not checked: the address is only a label."""
    part = id_token.split(".")[1] if "." in id_token else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return ""
    return _word(claims, "email").lower() if isinstance(claims, Mapping) else ""


def _expiry(fields: Mapping[str, Any]) -> datetime | None:
    """`expiry_date` is in milliseconds, `expiry_timestamp` in seconds; the others are RFC 3339 texts."""
    try:
        if milliseconds := fields.get("expiry_date"):
            return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
        if stamp := fields.get("expiry_timestamp"):
            return datetime.fromtimestamp(float(stamp), UTC)
        if stamp_text := _word(fields, "expiry", "expired", "expires_at"):
            moment = datetime.fromisoformat(stamp_text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return None
