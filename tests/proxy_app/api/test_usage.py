"""GET /usage: a key's own usage, and the page that shows it to people."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from accounts_app.models import ApiKey
from accounts_app.storage import journal
from tests.asgi_client import Client
from tests.documents import ROOT
from tests.factories import a_prompt

USAGE = "/usage"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
A_BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
async def key(api_key, alice) -> str:
    key = await api_key()
    await ApiKey.objects.aupdate(owner="Alice", requests_per_day=3, allowed_models=["gemini-2.5*"])
    return key


def limits_in(report) -> dict[str, dict]:
    return {limit["limit"]: limit for limit in report["limits"]}


class TestTheReport:
    async def test_says_what_is_used_and_what_is_left(self, client, key):
        for _ in range(2):
            await client.post(GENERATE, a_prompt(), x_goog_api_key=key)
        await journal.flush(force=True)

        reply = await client.get(USAGE, x_goog_api_key=key)

        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json; charset=UTF-8"
        assert reply.headers["cache-control"] == "no-store"
        report = reply.json()
        assert list(report) == ["key", "asOf", "limits", "today", "month"]
        assert report["key"] == {
            "name": "laptop", "owner": "Alice", "expiresAt": None, "allowedModels": ["gemini-2.5*"], "allowedAgents": []
        }  # fmt: skip
        day = limits_in(report)["requestsPerDay"]
        midnight = datetime.fromisoformat(day.pop("resetsAt"))
        assert day == {
            "limit": "requestsPerDay", "quotaId": "GatewayRequestsPerDayPerKey",
            "quotaValue": 3, "used": 2, "remaining": 1,
        }  # fmt: skip
        assert midnight > datetime.now(UTC)
        assert (midnight.hour, midnight.minute) == (0, 0)

    async def test_has_every_limit_also_those_that_are_not_set(self, client, key):
        report = (await client.get(USAGE, x_goog_api_key=key)).json()

        assert list(limits_in(report)) == [
            "requestsPerMinute", "requestsPerDay", "requestsPerMonth",
            "tokensPerDay", "tokensPerMonth", "maxConcurrency",
        ]  # fmt: skip
        assert limits_in(report)["tokensPerDay"]["quotaValue"] is None
        assert limits_in(report)["tokensPerDay"]["remaining"] is None

    async def test_tells_tokens_by_model_each_counted_once(self, client, key, ledger):
        for model in ("gemini-2.5-flash", "gemini-2.5-flash", "gemini-2.5-pro"):
            await client.post(f"/v1beta/models/{model}:generateContent", a_prompt(), x_goog_api_key=key)
        entries = await ledger()

        report = (await client.get(USAGE, x_goog_api_key=key)).json()

        for span in ("today", "month"):
            part = report[span]
            assert [use["model"] for use in part["models"]] == ["gemini-2.5-flash", "gemini-2.5-pro"]
            assert [use["requests"] for use in part["models"]] == [2, 1]
            assert part["requests"] == 3
            tokens = part["tokens"]
            assert tokens["prompt"] == sum(entry.prompt_tokens for entry in entries)
            assert tokens["total"] == tokens["prompt"] + tokens["candidates"] + tokens["thoughts"] + tokens["tool"]
        assert limits_in(report)["tokensPerDay"]["used"] == report["today"]["tokens"]["total"]

    async def test_counts_what_was_refused(self, client, key):
        for _ in range(4):
            await client.post(GENERATE, a_prompt(), x_goog_api_key=key)
        await journal.flush(force=True)

        report = (await client.get(USAGE, x_goog_api_key=key)).json()

        assert (report["today"]["requests"], report["today"]["refused"]) == (3, 1)
        assert limits_in(report)["requestsPerDay"]["remaining"] == 0

    async def test_is_a_keys_own(self, client, key, api_key):
        other = await api_key("phone")
        await client.post(GENERATE, a_prompt(), x_goog_api_key=key)
        await journal.flush(force=True)

        report = (await client.get(USAGE, x_goog_api_key=other)).json()

        assert report["key"]["name"] == "phone"
        assert report["month"]["models"] == []

    async def test_costs_nothing(self, client, key):
        for _ in range(5):
            assert (await client.get(USAGE, authorization=f"Bearer {key}")).status == 200

        report = (await client.get(f"{USAGE}?key={key}")).json()
        assert limits_in(report)["requestsPerMinute"]["used"] == 0

    @pytest.mark.parametrize("mode", ["off", "auto", "all_except_health", "strict"])
    async def test_needs_a_key_whatever_the_mode(self, mode, client, key, operator_sets):
        await operator_sets(auth_mode=mode)

        reply = await client.get(USAGE)

        assert reply.status == 401
        assert reply.json()["error"]["details"][0]["reason"] == "API_KEY_MISSING"
        assert "API key" in reply.json()["error"]["message"]
        assert (await client.get(USAGE, x_goog_api_key="wrong")).status == 401
        assert (await client.get(USAGE, x_goog_api_key=key)).status == 200

    async def test_is_not_for_a_key_elsewhere(self, client, key):
        await ApiKey.objects.aupdate(allowed_networks=["192.0.2.0/24"])

        assert (await Client(address="203.0.113.9").get(USAGE, x_goog_api_key=key)).status == 403

    async def test_says_so_when_the_database_is_away(self, client, key, database):
        await client.get(USAGE, x_goog_api_key=key)
        await database.lose()

        reply = await client.get(USAGE, x_goog_api_key=key)

        assert reply.status == 503
        assert reply.json()["error"]["status"] == "UNAVAILABLE"
        await database.bring_back()

    async def test_is_only_to_be_read(self, client, key):
        reply = await client.post(USAGE, x_goog_api_key=key)

        assert reply.status == 405


class Links(HTMLParser):
    """The addresses that a page refers to, and its inline scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.targets += [named[name] or "" for name in ("src", "href", "action") if name in named]
        self.inline += [name for name in named if name.startswith("on") or name == "style"]
        if tag in ("script", "style") and "src" not in named:
            self.inline.append(tag)


class TestThePage:
    @pytest.mark.parametrize("mode", ["off", "strict"])
    async def test_is_what_a_browser_gets_without_a_key(self, mode, client, key, operator_sets):
        await operator_sets(auth_mode=mode)

        reply = await client.get(USAGE, **A_BROWSER)

        assert reply.status == 200
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        assert b'id="key"' in reply.body

    async def test_asks_nobody_else_and_says_nothing_inline(self, client):
        reply = await client.get(USAGE, **A_BROWSER)

        links = Links()
        links.feed(reply.body.decode())
        assert links.inline == []
        assert links.targets
        assert all(target.startswith("/static/") for target in links.targets)
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        for target in links.targets:
            app, _, path = target.removeprefix("/static/").partition("/")
            assert (ROOT / app / "static" / app / path).is_file(), target

    async def test_never_puts_a_key_into_an_address(self, client):
        page = (await client.get(USAGE, **A_BROWSER)).body.decode()

        assert re.search(r'<form[^>]*method="post"', page)
        assert not re.search(r"<input[^>]*\bname=", page)

    async def test_has_a_row_for_every_limit(self, client, key):
        page = (await client.get(USAGE, **A_BROWSER)).body.decode()
        report = (await client.get(USAGE, x_goog_api_key=key)).json()

        assert re.findall(r'data-limit="(\w+)"', page) == list(limits_in(report))

    async def test_speaks_the_browsers_language(self, client):
        reply = await client.get(USAGE, accept_language="zh-TW,zh;q=0.9", **A_BROWSER)

        assert b'<html lang="zh-hant">' in reply.body
