"""Google's OAuth endpoints: consent, code exchange, refresh, userinfo. The only door to the token endpoint.

What can go wrong:

    OAuthError
      InvalidGrant              permanent: the account's owner has to sign in again
      TokenEndpointUnavailable  transient: network trouble, 429, 5xx, an answer that cannot be read
      ClientRefused             GOOGLE_OAUTH_CLIENT_ID and GOOGLE_OAUTH_CLIENT_SECRET are not what Google expects
      ClientMissing             they are not set

The last two are about the gateway's own settings, not about an account.

No token, code or secret appears in a message, a log line or a `repr`.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from django.conf import settings

from accounts_app import http_client
from accounts_app.pool import foreign_text

SCOPES = (
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/userinfo.profile",
)

# The token endpoint answers within a second; so long without a byte is an outage.
SILENCE_SECONDS = 20.0

# Google's tokens live an hour; used only if a response does not say.
USUAL_LIFE = 3600.0
# Workforce and service tokens may live up to twelve hours; more than a day is not plausible.
LONGEST_LIFE = 86_400.0

# Descriptions are a sentence; a longer one is a page that a proxy has answered with.
LONGEST_TEXT = 500

_TOKEN_FIELD = re.compile(rb'"(access_token|refresh_token)"\s*:\s*"([!#-\[\]-~]+)"')

# Errors that end a grant: its owner has to sign in again. Everything else is transient.
PERMANENT = frozenset({"invalid_grant", "invalid_rapt", "access_denied", "admin_policy_enforced", "invalid_scope"})

# Errors of the OAuth client, which all accounts have in common: none of them is to blame.
CLIENT_ERRORS = frozenset(
    {"invalid_client", "unauthorized_client", "deleted_client", "disabled_client", "redirect_uri_mismatch"}
)


class OAuthError(Exception):
    """A call to Google's OAuth endpoints failed."""


class InvalidGrant(OAuthError):
    """Permanent. `reason` is Google's code (`invalid_grant`, `invalid_rapt` …), `parked` one of `Account.parked`."""

    parked = "sign_in"

    def __init__(self, reason: str, description: str = "") -> None:
        self.reason = reason
        super().__init__(
            f"Google no longer accepts this account's sign-in ({_said(reason, description)}). Sign in again."
        )


class TokenEndpointUnavailable(OAuthError):
    """Transient: the same call may succeed later. The account is not to blame.

    `refresh_token` is one that came without an access token: the old one may be void.
    """

    def __init__(self, message: str, refresh_token: str = "") -> None:
        super().__init__(message)
        self.refresh_token = refresh_token


class ClientRefused(OAuthError):
    """Google does not accept the operator's OAuth client. `reason` is Google's code (`invalid_client` …)."""

    def __init__(self, reason: str, description: str = "") -> None:
        self.reason = reason
        super().__init__(
            f"Google does not accept this gateway's OAuth client ({_said(reason, description)}). Set "
            "GOOGLE_OAUTH_CLIENT_ID and GOOGLE_OAUTH_CLIENT_SECRET to the client that the accounts were connected with."
        )


class ClientMissing(OAuthError):
    """The operator has not set an OAuth client."""

    def __init__(self) -> None:
        super().__init__(
            "No OAuth client is set. Make one of type “Desktop app” in the Google Cloud console (APIs & Services, "
            "Credentials), and set GOOGLE_OAUTH_CLIENT_ID and GOOGLE_OAUTH_CLIENT_SECRET."
        )


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """The token endpoint's response. `refresh_token` is empty if the old one stays valid, `expires_in` in seconds."""

    access_token: str = field(repr=False)
    expires_in: float
    refresh_token: str = field(default="", repr=False)
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The Google account that consented."""

    email: str
    name: str = ""
    verified: bool = True


def new_verifier() -> str:
    """A PKCE code verifier (RFC 7636), 43 characters, to be kept with the `state` until the callback."""
    return secrets.token_urlsafe(32)


def authorize_url(*, redirect_uri: str, state: str, verifier: str, login_hint: str = "") -> str:
    """Where the browser goes for consent. Raises ClientMissing."""
    digest = hashlib.sha256(verifier.encode()).digest()
    client_id, _ = _oauth_client(settings.GOOGLE_OAUTH_TOKEN_URL)
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if login_hint:
        query["login_hint"] = login_hint
    return f"{settings.GOOGLE_OAUTH_AUTHORIZE_URL}?{urlencode(query)}"


async def exchange_code(code: str, *, redirect_uri: str, verifier: str, proxy_url: str = "") -> TokenGrant:
    """Turn the callback's code into tokens. Raises OAuthError; an old or used code is an InvalidGrant."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    return await _ask_token_endpoint(settings.GOOGLE_OAUTH_TOKEN_URL, form, proxy_url)


async def refresh(refresh_token: str, *, token_url: str = "", proxy_url: str = "") -> TokenGrant:
    """A new access token. `token_url` is GOOGLE_OAUTH_TOKEN_URL unless it is given. Raises OAuthError."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await _ask_token_endpoint(token_url or settings.GOOGLE_OAUTH_TOKEN_URL, form, proxy_url)


async def userinfo(access_token: str, *, proxy_url: str = "", url: str = "") -> Person:
    """The owner of a token. Raises InvalidGrant when it is not good (any more), else TokenEndpointUnavailable."""
    headers = {"Authorization": f"Bearer {access_token}"}
    request = http_client.request("GET", url or settings.GOOGLE_USERINFO_URL, headers, read_timeout=SILENCE_SECONDS)
    response = await _send(request, proxy_url)
    found = _json_object(response)
    if response.status_code in (401, 403):
        raise InvalidGrant("access_denied", "the access token is not accepted")
    email = _text(found, "email")
    if response.status_code != 200 or not email:
        raise TokenEndpointUnavailable(f"userinfo answered with {response.status_code} and no email.")
    verified = found.get("verified_email", found.get("email_verified", True))
    return Person(email, _text(found, "name"), verified not in (False, "false"))


async def _ask_token_endpoint(url: str, form: dict[str, str], proxy_url: str) -> TokenGrant:
    client_id, client_secret = _oauth_client(url)
    body = urlencode({"client_id": client_id, "client_secret": client_secret, **form}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    request = http_client.request("POST", url, headers, body, read_timeout=SILENCE_SECONDS)
    response = await _send(request, proxy_url)
    found = _json_object(response)
    if response.status_code != 200:
        raise _failure(response.status_code, found)
    # The old refresh token may be void from here on, so that a new one is not lost, whatever stands beside it.
    found = found or _tokens_in(response.content)
    access_token, refresh_token = _token(found, "access_token"), _token(found, "refresh_token")
    if not access_token:
        raise TokenEndpointUnavailable("The token endpoint answered without an access token.", refresh_token)
    return TokenGrant(access_token, _seconds(found.get("expires_in")), refresh_token, _text(found, "scope"))


def _failure(status: int, found: dict[str, Any]) -> OAuthError:
    """InvalidGrant only for a 4xx with an error that is known to be permanent."""
    reason, description = _text(found, "error"), _text(found, "error_description")
    if 400 <= status < 500 and status not in (408, 429):
        if reason in PERMANENT:
            return InvalidGrant(_text(found, "error_subtype") or reason, description)
        if reason in CLIENT_ERRORS:
            return ClientRefused(reason, description)
    return TokenEndpointUnavailable(f"The token endpoint answered with {status}{f' ({reason})' if reason else ''}.")


async def _send(request: httpx.Request, proxy_url: str) -> httpx.Response:
    try:
        return await http_client.client(proxy_url).send(request)
    except httpx.HTTPError as error:
        raise TokenEndpointUnavailable(f"{request.url.host} cannot be reached ({type(error).__name__}).") from error


def _oauth_client(token_url: str) -> tuple[str, str]:
    """The operator's OAuth client; endpoints that are not Google's (the emulator) need none."""
    if settings.GOOGLE_OAUTH_CLIENT_ID:
        return settings.GOOGLE_OAUTH_CLIENT_ID, settings.GOOGLE_OAUTH_CLIENT_SECRET
    host = urlsplit(token_url).hostname or ""
    if host.endswith((".googleapis.com", ".google.com")):
        raise ClientMissing
    return "gemini-gateway", ""


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = foreign_text.decoded(response.content)
    except foreign_text.NotJson:
        return {}
    return found if isinstance(found, dict) else {}


def _tokens_in(raw: bytes) -> dict[str, Any]:
    """The tokens in an answer that is not quite JSON: cut short, with NaN for a number, in some other encoding."""
    return {name.decode(): value.decode() for name, value in _TOKEN_FIELD.findall(raw)}


def _said(reason: str, description: str) -> str:
    return f"{reason}: {description}" if description else reason


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    return foreign_text.cleaned(value, LONGEST_TEXT) if isinstance(value, str) else ""


def _token(found: dict[str, Any], name: str) -> str:
    """The token, or "" if it cannot be sent in a header (RFC 6749, appendix A.12)."""
    value = found.get(name)
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""


def _seconds(value: object) -> float:
    """`expires_in`, which some endpoints write as a string; at most LONGEST_LIFE."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return USUAL_LIFE
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return USUAL_LIFE
    return USUAL_LIFE if found != found else min(max(found, 0.0), LONGEST_LIFE)
