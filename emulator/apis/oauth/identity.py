"""What a token says about its owner: userinfo, tokeninfo, the id token; and taking it back."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING

from emulator.state.accounts import Account
from emulator.wire.replies import Json, Reply, json_reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

NO_STORE = (("cache-control", "no-cache, no-store, max-age=0, must-revalidate"), ("pragma", "no-cache"))


def userinfo(google: Google, call: Call) -> Reply:
    account, good = google.accounts.by_access_token(call.bearer or call.request.query.get("access_token", ""))
    if account is None or not good:
        text = "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or"
        error = {"code": 401, "message": f"{text} other valid authentication credential.", "status": "UNAUTHENTICATED"}
        return json_reply({"error": error}, 401)
    name = account.email.split("@")[0].replace(".", " ").title()
    told = {"id": _subject(account), "email": account.email, "verified_email": True, "name": name, "given_name": name}
    return json_reply({**told, "picture": "https://lh3.example/photo.png"})


def tokeninfo(google: Google, call: Call) -> Reply:
    token = {**call.request.query, **form_of(call)}.get("access_token", "") or call.bearer
    account, good = google.accounts.by_access_token(token)
    if account is None or not good:
        return refused(400, "invalid_token", "Invalid Value")
    told = {"email": account.email, "email_verified": "true", "expires_in": str(int(google.accounts.token_lifetime))}
    return json_reply({**told, "sub": _subject(account), "access_type": "offline"})


def revoke(google: Google, call: Call) -> Reply:
    token = {**call.request.query, **form_of(call)}.get("token", "")
    account = google.accounts.by_access_token(token)[0] or google.accounts.by_refresh_token(token)
    if account is None or account.revoked:
        return refused(400, "invalid_token", "Token expired or revoked")
    google.accounts.revoke(account.email)
    return json_reply({})


def id_token(account: Account, now: float) -> str:
    """A JWT of the right shape; nobody may trust its signature."""
    claims = {"iss": "https://accounts.google.com", "email": account.email, "email_verified": True, "iat": int(now)}
    sections: list[Json] = [
        {"alg": "RS256", "typ": "JWT"},
        {**claims, "sub": _subject(account), "exp": int(now) + 3600},
    ]
    encoded = [base64url(json.dumps(section).encode()) for section in sections]
    return ".".join([*encoded, base64url(b"not a signature")])


def refused(status: int, error: str, description: str) -> Reply:
    """The OAuth endpoints' own error form, RFC 6749 section 5.2."""
    return json_reply({"error": error, "error_description": description}, status, NO_STORE)


def form_of(call: Call) -> dict[str, str]:
    return call.body if isinstance(call.body, dict) else {}


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _subject(account: Account) -> str:
    return str(int(hashlib.sha256(account.email.encode()).hexdigest()[:16], 16)).zfill(21)[:21]
