"""The OAuth endpoints: consent, code, refresh, and tokens that expire or are revoked."""

import base64
import hashlib
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from emulator import Account, Emulator
from tests.emulator.conftest import Caller, error_of

REDIRECT = "http://127.0.0.1:8045/callback?keep=1"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-x"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CLIENT = {"client_id": "me", "client_secret": "shh"}


def authorize_url(google: Emulator, **changes: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": "me",
        "redirect_uri": REDIRECT,
        "scope": "https://www.googleapis.com/auth/cloud-platform email",
        "access_type": "offline",
        "prompt": "consent",
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{google.authorize_url}?{urlencode(asked | changes)}"


def code_for(google: Emulator, email: str = "alice@example.com", **changes: str) -> str:
    target = google.consent(authorize_url(google, **changes), email)
    return parse_qs(urlsplit(target).query)["code"][0]


def exchange(google: Emulator, http: httpx.Client, code: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
    return http.post(google.token_url, data=form | CLIENT | changes)


def refresh(google: Emulator, http: httpx.Client, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return http.post(google.token_url, data=form | CLIENT)


def test_the_consent_page_offers_the_accounts(google: Emulator, alice: Account, http: httpx.Client):
    page = http.get(authorize_url(google, state='"><script>'))

    assert page.headers["content-type"].startswith("text/html")
    assert "alice@example.com" in page.text
    assert "cloud-platform" in page.text
    assert "<script>" not in page.text


def test_consent_leads_back_with_a_code_that_is_worth_tokens(google: Emulator, alice: Account, http: httpx.Client):
    asked = dict(parse_qsl(urlsplit(authorize_url(google)).query))
    decided = http.post(
        f"{google.authorize_url}/consent", data={**asked, "email": "alice@example.com", "decision": "allow"}
    )

    assert decided.status_code == 302
    target = urlsplit(decided.headers["location"])
    query = parse_qs(target.query)
    assert (target.path, query["state"], query["keep"]) == ("/callback", ["s1"], ["1"])

    granted = exchange(google, http, query["code"][0]).json()
    assert granted["token_type"] == "Bearer"
    assert granted["expires_in"] == 3599
    assert refresh(google, http, granted["refresh_token"]).status_code == 200
    headers = {"authorization": f"Bearer {granted['access_token']}"}
    assert http.get(google.userinfo_url, headers=headers).json()["email"] == "alice@example.com"


def test_cancelling_leads_back_with_an_error(google: Emulator, alice: Account):
    target = google.consent(authorize_url(google), "alice@example.com", allow=False)

    assert parse_qs(urlsplit(target).query) == {"keep": ["1"], "error": ["access_denied"], "state": ["s1"]}


@pytest.mark.parametrize(
    "changes", [{"response_type": "token"}, {"redirect_uri": "javascript:alert(1)"}, {"scope": ""}, {"client_id": ""}]
)
def test_a_wrong_authorize_request_is_a_page_with_the_error(google: Emulator, http: httpx.Client, changes: dict):
    page = http.get(authorize_url(google, **changes))

    assert (page.status_code, "Error 400" in page.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "4/none"}, ("invalid_grant", "Malformed auth code.")),
        ({"code_verifier": "wrong"}, ("invalid_grant", "Invalid code verifier.")),
        ({"code_verifier": ""}, ("invalid_grant", "Missing code verifier.")),
        ({"redirect_uri": "http://127.0.0.1/other"}, ("redirect_uri_mismatch", "Bad Request")),
        ({"grant_type": "password"}, ("unsupported_grant_type", "Invalid grant_type: password")),
        ({"client_id": ""}, ("invalid_request", "Could not determine client ID from request.")),
    ],
)
def test_a_wrong_exchange_is_refused(google: Emulator, alice: Account, http: httpx.Client, changes: dict, error: tuple):
    answered = exchange(google, http, **{"code": code_for(google), **changes})

    assert answered.status_code == 400
    assert (answered.json()["error"], answered.json()["error_description"]) == error


def test_a_code_is_good_once_and_for_ten_minutes(google: Emulator, alice: Account, http: httpx.Client):
    code, late = code_for(google), code_for(google)
    exchange(google, http, code)
    again = exchange(google, http, code)
    google.advance(600)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert exchange(google, http, late).json()["error"] == "invalid_grant"


def test_a_refresh_token_comes_with_the_first_consent_only(google: Emulator, alice: Account, http: httpx.Client):
    granted = [exchange(google, http, code_for(google, prompt=prompt)).json() for prompt in ("", "", "consent")]

    assert ["refresh_token" in one for one in granted] == [True, False, True]


def test_the_client_is_checked_when_there_is_one(http: httpx.Client):
    with Emulator(client=("me", "shh")) as google:
        account = google.add_account("alice@example.com")
        form = {"grant_type": "refresh_token", "refresh_token": account.refresh_token, **CLIENT}

        assert http.post(google.token_url, data=form).status_code == 200
        for wrong in ({"client_id": "you"}, {"client_secret": "?"}):
            refused = http.post(google.token_url, data=form | wrong)
            assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_an_expired_token_is_refused_until_refreshed(google: Emulator, caller: Caller, http: httpx.Client):
    google.advance(3600)

    answered = caller.internal("generateContent", caller.envelope())

    assert answered.status_code == 401
    assert error_of(answered)["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"
    caller.account.access_token = refresh(google, http, caller.account.refresh_token).json()["access_token"]
    assert caller.generate()


def test_without_a_token_credentials_are_missing(google: Emulator, http: httpx.Client):
    answered = http.post(f"{google.url}/v1internal:generateContent", json={})

    assert (answered.status_code, error_of(answered)["details"][0]["reason"]) == (401, "CREDENTIALS_MISSING")


@pytest.mark.parametrize("how", ["by its owner", "by the client"])
def test_a_revoked_account_cannot_refresh(google: Emulator, caller: Caller, http: httpx.Client, how: str):
    if how == "by its owner":
        google.revoke("alice@example.com")
    else:
        http.post(f"{google.url}/revoke", params={"token": caller.account.refresh_token})

    answered = refresh(google, http, caller.account.refresh_token)

    assert answered.status_code == 400
    assert answered.json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert caller.internal("generateContent", caller.envelope()).status_code == 401


def test_an_unknown_refresh_token_is_an_invalid_grant(google: Emulator, http: httpx.Client):
    assert refresh(google, http, "1//nobody").json() == {"error": "invalid_grant", "error_description": "Bad Request"}


def test_refresh_tokens_can_rotate(http: httpx.Client):
    with Emulator(rotate_refresh_tokens=True) as google:
        old = google.add_account("alice@example.com").refresh_token
        new = refresh(google, http, old).json()["refresh_token"]

        assert refresh(google, http, old).json()["error"] == "invalid_grant"
        assert refresh(google, http, new).status_code == 200


def test_tokeninfo_tells_good_tokens_from_bad(google: Emulator, alice: Account, http: httpx.Client):
    url = f"{google.url}/tokeninfo"

    assert http.get(url, params={"access_token": alice.access_token}).json()["email"] == "alice@example.com"
    assert http.get(url, params={"access_token": "x"}).status_code == 400
    assert http.get(google.userinfo_url).status_code == 401


def test_an_open_emulator_takes_any_refresh_token(http: httpx.Client):
    with Emulator(any_credentials=True) as google:
        granted = refresh(google, http, "anything").json()
        (guest,) = google.accounts.values()
        headers = {"authorization": f"Bearer {granted['access_token']}"}

        assert http.get(google.userinfo_url, headers=headers).json()["email"] == guest.email
        assert guest.email.startswith("guest-")


def test_an_open_emulator_accepts_its_tokens_after_a_restart(http: httpx.Client):
    with Emulator(any_credentials=True) as google:
        code = code_for(google, "carol@example.com")
        granted = exchange(google, http, code).json()
        before = google.accounts["carol@example.com"].project
    with Emulator(any_credentials=True) as google:
        headers = {"authorization": f"Bearer {granted['access_token']}"}

        assert http.get(google.userinfo_url, headers=headers).json()["email"] == "carol@example.com"
        assert refresh(google, http, granted["refresh_token"]).status_code == 200
        assert google.accounts["carol@example.com"].project == before


def test_an_open_emulator_offers_guests_and_any_hint(http: httpx.Client):
    with Emulator(any_credentials=True) as google:
        page = http.get(authorize_url(google, login_hint="dave@example.com")).text

    assert "alice@example.com" in page
    assert 'value="dave@example.com" checked' in page
