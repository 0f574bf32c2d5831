"""The gateway under a path prefix: known from a setting, or from a proxy that strips it from the path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Emulator
from tests.live.clients.walkthrough import PLAIN
from tests.live.running import OPERATOR, PASSWORD, Gateway

pytestmark = pytest.mark.live

PREFIX = "/tools/gemini"
ENVIRONMENTS = {
    "told by a setting": {"GATEWAY_PATH_PREFIX": PREFIX},
    "told by the proxy": {"GATEWAY_TRUSTED_PROXIES": "127.0.0.1"},
}
# Addresses that a page links to, loads or sends to: each must be under the prefix.
ADDRESS = re.compile(r"""\b(?:href|src|action|formaction|data-live|data-pass|data-call|data-bit|data-base)="(/[^"]*)""")
PAGES = (
    "/admin/",
    "/admin/inbox/",
    "/admin/playground/",
    "/admin/clients/",
    "/admin/two-factor/",
    "/admin/accounts_app/account/",
    "/admin/accounts_app/account/connect/",
    "/admin/accounts_app/account/import/",
    "/admin/accounts_app/apikey/add/",
    "/admin/accounts_app/gatewaysettings/",
    "/admin/proxy_app/usagerecord/",
    "/admin/auth/user/",
    "/usage",
)


class StrippingProxy(httpx.HTTPTransport):
    """What nginx does with `location /tools/gemini/ { proxy_pass http://gateway/; }`."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        assert path.startswith(PREFIX), f"{path} is another site's"
        url = request.url.copy_with(raw_path=(path.removeprefix(PREFIX) or "/").encode())
        headers = {**request.headers, "X-Forwarded-Prefix": PREFIX, "X-Forwarded-For": "192.0.2.7"}
        return super().handle_request(
            httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
        )


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def gateway(request: pytest.FixtureRequest, google: Emulator) -> Iterator[Gateway]:
    with Gateway(google, ENVIRONMENTS[request.param]) as serving:
        serving.connect(google.accounts["bob@example.com"])
        yield serving.start()


@pytest.fixture
def browser(gateway: Gateway) -> Iterator[httpx.Client]:
    site = urlsplit(gateway.url)
    transport = httpx.HTTPTransport() if "GATEWAY_PATH_PREFIX" in gateway.environment else StrippingProxy()
    with httpx.Client(
        base_url=f"{site.scheme}://{site.netloc}{PREFIX}", transport=transport, follow_redirects=True, timeout=20
    ) as client:
        yield client


@pytest.fixture
def operator(browser: httpx.Client) -> httpx.Client:
    browser.get("/admin/login/")
    signed_in = browser.post("/admin/login/", data={"username": OPERATOR, "password": PASSWORD, **token_of(browser)})
    assert signed_in.status_code == 200
    assert signed_in.url.path == f"{PREFIX}/admin/"
    return browser


def token_of(browser: httpx.Client) -> dict[str, str]:
    return {"csrfmiddlewaretoken": browser.cookies["gateway_csrf"]}


def test_the_prefix_itself_leads_to_the_console(browser: httpx.Client):
    for path in ("", "/"):
        shown = browser.get(path)

        assert (shown.status_code, shown.url.path) == (200, f"{PREFIX}/admin/login/")
        assert shown.url.query == f"next={PREFIX}/admin/".encode()


def test_everything_a_page_names_is_under_the_prefix(operator: httpx.Client):
    found = set()
    for page in PAGES:
        shown = operator.get(page, headers={"Accept": "text/html"})
        assert shown.status_code == 200, page
        addresses = ADDRESS.findall(shown.text)
        assert addresses, page
        assert [address for address in addresses if not address.startswith(PREFIX)] == [], page
        found |= {address for address in addresses if "/static/" in address}

    answers = {address: operator.get(address.removeprefix(PREFIX)).status_code for address in sorted(found)}
    assert set(answers.values()) == {200}, answers


def test_cookies_are_for_the_prefix_alone(operator: httpx.Client):
    operator.post("/i18n/setlang/", data={"language": "zh-hant", "next": f"{PREFIX}/admin/", **token_of(operator)})

    assert {cookie.name: cookie.path for cookie in operator.cookies.jar} == {
        "gateway_csrf": PREFIX,
        "gateway_session": PREFIX,
        "gateway_language": PREFIX,
    }


def test_signing_out_ends_under_the_prefix(operator: httpx.Client):
    left = operator.post("/admin/logout/", data=token_of(operator))

    assert left.url.path.startswith(f"{PREFIX}/admin/")
    assert operator.get("/admin/").url.path == f"{PREFIX}/admin/login/"


def test_google_sends_people_back_under_the_prefix(operator: httpx.Client):
    agreed = operator.post(
        "/admin/accounts_app/account/connect/", data={"understood": "on", "proxy": "", **token_of(operator)}
    )

    (sent_back_to,) = set(re.findall(r"redirect_uri=([^&\"]+)", agreed.text))
    assert (
        httpx.URL(f"x:?a={sent_back_to}").params["a"].endswith(f"{PREFIX}/admin/accounts_app/account/connect/callback/")
    )


def test_clients_are_given_the_address_with_the_prefix(operator: httpx.Client):
    assert f"{operator.base_url}".rstrip("/") in operator.get("/admin/clients/").text


def test_the_api_is_under_the_prefix_too(browser: httpx.Client, gateway: Gateway):
    key = {"x-goog-api-key": gateway.key}

    answer = browser.post(
        f"/v1beta/models/{PLAIN}:generateContent", json={"contents": [{"parts": [{"text": "Hi"}]}]}, headers=key
    )
    nowhere = browser.get("/v1beta/nowhere", headers=key)

    assert answer.status_code == 200
    assert browser.get("/healthz").json() == {"status": "ok"}
    assert browser.get("/usage", headers=key).json()["key"]["name"] == "live"
    assert (nowhere.status_code, nowhere.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_a_prefix_from_an_untrusted_address_is_ignored(google: Emulator):
    with Gateway(google) as serving:
        serving.start()
        for name in ("X-Forwarded-Prefix", "Daphne-Root-Path"):
            shown = httpx.get(f"{serving.url}/admin/", headers={name: "//evil.example"}, trust_env=False, timeout=20)

            assert (shown.status_code, shown.headers["location"]) == (302, "/admin/login/?next=/admin/")
