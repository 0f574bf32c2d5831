"""The diagnostics file of one call: what is needed to reproduce it, and nothing confidential.

It has no prompt, no response and no secret; addresses are masked. What goes into it is named one by one, so that a new
setting stays out until it is added.
"""

import platform
import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db import connection

from accounts_app import leasing
from accounts_app.api_keys.keys import RosterUnavailable
from accounts_app.pool import secret_shapes
from accounts_app.status import diagnostics as stored
from proxy_app.models import UsageRecord
from proxy_app.wire.operations import FORWARDED, OPERATIONS, Takes
from proxy_app.wire.operations.columns import VARIABLE

PACKAGES = ("Django", "django-ninja", "django-unfold", "daphne", "Twisted", "httpx", "aiohttp", "msgspec")
SETTINGS = (
    "GATEWAY_MAX_BODY_MB",
    "GATEWAY_MAX_UPLOAD_MB",
    "GATEWAY_SPOOL_MB",
    "GATEWAY_MAX_ATTEMPTS",
    "GATEWAY_CONNECT_TIMEOUT",
    "GATEWAY_FIRST_EVENT_TIMEOUT",
    "GATEWAY_PLAIN_ANSWER_TIMEOUT",
    "GATEWAY_MAX_SERVER_TIMEOUT",
    "GATEWAY_IDLE_TIMEOUT",
    "GATEWAY_MAX_WAIT",
    "GATEWAY_DRAIN_SECONDS",
    "DEBUG",
)
COUNTED_SETTINGS = ("GATEWAY_ALLOWED_HOSTS", "GATEWAY_CORS_ORIGINS", "GATEWAY_TRUSTED_PROXIES")
ENTRY_COLUMNS = (
    "attempt", "at", "dialect", "method", "model", "upstream_model", "outcome", "status", "delivered", "why",
    "wait_ms", "first_event_ms", "duration_ms", "overhead_us", "events", "prompt_tokens", "cached_tokens",
    "candidates_tokens", "thoughts_tokens", "tool_tokens", "total_tokens",
)  # fmt: skip

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_SECRETS = re.compile(r"(?<=Bearer )\S+|(?<=[?&]key=)[^&\s]+")
_PROJECT = re.compile(r"(?<=projects/)[\w:.-]+|(?<=project )[a-z][\w-]{4,}\b|(?<=project=)[\w-]+", re.IGNORECASE)


def report(attempts: list[UsageRecord]) -> dict[str, Any]:
    """The file as JSON fields, for the call of these attempts, of which there is at least one."""
    last = attempts[-1]
    return {
        "about": "A call through Gemini Gateway. Prompts and responses are not included.",
        "request_id": last.request_id,
        "replay": _replay(last),
        "attempts": [_entry(entry) for entry in attempts],
        "accounts": _accounts({entry.account_id for entry in attempts if entry.account_id}, last.upstream_model),
        "routing": {**stored.routing(), "model_now_leads_to": _leads_to(last.model)},
        "settings": _settings(),
        "versions": _versions(),
    }


def masked(label: str) -> str:
    """`a***@***.com` of an address, the first letter of any other label."""
    if "@" not in label:
        return f"{label[:1]}***" if label else ""
    return f"{label[:1]}***@***.{label.rpartition('.')[2]}"


def redacted(text: str) -> str:
    """An upstream's text without addresses, project names and anything that looks like a secret."""
    text = _MAIL.sub(lambda mail: masked(mail[0]), text)
    return _PROJECT.sub("***", _SECRETS.sub("***", secret_shapes.masked(text)))


def _replay(entry: UsageRecord) -> dict[str, Any]:
    http, path, sends = _request(entry)
    body = ['-H "Content-Type: application/json"', "--data-binary @request.json"] if sends else []
    method = "" if http == "POST" and sends else f"-X {http} "
    command = [
        f'curl -N {method}"$GATEWAY/{path}"',
        '-H "x-goog-api-key: $API_KEY"',
        '-H "X-Gateway-Explain: 1"',
        *body,
    ]
    return {
        "command": " \\\n  ".join(command),
        "placeholders": {
            "GATEWAY": "the gateway's address",
            "API_KEY": "a key that may request routing details",
            "NAME": "the name of the resource, where one stands in the address",
            "request.json": "the body of the call",
        },
        "upstream": "`python manage.py emulator` answers as Google would; attempts[].status is what upstream answered.",
    }


def _request(entry: UsageRecord) -> tuple[str, str, bool]:
    """A call's HTTP method and path, and whether it has a body."""
    if entry.method == FORWARDED.name:
        return "POST", "v1beta/$NAME", True  # what it was called by is not known
    row = next((each for each in OPERATIONS if each.name == entry.method and not each.on_model), None)
    if row is None:
        query = "?alt=sse" if entry.method == "streamGenerateContent" else ""
        # Clients choose these names, and the command is made to be pasted into a shell.
        return "POST", f"v1beta/models/{quote(entry.model)}:{quote(entry.method)}{query}", True
    root = f"{row.root}/" if row.root else ""
    return row.http, f"{root}v1beta/{VARIABLE.sub('$NAME', row.template)}", row.takes is not Takes.NOTHING


def _entry(entry: UsageRecord) -> dict[str, Any]:
    return {
        **{name: getattr(entry, name) for name in ENTRY_COLUMNS},
        "resource": _kind(entry.resource),
        "why": redacted(entry.why),
        "endpoint": _host(entry.endpoint),
        "message": redacted(entry.message),
        "account": entry.account_id,
        "account_label": masked(entry.account_label),
        "api_key": entry.api_key_id,
    }


def _kind(resource: str) -> str:
    """A resource without its id, which a client may have chosen."""
    collection, slash, _ = resource.partition("/")
    return f"{collection}/***" if slash else collection


def _accounts(ids: Iterable[int], model: str) -> list[dict[str, Any]]:
    return [
        {**row, "label": masked(row["label"]), "parked_message": redacted(row["parked_message"])}
        for row in stored.accounts(ids, model)
    ]


def _leads_to(model: str) -> str | None:
    try:
        return leasing.routed(model)
    except RosterUnavailable:
        return None


def _settings() -> dict[str, Any]:
    values = {name: getattr(settings, name) for name in SETTINGS}
    values |= {name: f"{len(getattr(settings, name))} set" for name in COUNTED_SETTINGS}
    return {
        **values,
        "auth_mode": stored.auth_mode(),
        "CLOUD_CODE_URLS": [_host(base) for base in settings.CLOUD_CODE_URLS],
        "GEMINI_API_URL": _host(settings.GEMINI_API_URL),
        "GOOGLE_OAUTH_CLIENT_ID": "set" if settings.GOOGLE_OAUTH_CLIENT_ID else "not set",
        "CACHE_URL": urlsplit(settings.CACHE_URL).scheme,
        "database": connection.vendor,
    }


def _versions() -> dict[str, str]:
    return {
        "gateway": settings.USER_AGENT,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _host(url: str) -> str:
    """A URL without credentials, path and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}" if parts.scheme else ""
