"""An API key's limits beyond one process: over several nodes, over restarts, in the browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from emulator import Emulator, Ending, Reply
from tests.live.browsing import chromium
from tests.live.running import PATIENCE, Gateway

pytestmark = pytest.mark.live

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
BODY = {"contents": [{"parts": [{"text": "Hello"}]}]}
STALLING = Reply(
    chunks=[b'data: {"response": {"candidates": [{"content": {"parts": [{"text": "one"}]}}]}}\r\n\r\n'],
    content_type="text/event-stream",
    ending=Ending.STALL,
)


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(google: Emulator) -> Iterator[Gateway]:
    """A running gateway with one account."""
    with Gateway(google) as serving:
        serving.connect(google.add_account("alice@example.com"))
        yield serving.start()


@pytest.fixture(scope="module")
def other(gateway: Gateway) -> Iterator[Gateway]:
    """A second node on the same data."""
    with gateway.another() as node:
        yield node.start()


def a_key(*nodes: Gateway, name: str, **limits: object) -> str:
    """A new key with these columns; returned when all nodes know it."""
    key = f"gw-{name}-{name}"
    nodes[0].manage(
        "shell", "-c",
        "from accounts_app import models; from accounts_app.api_keys import keys; "
        f"keys.issue({name!r}, {key!r}); models.ApiKey.objects.filter(name={name!r}).update(**{limits!r})",
    )  # fmt: skip
    value = next(iter(limits.values()))
    for node in nodes:
        until(lambda node=node: usage(node, key).is_success and value in quota_values(node, key))
    return key


def quota_values(gateway: Gateway, key: str) -> list[int | None]:
    return [limit["quotaValue"] for limit in usage(gateway, key).json()["limits"]]


def usage(gateway: Gateway, key: str) -> httpx.Response:
    return httpx.get(f"{gateway.url}/usage", headers={"x-goog-api-key": key})


def call(gateway: Gateway, key: str) -> httpx.Response:
    return httpx.post(gateway.url + PLAIN, json=BODY, headers={"x-goog-api-key": key}, timeout=PATIENCE)


def used(gateway: Gateway, key: str, limit: str) -> int:
    return next(one["used"] for one in usage(gateway, key).json()["limits"] if one["limit"] == limit)


def until(true: Callable[[], bool]) -> None:
    """Waits for something that another process does within a second or two."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nodes_count_each_others_calls(gateway: Gateway, other: Gateway):
    key = a_key(gateway, other, name="shared", requests_per_minute=3)
    assert [call(gateway, key).status_code for _ in range(2)] == [200, 200]

    until(lambda: used(other, key, "requestsPerMinute") == 2)

    assert [call(other, key).status_code for _ in range(2)] == [200, 429]
    until(lambda: used(gateway, key, "requestsPerMinute") == 3)
    assert call(gateway, key).status_code == 429
    assert used(gateway, key, "requestsPerDay") == 3


def test_nodes_share_the_concurrent_requests(gateway: Gateway, other: Gateway, google: Emulator):
    key = a_key(gateway, other, name="busy", max_concurrency=1)
    google.script(STALLING)
    with httpx.stream(
        "POST", gateway.url + STREAM, json=BODY, headers={"x-goog-api-key": key}, timeout=PATIENCE
    ) as one:
        events = one.iter_bytes()  # kept in a variable: the connection is closed when the iterator is collected
        assert next(events).startswith(b"data: ")
        until(lambda: used(other, key, "maxConcurrency") == 1)
        refusal = call(other, key)
        assert refusal.status_code == 429
        assert float(refusal.json()["error"]["details"][1]["retryDelay"][:-1]) <= 5

    until(lambda: call(other, key).status_code == 200)


@pytest.mark.browser
def test_people_see_their_use_in_a_browser(gateway: Gateway, tmp_path):
    allowed = {"allowed_models": ["gemini-2.5*"], "allowed_agents": ["deep-*"]}
    key = a_key(gateway, name="alices", requests_per_day=5, owner="Alice", **allowed)
    assert [call(gateway, key).status_code for _ in range(2)] == [200, 200]
    until(lambda: usage(gateway, key).json()["today"]["requests"] == 2)
    complaints: list[str] = []
    hosts: set[str] = set()

    with chromium() as browser:
        page = browser.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: hosts.add(re.match(r"\w+://[^/]+", asked.url)[0]))
        page.goto(f"{gateway.url}/usage")
        page.get_by_label("API key").fill("gw-wrong")
        page.get_by_role("button", name="Show").click()
        page.get_by_role("alert").get_by_text("not valid").wait_for()
        page.get_by_label("API key").fill(key)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="alices").wait_for()

        day = page.get_by_role("row", name="Requests per day").inner_text().split("\t")
        model = page.locator("#today").get_by_role("row", name=MODEL).inner_text().split("\t")
        assert (day[1:4], model[1]) == (["2", "5", "3"], "2")
        assert page.get_by_text("May use: gemini-2.5*.").is_visible()
        assert page.get_by_text("May ask these agents: deep-*.").is_visible()
        assert page.url == f"{gateway.url}/usage"
        page.screenshot(path=tmp_path / "usage.png", full_page=True)

    assert hosts == {gateway.url}
    assert [each for each in complaints if "401" not in each] == []


def test_a_day_survives_a_restart(gateway: Gateway):
    key = a_key(gateway, name="daily", requests_per_day=2)
    assert [call(gateway, key).status_code for _ in range(2)] == [200, 200]

    gateway.stop()
    gateway.start()

    refusal = call(gateway, key)
    assert refusal.status_code == 429
    assert refusal.json()["error"]["details"][0]["violations"][0]["quotaId"] == "GatewayRequestsPerDayPerKey"
