"""The limits of an API key, seen from outside, and the 429 for a client that is over one."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.api_keys import usage
from accounts_app.models import ApiKey, KeyUse
from accounts_app.storage import journal
from emulator import Ending
from proxy_app.errors import ResourceExhausted
from tests.asgi_client import Client, Reply
from tests.factories import a_prompt, make_account
from tests.proxy_app.scripted import a_stream, a_text, an_answer

MODEL = "gemini-2.5-flash"
MODELS = "/v1beta/models"
PLAIN = f"{MODELS}/{MODEL}:generateContent"
STREAM = f"{MODELS}/{MODEL}:streamGenerateContent?alt=sse"
ARRAY = f"{MODELS}/{MODEL}:streamGenerateContent?alt=json"
COUNT = f"{MODELS}/{MODEL}:countTokens"
EMBED = f"{MODELS}/gemini-embedding-001:batchEmbedContents"

QUOTA_FAILURE = "type.googleapis.com/google.rpc.QuotaFailure"
RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


@pytest.fixture
def key_with(api_key, alice, operator_sets) -> Callable[..., Awaitable[str]]:
    """Issues a key with these columns, at a gateway that asks for keys."""

    async def issue(name: str = "laptop", **columns: object) -> str:
        await operator_sets(auth_mode="all_except_health")
        key = await api_key(name)
        await ApiKey.objects.filter(name=name).aupdate(**columns)
        return key

    return issue


@pytest.fixture
async def gemini_account(upstream, settings) -> None:
    """An account with a Gemini API key, beside others."""
    settings.GEMINI_API_URL = upstream.url
    known = upstream.add_account("key@example.com")
    await sync_to_async(make_account)(
        "key@example.com", kind="gemini_api", access_token=known.api_key, refresh_token="", expires_at=None, project=""
    )


def refused(reply: Reply) -> tuple[list[str], float]:
    """The quotaIds of a 429, and the seconds it says to wait; its form is checked to the last field."""
    assert reply.status == 429
    assert list(reply.json()) == ["error"]
    error = reply.json()["error"]
    assert list(error) == ["code", "message", "status", "details"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    failure, retry = error["details"]
    assert failure["@type"] == QUOTA_FAILURE
    assert retry["@type"] == RETRY_INFO
    for violation in failure["violations"]:
        assert violation["quotaMetric"].startswith("gemini-gateway/")
        assert violation["quotaDimensions"] == {"apiKey": "laptop"}
        assert int(violation["quotaValue"]) > 0
    delay = float(retry["retryDelay"].removesuffix("s"))
    assert delay <= int(reply.headers["retry-after"]) < delay + 1
    # Words by which gemini-cli would give up for good.
    for words in ("limit: 0", "exhausted your capacity", "capacity exceeded"):
        assert words not in error["message"]
    return [violation["quotaId"] for violation in failure["violations"]], delay


def until_midnight() -> float:
    now = datetime.now(UTC)
    return 86_400 - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


class TestRequests:
    async def test_a_minute_has_room_for_so_many_and_clients_may_wait_for_the_next(self, client, key_with, upstream):
        key = await key_with(requests_per_minute=2)
        for url in (PLAIN, STREAM):
            assert (await client.post(url, a_prompt(), x_goog_api_key=key)).status == 200

        ids, delay = refused(await client.post(PLAIN, a_prompt(), x_goog_api_key=key))

        assert ids == ["GatewayRequestsPerMinutePerKey"]
        assert 0 < delay <= 60.1  # within five minutes gemini-cli waits and tries again
        assert len(upstream.calls) == 2

    @pytest.mark.parametrize(
        ("column", "quota_id"),
        [("requests_per_day", "GatewayRequestsPerDayPerKey"), ("requests_per_month", "GatewayRequestsPerMonthPerKey")],
    )
    async def test_a_day_and_a_month_have_room_for_so_many(self, column, quota_id, client, key_with):
        key = await key_with(**{column: 1})
        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200

        ids, delay = refused(await client.post(PLAIN, a_prompt(), x_goog_api_key=key))

        assert ids == [quota_id]
        assert delay >= until_midnight() - 1

    async def test_all_exceeded_limits_are_named_with_the_latest_reset(self, client, key_with):
        key = await key_with(requests_per_minute=1, requests_per_day=1)
        await client.post(PLAIN, a_prompt(), x_goog_api_key=key)

        ids, delay = refused(await client.post(PLAIN, a_prompt(), x_goog_api_key=key))

        assert ids == ["GatewayRequestsPerMinutePerKey", "GatewayRequestsPerDayPerKey"]
        assert delay == pytest.approx(until_midnight(), abs=2)

    async def test_a_stream_asked_for_as_plain_json_is_refused_in_an_array(self, client, key_with):
        key = await key_with(requests_per_minute=1)
        await client.post(ARRAY, a_prompt(), x_goog_api_key=key)

        reply = await client.post(ARRAY, a_prompt(), x_goog_api_key=key)

        assert reply.status == 429
        assert reply.json()[0]["error"]["details"][0]["@type"] == QUOTA_FAILURE

    async def test_counting_tokens_is_a_request_and_uses_no_tokens(self, client, key_with):
        key = await key_with(requests_per_day=1, tokens_per_day=1)
        assert (await client.post(COUNT, a_prompt(), x_goog_api_key=key)).status == 200

        ids, _ = refused(await client.post(COUNT, a_prompt(), x_goog_api_key=key))

        assert ids == ["GatewayRequestsPerDayPerKey"]

    async def test_each_text_that_is_embedded_is_a_request(self, client, key_with, gemini_account):
        key = await key_with(requests_per_minute=110)
        texts = {"requests": [{"content": {"parts": [{"text": f"text {number}"}]}} for number in range(100)]}
        assert (await client.post(EMBED, texts, x_goog_api_key=key)).status == 200

        reply = await client.post(EMBED, texts, x_goog_api_key=key)

        assert refused(reply)[0] == ["GatewayRequestsPerMinutePerKey"]
        assert "no room for this call, whose texts count as 100 requests" in reply.json()["error"]["message"]
        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200
        await journal.flush(force=True)
        uses = {use.model: (use.requests, use.refused) async for use in KeyUse.objects.all()}
        assert uses == {"gemini-embedding-001": (100, 1), MODEL: (1, 0)}

    async def test_listing_models_and_a_request_that_cannot_be_read_cost_nothing(self, client, key_with):
        key = await key_with(requests_per_minute=1)
        for _ in range(3):
            assert (await client.get(MODELS, x_goog_api_key=key)).status == 200
            assert (await client.post(PLAIN, b"{", x_goog_api_key=key)).status == 400

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200

    async def test_one_keys_limit_does_not_count_for_another(self, client, key_with, api_key):
        key, other = await key_with(requests_per_minute=1), await api_key("phone")
        await client.post(PLAIN, a_prompt(), x_goog_api_key=key)

        refused(await client.post(PLAIN, a_prompt(), x_goog_api_key=key))

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=other)).status == 200

    async def test_a_limit_that_is_raised_is_in_force_with_the_next_roster(self, client, key_with):
        key = await key_with(requests_per_minute=1)
        await client.post(PLAIN, a_prompt(), x_goog_api_key=key)
        refused(await client.post(PLAIN, a_prompt(), x_goog_api_key=key))

        await ApiKey.objects.aupdate(requests_per_minute=2)
        await roster.refresh()

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200


class TestTokens:
    @pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
    @pytest.mark.parametrize(
        ("column", "quota_id"),
        [("tokens_per_day", "GatewayTokensPerDayPerKey"), ("tokens_per_month", "GatewayTokensPerMonthPerKey")],
    )
    async def test_are_charged_when_a_call_ends(self, url, column, quota_id, client, key_with):
        key = await key_with(**{column: 1})
        assert (await client.post(url, a_prompt(), x_goog_api_key=key)).status == 200

        ids, delay = refused(await client.post(url, a_prompt(), x_goog_api_key=key))

        assert ids == [quota_id]
        assert delay >= until_midnight() - 1

    @pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
    async def test_are_counted_as_in_the_request_log(self, url, client, key_with, ledger):
        key = await key_with()
        await client.post(url, a_prompt(), x_goog_api_key=key)

        (entry,) = await ledger()
        use = await KeyUse.objects.aget()
        columns = ("prompt_tokens", "cached_tokens", "candidates_tokens", "thoughts_tokens", "tool_tokens")
        assert [getattr(use, name) for name in columns] == [getattr(entry, name) for name in columns]
        assert use.prompt_tokens > 0
        assert (use.api_key_id, use.model, use.requests) == (entry.api_key_id, MODEL, 1)

    async def test_of_an_interrupted_answer_are_charged_as_far_as_reported(self, client, key_with, upstream, ledger):
        key = await key_with()
        sent = a_text("one")[:-1] + b',"usageMetadata": {"promptTokenCount": 7,"candidatesTokenCount": 2}}'
        upstream.script(a_stream(sent, ending=Ending.STALL))
        exchange = client.start("POST", STREAM, a_prompt(), x_goog_api_key=key)
        await exchange.chunks(1)

        await exchange.hang_up()

        await ledger()
        use = await KeyUse.objects.aget()
        assert (use.requests, use.prompt_tokens, use.candidates_tokens) == (1, 7, 2)

    @pytest.mark.parametrize("count", [-5, 2**31, 10**18])
    async def test_are_not_believed_beyond_reason(self, count: int, client, key_with, upstream, ledger):
        key = await key_with()
        sent = a_text("one", "STOP")[:-1] + f',"usageMetadata": {{"promptTokenCount": {count}}}}}'.encode()
        upstream.script(an_answer(sent))

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200

        assert len(await ledger()) == 1
        assert 0 <= (await KeyUse.objects.aget()).prompt_tokens < 2**31

    async def test_a_call_upstream_refused_uses_none(self, client, key_with, upstream):
        key = await key_with(tokens_per_day=1)
        upstream.script("invalid_argument")
        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 400

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200


class TestConcurrentRequests:
    @pytest.fixture
    async def busy(self, client, key_with, upstream):
        """A key with its one concurrent request in flight."""
        key = await key_with(max_concurrency=1)
        upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
        exchange = client.start("POST", STREAM, a_prompt(), x_goog_api_key=key)
        await exchange.chunks(1)
        yield key, exchange
        await exchange.hang_up()

    async def test_are_no_more_than_the_limit(self, busy, client):
        key, _ = busy

        ids, delay = refused(await client.post(PLAIN, a_prompt(), x_goog_api_key=key))

        assert ids == ["GatewayConcurrentCallsPerKey"]
        assert delay <= 5

    async def test_make_room_when_the_client_leaves(self, busy, client):
        key, exchange = busy
        await exchange.hang_up()

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200

    @pytest.mark.parametrize("url", [PLAIN, STREAM, ARRAY, COUNT])
    async def test_make_room_when_a_call_ends_well(self, url, client, key_with):
        key = await key_with(max_concurrency=1)

        statuses = [(await client.post(url, a_prompt(), x_goog_api_key=key)).status for _ in range(3)]

        assert statuses == [200, 200, 200]

    @pytest.mark.parametrize("url", [PLAIN, STREAM], ids=("plain", "stream"))
    @pytest.mark.parametrize(
        "fault",
        ["invalid_argument", "overloaded", "reset", "reset_after_first", "stall_after_first", "quota_exhausted"],
    )
    async def test_make_room_however_a_call_ends(self, fault, url, client, key_with, upstream, settings):
        settings.GATEWAY_FIRST_EVENT_TIMEOUT = settings.GATEWAY_IDLE_TIMEOUT = 0.2
        key = await key_with(max_concurrency=1)
        upstream.script(fault)

        await client.post(url, a_prompt(), x_goog_api_key=key)

        assert usage.in_flight() == 0

    async def test_make_room_when_the_client_leaves_before_the_first_event(self, client, key_with, upstream):
        key = await key_with(max_concurrency=1)
        upstream.script("stall")
        exchange = client.start("POST", PLAIN, a_prompt(), x_goog_api_key=key)
        await asyncio.to_thread(upstream.wait_for_requests)
        assert usage.in_flight() == 1

        await exchange.hang_up()

        assert usage.in_flight() == 0


class TestModels:
    @pytest.mark.parametrize("url", [PLAIN, STREAM, COUNT])
    async def test_that_are_not_the_keys_are_refused(self, url, client, key_with, upstream):
        key = await key_with(allowed_models=["gemini-3*"])

        reply = await client.post(url, a_prompt(), x_goog_api_key=key)

        assert reply.status == 403
        error = reply.json()["error"]
        assert error["status"] == "PERMISSION_DENIED"
        (info,) = error["details"]
        assert (info["reason"], info["domain"]) == ("MODEL_NOT_ALLOWED", "gemini-gateway")
        assert info["metadata"] == {"model": MODEL}
        assert not upstream.requests

    @pytest.mark.parametrize(
        ("url", "body", "reason"),
        [
            (EMBED, {"requests": [{"model": "models/other", "content": {}}]}, "MODEL_NOT_ALLOWED"),
            (
                f"{MODELS}/gemini-2.5-flash:batchGenerateContent",
                {"batch": {"model": "models/other"}},
                "MODEL_NOT_ALLOWED",
            ),
            ("/v1beta/cachedContents", {"model": "models/other"}, "MODEL_NOT_ALLOWED"),
            ("/v1beta/tunedModels", {"baseModel": "models/other"}, "MODEL_NOT_ALLOWED"),
            ("/v1beta/tunedModels/other:generateContent", a_prompt(), "MODEL_NOT_ALLOWED"),
            (f"{MODELS}/publishers/google/models/other:predict", {}, "MODEL_NOT_ALLOWED"),
            (
                f"{MODELS}/gemini-2.5-flash:batchGenerateContent",
                {"batch": {"inputConfig": {"fileName": "files/abc"}}},
                "METHOD_NOT_ALLOWED",
            ),
            (f"{MODELS}/gemini-2.5-flash:dreamUp", {}, "METHOD_NOT_ALLOWED"),
        ],
    )
    async def test_are_looked_for_wherever_they_may_stand(
        self, url, body, reason, client, key_with, gemini_account, upstream
    ):
        key = await key_with(allowed_models=["gemini-*"])

        reply = await client.post(url, body, x_goog_api_key=key)

        assert reply.status == 403, reply.body
        (info,) = reply.json()["error"]["details"]
        assert info["reason"] == reason
        assert not upstream.requests

    async def test_that_are_the_keys_answer(self, client, key_with):
        key = await key_with(allowed_models=["gemini-3*", "gemini-2.5-fl*"])

        assert (await client.post(PLAIN, a_prompt(), x_goog_api_key=key)).status == 200

    async def test_of_the_key_are_all_it_is_shown(self, client, key_with):
        key = await key_with(allowed_models=["gemini-2.5-fl*"])

        listed = (await client.get(f"{MODELS}?pageSize=1000", x_goog_api_key=key)).json()["models"]

        names = [model["name"] for model in listed]
        assert f"models/{MODEL}" in names
        assert all(name.startswith("models/gemini-2.5-fl") for name in names)

    @pytest.mark.parametrize(
        ("name", "status"),
        [(MODEL, 200), ("gemini-2.5-pro", 403), ("gemini-2.5-flash-made-up", 404), ("made-up", 403)],
    )
    async def test_are_looked_at_by_the_same_rule(self, name, status, client, key_with):
        key = await key_with(allowed_models=["gemini-2.5-fl*"])

        assert (await client.get(f"{MODELS}/{name}", x_goog_api_key=key)).status == status


class TestNetworks:
    @pytest.fixture
    def elsewhere(self) -> Client:
        return Client(address="203.0.113.9")

    @pytest.mark.parametrize("url", [MODELS, "/nowhere"])
    async def test_that_are_not_the_keys_are_refused(self, url, elsewhere, client, key_with):
        key = await key_with(allowed_networks=["127.0.0.0/8", "2001:db8::/32"])

        reply = await elsewhere.get(url, x_goog_api_key=key)

        assert reply.status == 403
        (info,) = reply.json()["error"]["details"]
        assert (info["reason"], info["metadata"]) == ("API_KEY_IP_ADDRESS_BLOCKED", {"address": "203.0.113.9"})

    async def test_that_are_the_keys_are_let_in(self, client, key_with):
        key = await key_with(allowed_networks=["127.0.0.0/8"])

        assert (await client.get(MODELS, x_goog_api_key=key)).status == 200

    async def test_a_second_key_that_is_good_here_lets_in(self, elsewhere, client, key_with, api_key):
        key, other = await key_with(allowed_networks=["127.0.0.0/8"]), await api_key("phone")

        assert (await elsewhere.get(MODELS, x_goog_api_key=key, x_api_key=other)).status == 200

    async def test_where_no_key_is_needed_a_key_from_elsewhere_is_ignored(
        self, elsewhere, client, key_with, operator_sets
    ):
        key = await key_with(allowed_networks=["127.0.0.0/8"])
        await operator_sets(auth_mode="off")

        assert (await elsewhere.get(MODELS, x_goog_api_key=key)).status == 200


@pytest.mark.parametrize(
    ("delay", "sent"), [(0.2, "1.000s"), (60.0, "60.000s"), (60.0002, "60.001s"), (59.9996, "60.000s")]
)
def test_a_client_that_waits_as_long_as_it_has_to_is_never_early(delay, sent):
    error = ResourceExhausted("used up", delay)

    (retry,) = json.loads(error.body())["error"]["details"]
    assert retry["retryDelay"] == sent
    assert float(sent[:-1]) <= int(error.headers["Retry-After"]) < float(sent[:-1]) + 1
