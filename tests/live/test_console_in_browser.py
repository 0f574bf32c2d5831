"""The console's pages for clients, routes and calls, as an operator sees them in a real browser."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from emulator import Emulator, ErrorForm, Style
from tests.live.browsing import session_of, watched_page
from tests.live.running import Gateway

pytestmark = [pytest.mark.live, pytest.mark.browser]

MODEL, BROKEN, SPENT = "gemini-2.5-flash", "breaks-off", "gemini-2.5-pro"


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        for name in ("alice", "bob"):
            running.add_account(f"{name}@example.com", models=[MODEL, BROKEN, SPENT])
        running.script(Style(texts=("One, ", "two, ", "three."), gap=0.05), model=MODEL, times=None)
        running.script(
            Style(texts=("One, ", "two."), gap=0.2, error_after=1, error_form=ErrorForm.DATA), model=BROKEN, times=None
        )
        yield running


@pytest.fixture(scope="module")
def gateway(browser, google: Emulator) -> Iterator[Gateway]:
    with Gateway(google) as serving:
        for account in google.accounts.values():
            serving.connect(account)
        yield serving.start()


@pytest.fixture(scope="module")
def session(browser, gateway: Gateway) -> dict:
    return session_of(browser, gateway.url)


@pytest.fixture
def page(browser, gateway: Gateway, session: dict) -> Iterator:
    """A signed-in operator's page, which may log no error and use no host but the gateway."""
    rights = ["clipboard-read", "clipboard-write"]
    with watched_page(browser, gateway.url, permissions=rights, storage_state=session) as tab:
        yield tab


class TestPlayground:
    def ask(self, page, gateway: Gateway, prompt: str = "Count to three.", **fields: str) -> None:
        page.goto(f"{gateway.url}/admin/playground/")
        page.get_by_label("Prompt").fill(prompt)
        for label, value in fields.items():
            page.get_by_label(label, exact=True).fill(value)
        page.get_by_role("button", name="Send").click()

    def test_an_operators_answer_streams_in_with_its_attempts_and_tokens(self, page, gateway, google):
        before = len(google.calls)
        self.ask(page, gateway, "Count to three, Zoë.", Model=MODEL)
        page.locator("#finish", has_text="STOP").wait_for()

        assert page.locator("#answer").inner_text() == "One, two, three."
        assert page.locator("#status").inner_text() == "200 OK"
        assert page.locator("#events").inner_text() == "3"
        assert int(page.locator("#total-tokens").inner_text()) > 0
        assert page.locator(".gw-attempt.gw-good").inner_text().startswith("1: account ")
        page.get_by_text("Response headers").click()
        assert page.locator("#headers").get_by_text("x-request-id").is_visible()
        (call,) = google.calls[before:]
        assert call.body["request"]["contents"][0]["parts"] == [{"text": "Count to three, Zoë."}]

    def test_its_call_is_in_the_request_log(self, page, gateway):
        self.ask(page, gateway, Model=MODEL)
        page.locator("#finish", has_text="STOP").wait_for()
        page.wait_for_timeout(1000)  # the request log is written at most a second later

        page.get_by_role("link", name="This call in the request log").click()
        assert page.get_by_text("returned to client").is_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download diagnostics").click()
        told = json.loads(download.value.path().read_text())
        assert told["attempts"][0]["outcome"] == "succeeded"
        assert "@example.com" not in json.dumps(told)

    def test_a_key_that_may_not_request_routing_details_gets_none(self, page, gateway):
        page.goto(f"{gateway.url}/admin/playground/")
        page.get_by_label("Prompt").fill("Hello")
        page.get_by_label("an API key").check()
        page.get_by_label("API key", exact=True).fill(gateway.key)
        page.get_by_label("Stream the response").uncheck()
        page.get_by_role("button", name="Send").click()
        page.locator("#finish", has_text="STOP").wait_for()

        assert page.locator("#events").inner_text() == "1"
        assert "Not available" in page.locator("#attempts").inner_text()

    def test_a_wrong_key_gets_the_gateways_message(self, page, gateway):
        page.goto(f"{gateway.url}/admin/playground/")
        page.get_by_label("Prompt").fill("Hello")
        page.get_by_label("an API key").check()
        page.get_by_label("API key", exact=True).fill("not-a-key")
        page.get_by_role("button", name="Send").click()

        page.locator("#answer .gw-error", has_text="API key not valid").wait_for()
        assert page.locator("#status").inner_text().startswith("401")

    def test_an_interrupted_answer_is_not_shown_as_complete(self, page, gateway):
        self.ask(page, gateway, Model=BROKEN)
        page.locator("#status", has_text="stream interrupted").wait_for()

        assert page.locator("#answer").inner_text().startswith("One, ")
        assert page.locator("#finish").inner_text() == "-"

    def test_an_answer_can_be_stopped(self, page, gateway, google):
        google.script(Style(texts=("One, ", *["more, "] * 200), gap=0.1), model=SPENT, times=1)
        self.ask(page, gateway, Model=SPENT)
        page.locator("#answer", has_text="One").wait_for()

        page.get_by_role("button", name="Stop").click()

        page.locator("#status", has_text="stopped").wait_for()
        assert page.get_by_role("button", name="Send").is_enabled()


class TestClients:
    def test_what_is_copied_is_the_snippet_with_what_was_typed_in_and_works(self, page, gateway):
        asked: list[str] = []
        page.goto(f"{gateway.url}/admin/clients/")
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_label("Model").fill(MODEL)
        page.get_by_label("API key", exact=True).fill(gateway.key)

        page.get_by_role("tabpanel", name="curl", exact=True).get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()

        copied = page.evaluate("navigator.clipboard.readText()")
        assert gateway.key in copied
        assert f"{gateway.url}/v1beta/models/{MODEL}:generateContent" in copied
        answer = subprocess.run(["bash", "-c", copied], capture_output=True, text=True, timeout=30, check=True).stdout
        assert json.loads(answer)["candidates"][0]["finishReason"] == "STOP"
        assert [url for url in asked if "/static/" not in url] == []  # the key stayed in the page

    def test_every_client_has_its_tab(self, page, gateway):
        page.goto(f"{gateway.url}/admin/clients/")

        lists, shown = page.get_by_role("tablist").all(), page.get_by_role("tabpanel")
        for number, tabs in enumerate(lists):
            for tab in tabs.get_by_role("tab").all():
                tab.click()
                assert shown.count() == len(lists)
                assert shown.nth(number).get_attribute("aria-labelledby") == tab.get_attribute("id")
        assert "has no setting for the base URL" in shown.first.inner_text()
        page.keyboard.press("ArrowRight")
        assert lists[-1].get_by_role("tab").first.get_attribute("aria-selected") == "true"

    def test_a_key_with_quotation_marks_stays_inside_them(self, page, gateway):
        page.goto(f"{gateway.url}/admin/clients/#google-genai")
        page.get_by_label("API key", exact=True).fill('odd"key')

        assert 'api_key="odd\\"key"' in page.locator("#code-google-genai").inner_text()
        assert "x-goog-api-key: odd\"key'" in page.locator("#code-curl").text_content()


def test_a_route_is_made_used_changed_and_deleted(page, gateway):
    routes = f"{gateway.url}/admin/accounts_app/modelroute/"
    page.goto(routes + "add/")
    page.get_by_label("Alias").fill("gpt-*")
    page.get_by_label("Upstream model").fill(SPENT)
    page.get_by_label("Default generationConfig").fill('{"temperature": 0.5}')
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(routes)
    page.wait_for_timeout(1000)  # a change is live within a second

    page.get_by_role("textbox", name="Where would this name go?").fill("gpt-5")
    page.locator("#where-target", has_text=SPENT).wait_for()
    assert page.locator("#where-answer").get_by_text("2 accounts can answer now.").is_visible()
    assert '"temperature": 0.5' in page.locator("#where-answer pre").inner_text()

    page.get_by_role("link", name="gpt-*", exact=True).click()
    page.get_by_label("Upstream model").fill(MODEL)
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Revert to this").click()
    page.get_by_text("Reverted.").wait_for()
    page.goto(routes)
    assert page.get_by_role("cell", name=SPENT).is_visible()
