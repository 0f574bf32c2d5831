"""The OAuth endpoints: consent, exchange, refresh, userinfo, and which errors are permanent."""

import logging
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts_app import http_client
from accounts_app.google import oauth
from accounts_app.google.oauth import ClientMissing, ClientRefused, InvalidGrant, TokenEndpointUnavailable, TokenGrant
from emulator import Emulator, Reply, dead_address

CALLBACK = "http://127.0.0.1:8045/admin/connect/callback"


@pytest.fixture
async def google(emulator: Emulator, settings) -> AsyncIterator[Emulator]:
    emulator.reset()
    settings.GOOGLE_OAUTH_AUTHORIZE_URL = emulator.authorize_url
    settings.GOOGLE_OAUTH_TOKEN_URL = emulator.token_url
    settings.GOOGLE_USERINFO_URL = emulator.userinfo_url
    yield emulator
    await http_client.close_all()


async def refreshed(google: Emulator, refresh_token: str = "refresh", **where: str) -> TokenGrant:
    return await oauth.refresh(refresh_token, **{"token_url": google.token_url, **where})


# --- Consent


def test_the_authorize_url_asks_for_offline_access_with_pkce(settings):
    settings.GOOGLE_OAUTH_CLIENT_ID = "the-client"

    url = oauth.authorize_url(
        redirect_uri=CALLBACK,
        state="the state",
        # The pair of RFC 7636, appendix B.
        verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        login_hint="alice@example.com",
    )

    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()} == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": CALLBACK,
        "scope": " ".join(oauth.SCOPES),
        "access_type": "offline",
        "prompt": "consent",
        "state": "the state",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        "login_hint": "alice@example.com",
    }


def test_without_an_oauth_client_the_error_says_what_to_set():
    with pytest.raises(ClientMissing, match="GOOGLE_OAUTH_CLIENT_ID"):
        oauth.authorize_url(redirect_uri=CALLBACK, state="s", verifier=oauth.new_verifier())


async def test_consent_comes_back_as_tokens_and_a_person(google: Emulator):
    google.add_account("alice@example.com")
    verifier = oauth.new_verifier()

    page = oauth.authorize_url(redirect_uri=CALLBACK, state="s", verifier=verifier)
    back = parse_qs(urlsplit(google.consent(page, "alice@example.com")).query)
    grant = await oauth.exchange_code(back["code"][0], redirect_uri=CALLBACK, verifier=verifier)
    person = await oauth.userinfo(grant.access_token)

    assert back["state"] == ["s"]
    assert grant.refresh_token and 3000 < grant.expires_in <= 3600
    assert person == oauth.Person("alice@example.com", "Alice", True)


async def test_a_code_is_good_once_and_only_with_its_verifier(google: Emulator):
    google.add_account("alice@example.com")
    verifier = oauth.new_verifier()
    page = oauth.authorize_url(redirect_uri=CALLBACK, state="s", verifier=verifier)
    good, other = (parse_qs(urlsplit(google.consent(page, "alice@example.com")).query)["code"][0] for _ in range(2))

    assert (await oauth.exchange_code(good, redirect_uri=CALLBACK, verifier=verifier)).refresh_token
    for code, told in ((good, verifier), (other, "another")):
        with pytest.raises(InvalidGrant) as failed:
            await oauth.exchange_code(code, redirect_uri=CALLBACK, verifier=told)
        assert failed.value.reason == "invalid_grant"


async def test_an_unknown_token_has_no_person(google: Emulator):
    with pytest.raises(InvalidGrant):
        await oauth.userinfo("unknown")


# --- Refresh


async def test_a_refresh_sends_the_operators_client(google: Emulator, settings):
    settings.GOOGLE_OAUTH_CLIENT_ID, settings.GOOGLE_OAUTH_CLIENT_SECRET = "the-client", "the-secret"
    google.add_account("alice@example.com", refresh_token="refresh")

    grant = await refreshed(google)

    assert grant.access_token.startswith("ya29.") and not grant.refresh_token
    (seen,) = google.requests_of("token")
    assert seen.body["client_id"] == "the-client"
    assert seen.body["grant_type"] == "refresh_token"
    assert seen.headers["user-agent"].startswith("gemini-gateway/")


async def test_what_the_endpoint_says_is_fit_for_a_row_and_its_tokens_are_left_alone(google: Emulator):
    said = b'{"error": "invalid_grant", "error_description": "Tok\\u0000en \\u001b[1mrevoked' + b"!" * 9000 + b'"}'
    google.script(Reply(400, chunks=(said,), sized=True), method="token")
    with pytest.raises(InvalidGrant) as refused:
        await refreshed(google)
    assert "Token [1mrevoked!" in str(refused.value)
    assert len(str(refused.value)) < 700

    odd = b'{"access_token": "ya29.a\\r\\nX-Injected: 1", "expires_in": 3599}'
    google.script(Reply(chunks=(odd,), sized=True), method="token")
    with pytest.raises(TokenEndpointUnavailable):
        await refreshed(google)


async def test_googles_endpoint_is_not_asked_without_an_oauth_client(google: Emulator):
    with pytest.raises(ClientMissing):
        await refreshed(google, token_url="https://oauth2.googleapis.com/token")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("invalid_grant", "invalid_grant"),
        ("invalid_grant_bad_request", "invalid_grant"),
        ("invalid_rapt", "invalid_rapt"),
    ],
)
async def test_some_refusals_are_for_good(google: Emulator, fault: str, reason: str):
    google.add_account("alice@example.com", refresh_token="refresh")
    google.script(fault, method="token")

    with pytest.raises(InvalidGrant) as failed:
        await refreshed(google)

    assert (failed.value.reason, failed.value.parked) == (reason, "sign_in")


@pytest.mark.parametrize("fault", ["invalid_client", "unauthorized_client"])
async def test_a_wrong_oauth_client_is_the_operators_and_no_accounts_fault(google: Emulator, fault: str):
    google.add_account("alice@example.com", refresh_token="refresh")
    google.script(fault, method="token")

    with pytest.raises(ClientRefused, match="GOOGLE_OAUTH_CLIENT_ID") as failed:
        await refreshed(google)

    assert failed.value.reason == fault


@pytest.mark.parametrize(
    "fault",
    [
        "token_internal",
        "token_unavailable",
        "token_rate_limited",
        "hang_up",
        "reset",
        "cut_body",
        "not_json_200",
        Reply(status=400, chunks=(b'{"error": "something_new"}',), sized=True),
        Reply(status=500, chunks=(b'{"error": "invalid_grant"}',), sized=True),
        Reply(status=200, chunks=(b'{"access_token": 7}',), sized=True),
    ],
    ids=str,
)
async def test_trouble_is_not_a_refusal(google: Emulator, fault: str | Reply):
    google.add_account("alice@example.com", refresh_token="refresh")
    google.script(fault, method="token")

    with pytest.raises(TokenEndpointUnavailable):
        await refreshed(google)


BOTH = b'"access_token": "ya29.new", "refresh_token": "1//new"'


@pytest.mark.parametrize(
    "said",
    [
        b"{" + BOTH + b', "expires_in": NaN}',
        b"{" + BOTH + b', "expires_in": Infinity}',
        b"{" + BOTH + b', "expires_in": ' + b"9" * 5000 + b"}",
        b"{" + BOTH + b', "scope": "\xff"}',
        b"{" + BOTH + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{" + BOTH,
        b"\xef\xbb\xbf{" + BOTH + b"}",
        b"{" + BOTH + b', "expires_in": "soon", "scope": ["x"], "token_type": {}}',
        b"{" + BOTH + b', "expires_in": -1e308}',
        b'{"access_token": "old", "refresh_token": 7, ' + BOTH + b"}",
    ],
    ids=lambda said: said[60:80].decode(errors="replace"),
)
async def test_tokens_are_taken_whatever_stands_beside_them(google: Emulator, said: bytes):
    google.script(Reply(chunks=(said,), sized=True), method="token")

    grant = await refreshed(google)

    assert (grant.access_token, grant.refresh_token) == ("ya29.new", "1//new")
    assert 0 <= grant.expires_in <= 86_400


@pytest.mark.parametrize("access", [b"", b"7", b'""', b'["a"]', b'"a\\nb"', '"ä"'.encode(), b"NaN"])
async def test_a_refresh_token_that_came_alone_is_handed_on(google: Emulator, access: bytes):
    beside = b'"access_token": ' + access + b"," if access else b""
    google.script(Reply(chunks=(b"{" + beside + b'"refresh_token": "1//new"}',), sized=True), method="token")

    with pytest.raises(TokenEndpointUnavailable) as failed:
        await refreshed(google)

    assert failed.value.refresh_token == "1//new"
    assert "1//new" not in str(failed.value)


@pytest.mark.parametrize(
    "said", [b"", b"[]", b'"ya29"', b"\xff\xfe", b"[" * 100_000, b"<html>", b'{"refresh_token": 7}']
)
async def test_an_answer_without_any_token_is_trouble(google: Emulator, said: bytes):
    google.script(Reply(chunks=(said,), sized=True), method="token")

    with pytest.raises(TokenEndpointUnavailable) as failed:
        await refreshed(google)

    assert failed.value.refresh_token == ""


async def test_an_endpoint_out_of_reach_is_not_a_refusal(google: Emulator):
    with pytest.raises(TokenEndpointUnavailable, match="ConnectError"):
        await refreshed(google, token_url=f"{dead_address()}/token")


async def test_a_refresh_takes_the_accounts_proxy_and_no_other_way(google: Emulator):
    google.add_account("alice@example.com", refresh_token="refresh")

    with pytest.raises(TokenEndpointUnavailable):
        await refreshed(google, proxy_url=dead_address())

    assert not google.requests


async def test_no_token_is_shown_or_logged(google: Emulator, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    google.add_account("alice@example.com", refresh_token="very-secret")

    grant = await refreshed(google, "very-secret")
    google.revoke("alice@example.com")
    with pytest.raises(InvalidGrant) as failed:
        await refreshed(google, "very-secret")

    told = f"{caplog.text} {grant!r} {failed.value!r}"
    assert "very-secret" not in told
    assert grant.access_token not in told
