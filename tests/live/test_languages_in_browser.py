"""The console in Traditional Chinese in a real browser: chosen before sign-in, on any screen size, and undone."""

from collections.abc import Iterator

import pytest

from emulator import Emulator, Style
from tests.live.browsing import session_of
from tests.live.running import OPERATOR, PASSWORD, Gateway

pytestmark = [pytest.mark.live, pytest.mark.browser]

MODEL = "gemini-2.5-flash"
PAGES = (
    "", "inbox/", "accounts_app/account/", "accounts_app/account/connect/", "accounts_app/account/import/",
    "accounts_app/account/why-not/", "accounts_app/rest/", "accounts_app/apikey/", "accounts_app/apikey/add/",
    "accounts_app/modelroute/", "accounts_app/gatewaysettings/1/change/", "proxy_app/usagerecord/",
    "clients/", "playground/", "two-factor/",
)  # fmt: skip


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Emulator() as google:
        google.add_account("alice@example.com", models=[MODEL])
        google.script(Style(texts=("One.",)), model=MODEL, times=None)
        with Gateway(google) as serving:
            serving.connect(google.accounts["alice@example.com"])
            yield serving.start()


@pytest.fixture(scope="module")
def session(browser, gateway: Gateway) -> dict:
    return session_of(browser, gateway.url)


@pytest.fixture
def page(browser, gateway: Gateway, session: dict) -> Iterator:
    """The page of an operator whose browser asks for Chinese, signed in."""
    context = browser.new_context(locale="zh-TW", storage_state=session)
    yield context.new_page()
    context.close()


def test_a_language_is_chosen_before_and_after_signing_in(browser, gateway: Gateway):
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"{gateway.url}/admin/login/?next=/admin/inbox/")
    page.get_by_role("button", name="繁體中文").click()
    page.get_by_label("使用者名稱").fill(OPERATOR)
    page.get_by_label("密碼").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{gateway.url}/admin/inbox/")
    assert page.title().startswith("收件匣")

    page.get_by_text(OPERATOR, exact=True).click()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Inbox").or_(page.get_by_text("Inbox", exact=True)).first.wait_for()

    assert page.url == f"{gateway.url}/admin/inbox/"
    assert {cookie["name"] for cookie in context.cookies() if cookie["expires"] > 0} >= {"gateway_language"}
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_its_screen(page, gateway: Gateway, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    too_wide = {}
    for path in PAGES:
        page.goto(f"{gateway.url}/admin/{path}")
        excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if excess > 0:
            too_wide[path] = excess

    assert too_wide == {}


def test_the_playground_shows_its_attempts_in_chinese(page, gateway: Gateway):
    page.goto(f"{gateway.url}/admin/playground/")
    page.get_by_label("提示").fill("你好")
    page.get_by_label("模型").fill(MODEL)
    page.get_by_role("button", name="送出").click()
    page.locator("#finish", has_text="STOP").wait_for()

    told = page.locator(".gw-attempt").inner_text()
    assert told.startswith("1: 帳號 ")
    assert "選它是因為對話留在同一個帳號" in told


def test_charts_format_numbers_and_dates_in_the_readers_language(page, gateway: Gateway):
    page.goto(f"{gateway.url}/admin/")

    assert page.evaluate("document.documentElement.lang") == "zh-hant"
    labels = page.evaluate(
        "(() => { const chart = window.Chart.getChart(document.querySelector('canvas[data-chart=calls]'));"
        " return chart.data.datasets.map((each) => each.label); })()"
    )
    assert "已回答" in labels
