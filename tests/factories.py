"""Rows and values for tests: the minimum that works, with the fields that matter to a test as arguments."""

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts_app.api_keys import keys
from accounts_app.models import Account, Credential

# Enough for a cache, which has a smallest size.
LONG = "All work and no play makes Jack a dull boy. " * 400


def make_account(email: str = "alice@example.com", **fields: Any) -> Account:
    """A cloud_code account in service, whose access token is valid for an hour."""
    token_fields = {
        "refresh_token": fields.pop("refresh_token", f"refresh-{email}"),
        "access_token": fields.pop("access_token", f"access-{email}"),
        "expires_at": fields.pop("expires_at", datetime.now(UTC) + timedelta(hours=1)),
    }
    account = Account.objects.create(**{"kind": "cloud_code", "email": email, "project": "my-project"} | fields)
    Credential.objects.create(account=account, **token_fields)
    return account


def make_api_key(name: str = "laptop", key: str | None = None) -> str:
    """The key itself."""
    return keys.issue(name, key)


def a_prompt(text: str = "Hello there", **fields: Any) -> dict[str, Any]:
    """The body of a generateContent call."""
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


def a_cache(text: str = LONG, model: str = "gemini-2.5-flash") -> dict[str, Any]:
    """The body of a call that creates a cache."""
    return {"model": f"models/{model}", **a_prompt(text), "ttl": "600s"}
