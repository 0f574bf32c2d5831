"""Files that hold accounts, in the forms people have them.

Read are: `[{"email", "refresh_token"}]`, one such object, objects under `accounts`, one object a line, google-auth
credential files (tokens at the top, or under `token`, with `expiry`, `expired`, `expiry_date` in milliseconds or
`expiry_timestamp` in seconds), and plain lines: a refresh token, or a Gemini API key, alone or after an email and a
comma, semicolon, space or tab. Text around tokens that start with `1//` is passed over. Nothing here touches the
database.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts_app.accounts import ADDRESS, Newcomer
from accounts_app.models import Account

GOOGLE_REFRESH_TOKEN = re.compile(r"1//[A-Za-z0-9_.-]+")
API_KEY_PREFIX = "AIza"
# Where other tools nest what belongs to one account.
NESTS = ("token", "tokens", "credential", "credentials", "oauth")
LISTS = ("accounts", "items", "credentials")


@dataclass(frozen=True, slots=True)
class Entry:
    """One account found in a file, or why what stands there is none. `place` is "line 3" or "entry 3"."""

    place: str
    newcomer: Newcomer | None = None
    trouble: str = ""


def read(text: str) -> Iterator[Entry]:
    """Every account in `text`, in order, and everything that looked like one and is not."""
    text = text.removeprefix("\ufeff").strip()
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
        return
    for number, item in enumerate(_items(parsed), 1):
        yield _entry(_("entry %(number)d") % {"number": number}, item)


def placed(file_name: str, entries: Iterator[Entry]) -> Iterator[Entry]:
    """The entries of one file among several."""
    for entry in entries:
        yield replace(entry, place=f"{file_name} {entry.place}")


def _lines(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        place, line = _("line %(number)d") % {"number": number}, line.strip().rstrip(",")
        if not line or line.startswith("#"):
            continue
        if line.startswith("{"):
            yield _entry(place, _json_or_none(line))
            continue
        fields = [field.strip("\"'") for field in re.split(r"[,;\s]+", line)]
        email = fields[0] if ADDRESS.fullmatch(fields[0]) else ""
        rest = fields[1:] if email else fields
        found = GOOGLE_REFRESH_TOKEN.findall(line) or (rest if len(rest) == 1 else [])
        if not found:
            yield Entry(place, trouble=_("no refresh token here"))
        for token in found:
            yield Entry(place, _from_word(token, email))


def _from_word(word: str, email: str) -> Newcomer:
    if word.startswith(API_KEY_PREFIX):
        return Newcomer(Account.Kind.GEMINI_API, email, api_key=word)
    return Newcomer(email=email.lower(), refresh_token=word)


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


def _entry(place: str, item: Any) -> Entry:
    if isinstance(item, str) and item.strip():
        return Entry(place, _from_word(item.strip(), ""))
    if not isinstance(item, Mapping):
        return Entry(place, trouble=_("not an account"))
    fields = _flattened(item)
    email = _word(fields, "email", "label", "name")
    if api_key := _word(fields, "api_key", "apiKey"):
        return Entry(place, Newcomer(Account.Kind.GEMINI_API, email, api_key=api_key))
    refresh_token = _word(fields, "refresh_token", "refreshToken")
    if not refresh_token:
        return Entry(place, trouble=_("no refresh token here"))
    project = _word(fields, "project_id", "projectId", "project")
    expires_at = _expiry(fields)
    # Without its expiry a stored access token is most likely stale: leave it, the refresh token makes a new one.
    access_token = _word(fields, "access_token", "accessToken", "token") if expires_at else ""
    email = email.lower() if ADDRESS.fullmatch(email) else _email_in(_word(fields, "id_token"))
    return Entry(place, Newcomer(Account.Kind.CLOUD_CODE, email, refresh_token, access_token, expires_at, project))


def _flattened(item: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(item)
    for nest in NESTS:
        if isinstance(item.get(nest), Mapping):
            fields = {**item[nest], **{name: value for name, value in fields.items() if value}}
    return fields


def _word(fields: Mapping[str, Any], *names: str) -> str:
    return next((value.strip() for name in names if isinstance(value := fields.get(name), str) and value.strip()), "")


def _email_in(id_token: str) -> str:
    """The address an ID token names. Its signature does not matter here: the address is only a label."""
    part = id_token.split(".")[1] if "." in id_token else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return ""
    return _word(claims, "email").lower() if isinstance(claims, Mapping) else ""


def _expiry(fields: Mapping[str, Any]) -> datetime | None:
    """`expiry_date` is in milliseconds, `expiry_timestamp` in seconds; the others are RFC 3339 texts."""
    try:
        if milliseconds := fields.get("expiry_date"):
            return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)
        if stamp := fields.get("expiry_timestamp"):
            return datetime.fromtimestamp(float(stamp), UTC)
        if told := _word(fields, "expiry", "expired", "expires_at"):
            moment = datetime.fromisoformat(told)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return None
