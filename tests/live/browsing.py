"""Debian's Chromium, driven by playwright, without any network but loopback."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.running import OPERATOR, PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
# A browser's own requests would be counted with those of its pages, and would hang where there is no network.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--proxy-server=http://127.0.0.1:1",  # a closed port; loopback is not proxied
)  # fmt: skip


@contextmanager
def chromium() -> Iterator:
    """A running browser; skips the test where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM} (Debian: apt-get install chromium)")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(browser, *hosts: str, forgiven: str = "Failed to load resource", **options) -> Iterator:
    """A page in a context of its own. Fails at the end if it has used any host but `hosts`, or logged an error.

    Errors that begin with `forgiven` do not count: by default those that the browser logs for answers like 404.
    """
    context = browser.new_context(**options)
    page = context.new_page()
    complaints: list[str] = []
    asked: set[str] = set()
    page.on(
        "console",
        lambda said: complaints.append(f"{said.text} {said.location['url']}") if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(error.stack or str(error)))
    page.on("request", lambda request: asked.add(re.match(r"\w+:(?://[^/]+)?", request.url)[0]))
    yield page
    context.close()
    assert asked <= {*hosts, "data:", "blob:"}
    assert [each for each in complaints if not re.match(forgiven, each)] == []


def sign_in(page, address: str) -> None:
    """Signs the operator in; returns when the console's overview is shown."""
    page.goto(f"{address}/admin/")
    page.get_by_label("Username").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/admin/")


def session_of(browser, address: str) -> dict:
    """The operator signed in once: the `storage_state` of every page that need not sign in by itself."""
    context = browser.new_context()
    sign_in(context.new_page(), address)
    session = context.storage_state()
    context.close()
    return session
