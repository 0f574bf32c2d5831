"""The overview, the accounts and the sign-in, as an operator sees them in a real browser."""

import base64
import re
import time
from collections.abc import Iterator

import httpx
import pytest
from django_otp.oath import TOTP

from emulator import Emulator
from tests.factories import a_prompt
from tests.live.browsing import session_of, sign_in, watched_page
from tests.live.running import OPERATOR, PASSWORD, Gateway

pytestmark = [pytest.mark.live, pytest.mark.browser]

MODEL = "gemini-2.5-flash"
ACCOUNTS = "/admin/accounts_app/account/"
PHONE, DESK = {"width": 390, "height": 900}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        running.add_account("alice@example.com", models=[MODEL])
        yield running


@pytest.fixture(scope="module")
def gateway(browser, google: Emulator) -> Iterator[Gateway]:
    with Gateway(google, {"GATEWAY_MAX_WAIT": "0"}) as serving:
        serving.connect(google.accounts["alice@example.com"])
        yield serving.start()


@pytest.fixture(scope="module")
def session(browser, gateway: Gateway) -> dict:
    return session_of(browser, gateway.url)


@pytest.fixture
def page(browser, gateway: Gateway, session: dict) -> Iterator:
    with watched_page(browser, gateway.url, storage_state=session) as tab:
        yield tab


def call(gateway: Gateway) -> httpx.Response:
    url = f"{gateway.url}/v1beta/models/{MODEL}:generateContent"
    return httpx.post(url, json=a_prompt(), headers={"x-goog-api-key": gateway.key})


def test_the_overview_shows_a_call_without_being_reloaded(page, gateway: Gateway):
    page.goto(f"{gateway.url}/admin/?period=day")
    tile = page.locator(".ov-tile", has_text="Calls").locator("dd").first
    before = int(tile.inner_text())

    assert call(gateway).status_code == 200

    page.wait_for_function(
        "before => Number(document.querySelectorAll('.ov-tile dd')[2].textContent) > before", arg=before, timeout=30_000
    )
    drawn = page.evaluate(
        "[...document.querySelectorAll('canvas[data-chart]')].map(each => Chart.getChart(each).data.labels.length)"
    )
    assert drawn == [24, 24, 24]


def test_a_cooldown_counts_down_and_is_cleared_in_the_list(page, gateway: Gateway, google: Emulator):
    google.script("quota_exhausted", account="alice@example.com", times=1)
    assert call(gateway).status_code == 429
    page.clock.install()
    page.goto(gateway.url + ACCOUNTS)
    cooldown = page.locator(".ac-cooldowns li")
    cooldown.wait_for()
    first = cooldown.locator(".ac-until").inner_text()
    page.clock.fast_forward("02:00")
    assert cooldown.locator(".ac-until").inner_text() != first

    page.get_by_role("button", name="Clear").click()

    page.get_by_text("Cooldown cleared: gemini-2.5-flash.").wait_for()
    assert cooldown.count() == 0
    page.wait_for_timeout(1500)
    assert call(gateway).status_code == 200


def test_an_account_is_tested_from_its_page(page, gateway: Gateway):
    page.goto(gateway.url + ACCOUNTS)
    page.get_by_role("link", name="alice@example.com").click()
    page.get_by_role("button", name="Test", exact=True).click()

    page.get_by_text("alice@example.com answers for gemini-2.5-flash").wait_for()


def test_what_requires_action_leads_there(page, gateway: Gateway, google: Emulator):
    google.script("validation_required", account="alice@example.com", times=1)
    assert call(gateway).status_code == 400  # until the account's owner has acted
    page.wait_for_timeout(1500)
    page.goto(f"{gateway.url}/admin/")

    assert page.get_by_role("link", name="Verify at Google").get_attribute("href").startswith("https://accounts.google")
    page.get_by_role("link", name=re.compile("Inbox")).click()
    page.get_by_role("button", name="Resolved: re-enable").click()
    page.get_by_text("1 account changed.").wait_for()
    page.wait_for_timeout(1500)
    assert call(gateway).status_code == 200


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_loads_nothing_from_elsewhere_and_fits_its_width(
    browser, gateway: Gateway, session: dict, theme: str
):
    with watched_page(browser, gateway.url, storage_state=session, viewport=PHONE, color_scheme=theme) as page:
        page.goto(f"{gateway.url}/admin/")
        links = page.locator("#nav-sidebar-apps a").evaluate_all("links => links.map(link => link.href)")
        assert len(links) > 8
        for link in (*links, f"{gateway.url}/admin/two-factor/", f"{gateway.url}/admin/?period=month&by=account"):
            page.set_viewport_size(PHONE)
            page.goto(link)

            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], link
            page.set_viewport_size(DESK)
            assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"], link
            assert ("dark" in page.evaluate("document.documentElement.className")) == (theme == "dark"), link


def test_a_second_factor_is_turned_on_asked_for_and_turned_off(browser, gateway: Gateway):
    with watched_page(browser, gateway.url) as page:
        sign_in(page, gateway.url)
        page.goto(f"{gateway.url}/admin/two-factor/")
        assert page.locator(".gw-qr svg").bounding_box()["width"] > 150
        key = page.locator("code").inner_text()
        page.get_by_label("Code").fill(code_for(key))
        page.get_by_role("button", name="Turn it on").click()
        page.get_by_text("Two-factor sign-in turned on.").wait_for()

    with watched_page(browser, gateway.url) as page:
        page.goto(f"{gateway.url}/admin/")
        page.get_by_label("Username").fill(OPERATOR)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_text("Enter the current two-factor code.").wait_for()

    gateway.manage("reset_two_factor", OPERATOR)
    with watched_page(browser, gateway.url) as page:
        sign_in(page, gateway.url)


def code_for(key: str) -> str:
    totp = TOTP(base64.b32decode(key.replace(" ", "")))
    totp.time = time.time()
    return f"{totp.token():06d}"
