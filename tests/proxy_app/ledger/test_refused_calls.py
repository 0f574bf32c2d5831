"""A call that was refused without an attempt is in the request log, by its id and with its own outcome."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from accounts_app.models import Account, ApiKey, Rest
from accounts_app.pool.access.strangers import ROWS
from accounts_app.pool.outcomes import Outcome, Refusal
from accounts_app.status.labels import OUTCOMES, REMEDIES
from accounts_app.storage.worker import in_database
from proxy_app import errors
from proxy_app.admin.call_page import TONES
from proxy_app.errors import GatewayError
from proxy_app.reports import figures
from proxy_app.reports.figures import Period
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
COUNT = f"/v1beta/models/{MODEL}:countTokens"


@pytest.fixture
def key_with(api_key, operator_sets):
    """Issues a key with these columns, at a gateway that asks for keys."""

    async def issue(**columns):
        await operator_sets(auth_mode="all_except_health")
        key = await api_key()
        await ApiKey.objects.aupdate(**columns)
        return key

    return issue


async def the_row(ledger, reply):
    (row,) = [row for row in await ledger() if row.request_id == reply.headers["x-request-id"]]
    return row


@pytest.mark.parametrize("url", [PLAIN, STREAM, COUNT])
class TestEachHasItsOwnOutcome:
    async def refused(self, ledger, reply, url: str, outcome: str, status: int):
        row = await the_row(ledger, reply)
        assert (row.outcome, row.status, reply.status) == (outcome, status, status)
        assert (row.attempt, row.endpoint, row.account_id, row.delivered) == (0, "", None, False)
        assert (row.model, row.method) == (MODEL, url.partition("?")[0].rpartition(":")[2])
        assert row.message == reply.json()["error"]["message"][:500]
        return row

    async def test_no_account(self, url, client, ledger):
        await self.refused(ledger, await client.post(url, a_prompt()), url, "no_account", 400)

    async def test_all_cooling_down(self, url, client, alice, ledger):
        until = datetime.now(UTC) + timedelta(minutes=5)
        await Rest.objects.acreate(account=alice, until=until, window_until=until, reason="quota_exhausted", streak=1)

        await self.refused(ledger, await client.post(url, a_prompt()), url, "no_account", 429)

    async def test_a_missing_key(self, url, client, alice, key_with, ledger):
        await key_with()

        row = await self.refused(ledger, await client.post(url, a_prompt()), url, "key_missing", 401)

        assert row.api_key_id is None

    async def test_a_bad_key(self, url, client, alice, key_with, ledger):
        await key_with()

        reply = await client.post(url, a_prompt(), x_goog_api_key="gw-wrong")

        row = await self.refused(ledger, reply, url, "key_invalid", 401)
        assert "gw-wrong" not in row.message

    @pytest.mark.parametrize("fields", [{"enabled": False}, {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}])
    async def test_a_key_that_was_good_once(self, fields, url, client, alice, key_with, ledger):
        key = await key_with(**fields)

        reply = await client.post(url, a_prompt(), x_goog_api_key=key)

        row = await self.refused(ledger, reply, url, "key_invalid", 401)
        assert row.api_key_id == (await ApiKey.objects.aget()).pk

    async def test_a_key_from_elsewhere(self, url, client, alice, key_with, ledger):
        key = await key_with(allowed_networks=["192.0.2.0/24"])

        reply = await client.post(url, a_prompt(), x_goog_api_key=key)

        row = await self.refused(ledger, reply, url, "address_not_allowed", 403)
        assert row.api_key_id == (await ApiKey.objects.aget()).pk

    async def test_a_model_that_the_key_may_not_use(self, url, client, alice, key_with, ledger):
        key = await key_with(allowed_models=["gemini-3*"])

        reply = await client.post(url, a_prompt(), x_goog_api_key=key)

        row = await self.refused(ledger, reply, url, "model_not_allowed", 403)
        assert row.api_key_id == (await ApiKey.objects.aget()).pk

    async def test_a_key_limit(self, url, client, alice, key_with, ledger):
        key = await key_with(requests_per_day=1)
        await client.post(url, a_prompt(), x_goog_api_key=key)

        reply = await client.post(url, a_prompt(), x_goog_api_key=key)

        await self.refused(ledger, reply, url, "key_limit", 429)

    async def test_a_malformed_body(self, url, client, alice, ledger):
        await self.refused(ledger, await client.post(url, b"nonsense"), url, "malformed", 400)

    async def test_a_page_that_may_not_call(self, url, client, alice, ledger):
        reply = await client.post(url, a_prompt(), origin="https://elsewhere.example")

        await self.refused(ledger, reply, url, "origin_not_allowed", 403)

    async def test_a_body_that_is_too_large(self, url, client, alice, ledger, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

        reply = await client.post(url, a_prompt("x" * 2000))

        await self.refused(ledger, reply, url, "too_large", 413)


@pytest.mark.parametrize("verb", ["predict", "batchGenerateContent"])
async def test_a_method_that_no_account_serves_has_a_row(verb, client, alice, ledger):
    reply = await client.post(f"/v1beta/models/{MODEL}:{verb}", {})

    row = await the_row(ledger, reply)
    assert (row.method, row.status) == (verb, reply.status)


async def test_a_call_by_the_wrong_http_method_has_a_row(client, alice, ledger):
    reply = await client.get(PLAIN)

    assert (await the_row(ledger, reply)).outcome == "malformed"


@pytest.mark.parametrize("name", ["a%2F..%2Fb", "x" * 5000, "a%0D%0Ab", "x%22;$(id)", "%00"])
async def test_a_name_that_is_none_is_not_written_down(name, client, alice, key_with, ledger):
    good = await key_with()
    for headers in ({}, {"x_goog_api_key": good}):
        reply = await client.post(f"/v1beta/models/{name}:generateContent", a_prompt(), **headers)

        row = await the_row(ledger, reply)
        assert (row.model, row.method, row.status) == ("", "generateContent", reply.status)


@pytest.mark.parametrize(
    ("http", "path", "row"),
    [
        ("GET", "/v1beta/files/abc", ("files.get", "", "files/abc")),
        ("GET", "/download/v1beta/files/abc:download?alt=media", ("files.download", "", "files/abc")),
        ("DELETE", "/v1/cachedContents/c1", ("cachedContents.delete", "", "cachedContents/c1")),
        ("PATCH", "/v1beta/cachedContents/c1", ("cachedContents.patch", "", "cachedContents/c1")),
        ("GET", "/v1beta/models/m/operations/o", ("models.operations.get", "", "models/m/operations/o")),
        ("POST", "/upload/v1beta/files", ("media.upload", "", "")),
        ("POST", "/v1beta/upload/v1beta/files", ("media.upload", "", "")),
        ("GET", "/v1beta/batches", ("batches.list", "", "")),
        ("GET", f"/v1beta/models/{MODEL}:generateContent", ("generateContent", MODEL, "")),
        ("PUT", "/v1beta/files/abc", ("files.get", "", "files/abc")),
        ("POST", "/v1beta/dreams/d:remember", ("forwarded", "", "dreams/d:remember")),
        ("GET", "/v1beta/files/a%00b", ("files.get", "", "")),
    ],
)
async def test_refusals_of_every_operation_have_rows(http, path, row, client, alice, key_with, ledger):
    await key_with()

    reply = await client.request(http, path)

    found = await the_row(ledger, reply)
    assert (found.method, found.model, found.resource) == row
    assert (found.outcome, found.status, found.attempt) == ("key_missing", 401, 0)


async def test_a_method_that_is_meant_by_a_header_has_a_row_of_its_own(client, alice, key_with, ledger):
    await key_with()

    reply = await client.post("/v1beta/files/abc", {}, x_http_method_override="DELETE")

    assert (await the_row(ledger, reply)).method == "files.delete"


async def test_what_is_no_call_has_no_row(client, alice, key_with, ledger):
    await key_with()
    for path in ("/healthz", "/readyz", "/v1beta/models", f"/v1beta/models/{MODEL}", "/usage", "/nothing/here"):
        await client.get(path)
        await client.request("OPTIONS", path)
    await client.request("OPTIONS", PLAIN)

    assert await ledger() == []


async def test_a_call_that_has_attempts_has_no_further_row(client, alice, upstream, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 0.0
    upstream.script("quota_exhausted")

    reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 429
    assert {row.attempt for row in await ledger()} == {1}


async def test_a_client_that_left_while_it_waited_has_a_row(client, alice, ledger, settings):
    settings.GATEWAY_MAX_WAIT = 60.0
    until = datetime.now(UTC) + timedelta(seconds=30)
    await Rest.objects.acreate(account=alice, until=until, window_until=until, reason="rate_limited", streak=1)

    await client.get("/v1beta/models")  # from here on a call waits for nothing else

    exchange = client.start("POST", PLAIN, a_prompt())
    for _ in range(20):
        await asyncio.sleep(0)
    await exchange.hang_up()

    (row,) = await ledger()
    assert (row.outcome, row.attempt) == ("left_early", 0)


async def test_of_bad_keys_ten_have_rows_and_the_tenth_counts_the_rest(client, alice, key_with, ledger):
    good = await key_with()
    for _ in range(ROWS + 7):
        await client.post(PLAIN, a_prompt(), x_goog_api_key="gw-wrong")

    rows = await ledger()
    assert [row.repeated for row in rows] == [0] * (ROWS - 1) + [7]
    whole = (await in_database(figures.past, Period.DAY, datetime.now(UTC))).whole
    assert (whole.calls, whole.refused, whole.failed) == (ROWS + 7, ROWS + 7, 0)

    limited = await client.post(PLAIN, b"nonsense", x_goog_api_key=good)
    assert (await the_row(ledger, limited)).outcome == "malformed"


async def test_a_missing_key_is_not_counted_among_the_bad_ones(client, alice, key_with, ledger):
    await key_with()
    for headers in ({"x_goog_api_key": "gw-wrong"}, {}):
        for _ in range(ROWS + 2):
            await client.post(PLAIN, a_prompt(), **headers)

    counted = dict.fromkeys(("key_invalid", "key_missing"), 0)
    for row in await ledger():
        counted[row.outcome] += 1 + row.repeated
    assert counted == {"key_invalid": ROWS + 2, "key_missing": ROWS + 2}


async def test_more_bad_keys_are_added_to_a_row_that_is_written_already(client, alice, key_with, ledger):
    await key_with()
    for total in (ROWS, ROWS + 1, ROWS + 3):
        for _ in range(total - sum(1 + row.repeated for row in await ledger())):
            await client.post(PLAIN, a_prompt(), x_goog_api_key="gw-wrong")

    rows = await ledger()
    assert [row.repeated for row in rows] == [0] * (ROWS - 1) + [3]


async def test_refusals_count_as_no_accounts_failure(client, alice, key_with, ledger):
    key = await key_with(requests_per_day=1)
    for _ in range(2):
        await client.post(PLAIN, a_prompt(), x_goog_api_key=key)
    await client.post(PLAIN, a_prompt())
    await ledger()

    for period in Period:
        whole = (await in_database(figures.past, period, datetime.now(UTC))).whole
        assert (whole.calls, whole.failed, whole.attempts, whole.refused) == (3, 0, 1, 2)
    account = await Account.objects.aget()
    assert (account.parked, await Rest.objects.acount()) == ("", 0)


def test_an_error_of_ours_that_is_the_clients_own_doing_is_no_failure():
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, GatewayError)]
    refusing = [each for each in kinds if each.code < 500 and each is not errors.UpstreamError]

    assert len(refusing) > 5
    assert not [each for each in refusing if not isinstance(each.outcome, Refusal)]


def test_every_refusal_has_words_a_colour_and_what_helps():
    for refusal in Refusal:
        assert OUTCOMES[refusal.value]
        assert REMEDIES[refusal.value]
        assert TONES[refusal.value] == "warning"


def test_every_outcome_has_words_and_a_colour():
    assert {outcome.value for outcome in Outcome} <= OUTCOMES.keys()
    assert {outcome.value for outcome in Outcome} <= TONES.keys()
