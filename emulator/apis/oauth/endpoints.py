"""The OAuth endpoints: consent in the browser, code and refresh at the token endpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from emulator.apis.oauth.consent_page import consent_page, error_page
from emulator.apis.oauth.identity import NO_STORE, base64url, form_of, id_token, refused, revoke, tokeninfo, userinfo
from emulator.state.accounts import Account
from emulator.state.consents import Consent
from emulator.wire.errors import unknown_path
from emulator.wire.replies import Json, Reply, json_reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_CODE_LIFETIME = 600.0
_GUESTS = ("alice@example.com", "bob@example.com", "carol@example.com")


def account_of(google: Google, call: Call) -> Account | None:
    """Whose call it is, for scripts and recordings."""
    form = form_of(call)
    if call.route.call == "token" and (token := form.get("refresh_token")):
        return google.accounts.by_refresh_token(token)
    if call.bearer:
        return google.accounts.by_access_token(call.bearer)[0]
    return None


def answer(google: Google, call: Call) -> Reply:
    method = _METHODS.get((call.request.method, call.route.call))
    return method(google, call) if method else unknown_path(call.request.path)


def consent_target(google: Google, asked: Mapping[str, str], email: str, *, allow: bool = True) -> str:
    """Where the browser goes after the decision: the redirect_uri with code and state, or with an error."""
    state = {"state": asked["state"]} if "state" in asked else {}
    if not allow:
        return _with_query(asked["redirect_uri"], {"error": "access_denied", **state})
    account = google.accounts.get_or_add(email)
    account.revoked = False
    known = (email, asked["client_id"])
    offline = asked.get("access_type") == "offline"
    consent = Consent(
        email=email,
        client_id=asked["client_id"],
        redirect_uri=asked["redirect_uri"],
        scope=asked.get("scope", ""),
        challenge=asked.get("code_challenge", ""),
        # Google gives a refresh token only with the first consent, or when consent is asked for again.
        offline=offline and (known not in google.consents.known or "consent" in asked.get("prompt", "")),
        expires_at=google.now() + _CODE_LIFETIME,
    )
    google.consents.known.add(known)
    code = google.consents.issue(consent)
    return _with_query(asked["redirect_uri"], {**state, "code": code, "scope": consent.scope, "authuser": "0"})


# -- in the browser -------------------------------------------------------------------------------------------------


def _authorize(google: Google, call: Call) -> Reply:
    asked = call.request.query
    if invalid := _invalid_request(google, asked):
        return error_page(*invalid)
    known = [account.email for account in google.accounts.all()]
    emails = [*known, *(guest for guest in _GUESTS if guest not in known)] if google.accounts.any_credentials else known
    return consent_page(asked, emails, any_email=google.accounts.any_credentials)


def _decide(google: Google, call: Call) -> Reply:
    asked = {**call.request.query, **form_of(call)}
    if invalid := _invalid_request(google, asked):
        return error_page(*invalid)
    allow, email = asked.get("decision") != "deny", asked.get("email", "").strip()
    if allow and not google.accounts.any_credentials and google.accounts.get(email) is None:
        return error_page("invalid_request", f"There is no account {email}.")
    if allow and "@" not in email:
        return error_page("invalid_request", "Choose an account.")
    target = consent_target(google, asked, email, allow=allow)
    return Reply(status=302, headers=(("location", target),), sized=True)


def _invalid_request(google: Google, asked: Mapping[str, str]) -> tuple[str, str] | None:
    if asked.get("response_type") != "code":
        return "invalid_request", "Required parameter is missing: response_type"
    if not asked.get("client_id"):
        return "invalid_request", "Missing required parameter: client_id"
    if google.client and asked["client_id"] != google.client[0]:
        return "invalid_client", "The OAuth client was not found."
    if urlsplit(asked.get("redirect_uri", "")).scheme not in {"http", "https"}:
        return "redirect_uri_mismatch", "The redirect URI in the request did not match a registered redirect URI."
    if not asked.get("scope"):
        return "invalid_request", "Missing required parameter: scope"
    if asked.get("code_challenge") and asked.get("code_challenge_method") != "S256":
        return "invalid_request", "Only the code_challenge_method S256 is supported."
    return None


# -- the token endpoint ---------------------------------------------------------------------------------------------


def _token(google: Google, call: Call) -> Reply:
    form = form_of(call)
    if not form.get("client_id"):
        return refused(400, "invalid_request", "Could not determine client ID from request.")
    if google.client and form["client_id"] != google.client[0]:
        return refused(401, "invalid_client", "The OAuth client was not found.")
    if google.client and form.get("client_secret") != google.client[1]:
        return refused(401, "invalid_client", "Unauthorized")
    match form.get("grant_type"):
        case "authorization_code":
            return _exchange(google, form)
        case "refresh_token":
            return _refresh(google, form)
        case None | "":
            return refused(400, "invalid_request", "Required parameter is missing: grant_type")
        case other:
            return refused(400, "unsupported_grant_type", f"Invalid grant_type: {other}")


def _exchange(google: Google, form: Mapping[str, str]) -> Reply:
    code = form.get("code", "")
    consent = google.consents.redeem(code)
    if consent is None:
        return refused(
            400, "invalid_grant", "Bad Request" if google.consents.was_spent(code) else "Malformed auth code."
        )
    if consent.expires_at <= google.now() or consent.client_id != form["client_id"]:
        return refused(400, "invalid_grant", "Bad Request")
    if consent.redirect_uri != form.get("redirect_uri"):
        return refused(400, "redirect_uri_mismatch", "Bad Request")
    if consent.challenge:
        verifier = form.get("code_verifier", "")
        if not verifier:
            return refused(400, "invalid_grant", "Missing code verifier.")
        if _challenge_of(verifier) != consent.challenge.rstrip("="):
            return refused(400, "invalid_grant", "Invalid code verifier.")
    account = google.accounts.get_or_add(consent.email)
    granted = _granted(google, account, consent.scope)
    if consent.offline:
        granted["refresh_token"] = google.accounts.issue_refresh_token(account)
    return json_reply(granted, headers=NO_STORE)


def _refresh(google: Google, form: Mapping[str, str]) -> Reply:
    token = form.get("refresh_token", "")
    if not token:
        return refused(400, "invalid_request", "Missing required parameter: refresh_token")
    account = google.accounts.by_refresh_token(token)
    if account is None:
        return refused(400, "invalid_grant", "Bad Request")
    if account.revoked:
        return refused(400, "invalid_grant", "Token has been expired or revoked.")
    granted = _granted(google, account, form.get("scope", "https://www.googleapis.com/auth/cloud-platform"))
    if google.rotate_refresh_tokens:
        granted["refresh_token"] = google.accounts.issue_refresh_token(account, replacing=token)
    return json_reply(granted, headers=NO_STORE)


def _granted(google: Google, account: Account, scope: str) -> Json:
    return {
        "access_token": google.accounts.issue_access_token(account),
        "expires_in": int(google.accounts.token_lifetime),
        "scope": scope,
        "token_type": "Bearer",
        "id_token": id_token(account, google.now()),
    }


# -- shared ---------------------------------------------------------------------------------------------------------


def _challenge_of(verifier: str) -> str:
    return base64url(hashlib.sha256(verifier.encode()).digest())


def _with_query(uri: str, added: Mapping[str, str]) -> str:
    split = urlsplit(uri)
    query = urlencode([*parse_qsl(split.query, keep_blank_values=True), *added.items()])
    return urlunsplit(split._replace(query=query))


_METHODS: Mapping[tuple[str, str], Callable[[Google, Call], Reply]] = {
    ("GET", "authorize"): _authorize,
    ("GET", "consent"): _decide,
    ("POST", "consent"): _decide,
    ("POST", "token"): _token,
    ("GET", "userinfo"): userinfo,
    ("GET", "tokeninfo"): tokeninfo,
    ("POST", "tokeninfo"): tokeninfo,
    ("POST", "revoke"): revoke,
}
