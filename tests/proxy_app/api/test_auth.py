"""Authentication: where a key may stand, when one is needed, and how a call without one is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts_app.models import ApiKey
from tests.asgi_client import Client
from tests.factories import a_prompt

MODELS = "/v1beta/models"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
HEALTH = ("/healthz", "/readyz")


@pytest.fixture
async def key(api_key, alice, operator_sets) -> str:
    """The one key of a gateway that asks for keys and has an account."""
    await operator_sets(auth_mode="all_except_health")
    return await api_key()


def reason_of(reply, status: int = 401) -> str:
    assert reply.status == status
    error = reply.json()["error"]
    assert error["status"] == {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}[status]
    (detail,) = error["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert detail["domain"] == "gemini-gateway"
    return detail["reason"]


class TestAKey:
    @pytest.mark.parametrize("name", ["x_goog_api_key", "x_api_key"])
    async def test_may_stand_in_a_header_of_its_own(self, name, client, key):
        assert (await client.get(MODELS, **{name: key})).status == 200

    async def test_may_be_a_bearer_token(self, client, key):
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert (await client.get(MODELS, authorization=f"{scheme} {key}")).status == 200

    async def test_may_stand_in_the_query(self, client, key):
        assert (await client.get(f"{MODELS}?pageSize=1&key={key}")).status == 200

    async def test_lets_in_beside_others_that_do_not_verify(self, client, key):
        headers = {"x_goog_api_key": "stale", "x_api_key": "wrong", "authorization": f"Bearer {key}"}

        assert (await client.get(f"{MODELS}?key=other", **headers)).status == 200

    @pytest.mark.parametrize("name", ["x_goog_api_key", "x_api_key"])
    async def test_may_be_sent_twice(self, name, client, key):
        # A server joins headers of one name by commas.
        assert (await client.get(MODELS, **{name: f"{key},{key}"})).status == 200
        assert (await client.get(MODELS, **{name: f"stale, {key}"})).status == 200
        assert reason_of(await client.get(MODELS, **{name: "stale,wrong"})) == "API_KEY_INVALID"

    async def test_may_be_sent_twice_as_a_bearer_token_or_in_the_query(self, client, key):
        assert (await client.get(MODELS, authorization=f"Bearer {key}, Bearer {key}")).status == 200
        assert (await client.get(MODELS, authorization=f"Basic YTpi,Bearer {key}")).status == 200
        assert (await client.get(f"{MODELS}?key={key}&key=stale")).status == 200

    async def test_is_in_the_request_log_by_its_name_and_never_sent_upstream(self, client, key, upstream, ledger):
        await client.post(f"{GENERATE}?key={key}", a_prompt(), x_goog_api_key=key)

        (entry,) = await ledger()
        assert entry.api_key_id == (await ApiKey.objects.aget()).pk
        assert key.encode() not in upstream.calls[0].raw
        assert key not in str(upstream.calls[0].query) + str(dict(upstream.calls[0].headers))

    async def test_opens_nothing_once_it_is_disabled(self, client, key):
        await ApiKey.objects.aupdate(enabled=False)
        await ApiKey.objects.acreate(name="other", digest="0" * 64)

        assert reason_of(await client.get(MODELS, x_goog_api_key=key)) == "API_KEY_INVALID"

    @pytest.mark.parametrize(("hours", "status"), [(-1, 401), (1, 200)])
    async def test_opens_nothing_once_it_has_expired(self, hours, status, client, key):
        await ApiKey.objects.aupdate(expires_at=datetime.now(UTC) + timedelta(hours=hours))

        assert (await client.get(MODELS, x_goog_api_key=key)).status == status


class TestWithoutAKey:
    async def test_a_caller_learns_where_to_put_one(self, client, key):
        reply = await client.get(MODELS)

        assert reason_of(reply) == "API_KEY_MISSING"
        for place in ("x-goog-api-key", "x-api-key", "Authorization: Bearer", "?key="):
            assert place in reply.json()["error"]["message"]

    async def test_an_empty_header_is_no_key(self, client, key):
        for headers in (
            {"x_goog_api_key": ""},
            {"x_api_key": "  "},
            {"authorization": "Bearer "},
            {"authorization": "Basic Zm9v"},
        ):
            assert reason_of(await client.get(f"{MODELS}?key=", **headers)) == "API_KEY_MISSING"

    async def test_a_wrong_key_is_said_to_be_wrong_and_not_repeated(self, client, key):
        reply = await client.get(MODELS, x_goog_api_key="AIzaWrong")

        assert reason_of(reply) == "API_KEY_INVALID"
        assert b"AIzaWrong" not in reply.body

    async def test_does_not_learn_which_paths_exist(self, client, key):
        for path in ("/nowhere", GENERATE, "/v1/files"):
            assert (await client.get(path)).status == 401

    async def test_a_stream_as_plain_json_is_refused_in_an_array(self, client, key):
        reply = await client.post(f"{STREAM}?alt=json", a_prompt())

        assert reply.status == 401
        assert reply.json()[0]["error"]["status"] == "UNAUTHENTICATED"

    async def test_nothing_reaches_upstream(self, client, key, upstream):
        await client.post(GENERATE, a_prompt())

        assert not upstream.requests

    @pytest.mark.parametrize("mode", ["strict", "all_except_health"])
    async def test_and_none_configured_the_message_says_exactly_that(self, mode, client, alice, operator_sets):
        await operator_sets(auth_mode=mode)

        for headers in ({}, {"x_goog_api_key": "anything"}):
            reply = await client.post(GENERATE, a_prompt(), **headers)
            assert reason_of(reply) == "NO_API_KEY_CONFIGURED"
            assert "none is configured" in reply.json()["error"]["message"]
            assert "issue_key" in reply.json()["error"]["message"]


class TestMode:
    @pytest.mark.parametrize(
        ("mode", "api", "health"),
        [("off", 200, 200), ("auto", 200, 200), ("all_except_health", 401, 200), ("strict", 401, 401)],
    )
    async def test_says_who_needs_a_key(self, mode, api, health, client, alice, api_key, operator_sets):
        key = await api_key()
        await operator_sets(auth_mode=mode)

        assert (await client.get(MODELS)).status == api
        assert (await client.get(MODELS, x_goog_api_key=key)).status == 200
        for path in HEALTH:
            assert (await client.get(path)).status == health
            assert (await client.get(path, x_goog_api_key=key)).status == 200

    async def test_auto_asks_for_keys_when_bound_to_more_than_loopback(self, client, alice, settings):
        for host in ("0.0.0.0", "::", "192.0.2.7", "gateway.example"):
            settings.GATEWAY_HOST = host
            assert (await client.get(MODELS)).status == 401
            assert (await client.get("/healthz")).status == 200

    async def test_auto_asks_for_keys_where_a_connection_came_in_from_outside(self, client, alice):
        """`daphne -b 0.0.0.0` does not change the settings."""
        outside = Client(server="192.0.2.7")

        assert (await outside.get(MODELS)).status == 401

    async def test_auto_is_open_on_loopback(self, client, alice):
        for address in ("127.0.0.1", "127.8.8.8", "::1"):
            assert (await Client(server=address).get(MODELS)).status == 200

    async def test_a_wrong_key_does_not_shut_out_where_none_is_needed(self, client, alice, ledger):
        reply = await client.post(GENERATE, a_prompt(), x_goog_api_key="AIzaOfGoogles")

        assert reply.status == 200
        assert (await ledger())[0].api_key_id is None


class TestAnOpenGateway:
    """One that asks for no key must not be used by web pages its operator happens to visit."""

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:3000"]
    )
    async def test_refuses_pages_from_elsewhere(self, origin, client, alice, upstream):
        reply = await client.post(GENERATE, a_prompt(), origin=origin)

        assert reason_of(reply, 403) == "ORIGIN_NOT_ALLOWED"
        assert not upstream.requests

    async def test_refuses_pages_that_rebind_their_name(self, client, alice, upstream):
        page = {"host": "evil.example:8045", "origin": "http://evil.example:8045"}

        assert reason_of(await client.post(GENERATE, a_prompt(), **page), 403) == "HOST_NOT_ALLOWED"
        assert reason_of(await client.get(MODELS, host="evil.example"), 403) == "HOST_NOT_ALLOWED"
        assert not upstream.requests

    async def test_serves_its_own_pages(self, client, alice):
        assert (await client.get(MODELS, origin="http://127.0.0.1:8045")).status == 200

    async def test_is_known_by_the_names_of_loopback(self, client, alice):
        for host in ("localhost:8045", "[::1]:8045", "127.0.0.1"):
            assert (await client.get(MODELS, host=host)).status == 200

    async def test_serves_origins_the_operator_allows(self, client, alice, settings):
        settings.GATEWAY_CORS_ORIGINS = ["https://chat.example"]

        assert (await client.get(MODELS, origin="https://chat.example")).status == 200

    async def test_serves_a_page_from_elsewhere_with_a_key(self, client, alice, api_key):
        headers = {"x_goog_api_key": await api_key(), "origin": "https://evil.example", "host": "evil.example"}

        assert (await client.get(MODELS, **headers)).status == 200
