"""Accounts connected, imported and exported by an operator in a real browser, against the emulator's consent page."""

import json
import re
from collections.abc import Iterator

import pytest

from emulator import Emulator
from tests.live.browsing import session_of, sign_in, watched_page
from tests.live.running import Gateway

pytestmark = [pytest.mark.live, pytest.mark.browser]

CONNECT = "/admin/accounts_app/account/connect/"
IMPORT = "/admin/accounts_app/account/import/"
LIST = "/admin/accounts_app/account/"


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(browser, google: Emulator) -> Iterator[Gateway]:
    with Gateway(google) as serving:
        yield serving.start()


@pytest.fixture(scope="module")
def session(browser, gateway: Gateway) -> dict:
    return session_of(browser, gateway.url)


@pytest.fixture
def page(browser, gateway: Gateway, google: Emulator, session: dict) -> Iterator:
    """A signed-in operator's page, which may log no error and use no host but the gateway and Google."""
    google.reset()
    # A refused sign-in is a 400, and Google's stand-in has no icon.
    forgiven = r".*(400 \(Bad Request\)|favicon)"
    with watched_page(browser, gateway.url, google.url, forgiven=forgiven, storage_state=session) as tab:
        yield tab


def agree(page, address: str) -> None:
    page.goto(address + CONNECT)
    page.get_by_label("I have read this").check()


def allow(page, email: str) -> None:
    """Agrees on Google's page."""
    page.get_by_label(email).check()
    page.get_by_role("button", name="Allow").click()


def test_an_account_is_connected_through_googles_page(page, gateway: Gateway, google: Emulator):
    google.add_account("alice@example.com", onboarded=False, pending_polls=1, project="alices-project")

    page.goto(gateway.url + LIST)
    page.get_by_role("link", name="Add account").first.click()
    page.get_by_label("I have read this").check()
    page.get_by_role("button", name="Continue to Google").click()
    allow(page, "alice@example.com")
    page.wait_for_url(re.compile(r"/account/\d+/change/"))

    assert page.get_by_text("alice@example.com is connected; its tier is free-tier.").is_visible()
    assert page.get_by_label("Project").input_value() == "alices-project"
    token = google.requests_of("token")[0]
    assert token.body["grant_type"] == "authorization_code"


def test_the_same_works_for_a_console_opened_as_localhost(page, gateway: Gateway, google: Emulator):
    google.add_account("bob@example.com")
    local = gateway.url.replace("127.0.0.1", "localhost")

    context = page.context.browser.new_context()
    tab = context.new_page()
    sign_in(tab, local)
    agree(tab, local)
    tab.get_by_role("button", name="Continue to Google").click()
    allow(tab, "bob@example.com")
    tab.wait_for_url(re.compile(r"localhost.*/account/\d+/change/"))
    context.close()


def test_the_address_may_be_pasted(page, gateway: Gateway, google: Emulator):
    google.add_account("carol@example.com")
    agree(page, gateway.url)
    page.get_by_role("button", name="Paste the address by hand").click()

    # A browser without a session stands for one on another machine, where the callback's address does not exist.
    elsewhere = page.context.browser.new_context().new_page()
    elsewhere.goto(page.get_by_role("link", name="Open Google's page").get_attribute("href"))
    with elsewhere.expect_request(re.compile("/callback/")) as lost:
        allow(elsewhere, "carol@example.com")
    elsewhere.context.close()
    page.get_by_label("The address your browser ended up at").fill(lost.value.url)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url(re.compile(r"/account/\d+/change/"))

    assert page.get_by_text("carol@example.com is connected").is_visible()


def test_a_denial_is_shown_and_leads_back_to_the_start(page, gateway: Gateway, google: Emulator):
    google.add_account("dave@example.com")
    agree(page, gateway.url)
    page.get_by_role("button", name="Continue to Google").click()
    page.get_by_role("button", name="Cancel").click()

    assert page.get_by_text("Access was not granted at Google").is_visible()
    page.get_by_role("link", name="Start again").click()
    page.wait_for_url(gateway.url + CONNECT)


def test_an_account_that_must_be_verified_shows_where(page, gateway: Gateway, google: Emulator):
    google.add_account("eve@example.com", ineligible=["VALIDATION_REQUIRED"])
    agree(page, gateway.url)
    page.get_by_role("button", name="Continue to Google").click()
    allow(page, "eve@example.com")
    remedy = page.get_by_role("link", name="Fix at Google")
    remedy.wait_for()

    assert remedy.get_attribute("href") == "https://accounts.google.example/verify?plt=emulator"
    google.accounts["eve@example.com"].ineligible = ()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(re.compile(r"/account/\d+/change/"))


def test_a_file_is_imported_with_a_progress_bar(page, gateway: Gateway, google: Emulator):
    tokens = [google.add_account(f"user{number}@example.com").refresh_token for number in range(120)]
    lines = [*tokens[:60], "nothing to see here", *tokens[60:], tokens[0]]
    page.goto(gateway.url + IMPORT)
    page.evaluate(
        """() => {
            window.seen = [];
            const bar = document.querySelector("progress");
            new MutationObserver(() => window.seen.push(bar.value)).observe(bar, {attributes: true});
        }"""
    )

    page.get_by_label("Paste").fill("\n".join(lines))
    page.get_by_role("button", name="Import").click()
    page.get_by_role("link", name="To the accounts").wait_for()

    assert page.locator('[data-count="added"]').inner_text() == "120"
    assert page.locator('[data-count="known"]').inner_text() == "1"
    assert page.locator('[data-count="refused"]').inner_text() == "1"
    assert page.get_by_text("neither a refresh token").is_visible()
    assert page.get_by_label("Paste").input_value() == ""
    seen = page.evaluate("window.seen")
    assert seen == sorted(seen)
    assert seen[-1] == len(lines)


def test_what_is_exported_is_imported_again(page, gateway: Gateway, google: Emulator, tmp_path):
    frank = google.add_account("frank@example.com")
    gateway.connect(frank)
    page.goto(gateway.url + LIST)
    page.get_by_role("row", name=re.compile("frank@")).locator("input.action-select").check()
    page.locator("select[name=action]").first.select_option("export")
    page.get_by_role("button", name=re.compile("Run|Go")).first.click()
    page.get_by_text("in the clear").first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export them in the clear").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)

    assert json.loads(file.read_text()) == [{"email": frank.email, "refresh_token": frank.refresh_token}]
    page.goto(gateway.url + IMPORT)
    page.get_by_label("Or choose files").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    page.get_by_role("link", name="To the accounts").wait_for()
    assert page.locator('[data-count="known"]').inner_text() == "1"
