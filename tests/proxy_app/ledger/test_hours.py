"""Usage by the hour, which the dashboard reads instead of the request log."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from accounts_app.models import ApiKey, Rest
from accounts_app.roster import known_models
from accounts_app.storage import journal
from proxy_app.ledger import hours as hourly
from proxy_app.models import UsageHour
from tests.factories import a_prompt

GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
HALF_PAST = datetime(2026, 11, 22, 13, 30, tzinfo=UTC)


def a_row(**fields: Any) -> dict[str, Any]:
    """A row of the request log, as columns."""
    return {
        "at": HALF_PAST, "attempt": 1, "api_key_id": 1, "account_id": 2, "model": "gemini-2.5-flash",
        "outcome": "succeeded", "delivered": True, "wait_ms": 0, "first_event_ms": 120, "duration_ms": 900,
        "overhead_us": 1500, "prompt_tokens": 10, "cached_tokens": 4, "candidates_tokens": 20, "thoughts_tokens": 5,
        "tool_tokens": 1, "total_tokens": 36,
    } | fields  # fmt: skip


@pytest.mark.django_db
class TestSums:
    def test_rows_of_one_place_are_one_row(self):
        hourly.add([a_row(), a_row(first_event_ms=90)])
        hourly.add([a_row(attempt=2, first_event_ms=40_000, overhead_us=250_000)])

        hour = UsageHour.objects.get()
        assert hour.hour == HALF_PAST.replace(minute=0)
        assert (hour.calls, hour.attempts, hour.delivered) == (2, 3, 3)
        assert (hour.prompt_tokens, hour.cached_tokens, hour.candidates_tokens) == (30, 12, 60)
        assert (hour.thoughts_tokens, hour.tool_tokens, hour.total_tokens) == (15, 3, 108)
        assert (hour.first_event_ms, hour.overhead_us, hour.duration_ms) == (40_210, 253_000, 2700)
        assert (hour.first_event_le_100, hour.first_event_le_250, hour.first_event_more) == (1, 1, 1)
        assert (hour.overhead_le_2, hour.overhead_more) == (2, 1)

    @pytest.mark.parametrize(
        "different",
        [{"api_key_id": 9}, {"account_id": 9}, {"model": "other"}, {"outcome": "overloaded"},
         {"at": HALF_PAST + timedelta(hours=1)}, {"api_key_id": None}, {"account_id": None}],
    )  # fmt: skip
    def test_what_differs_stands_apart(self, different):
        hourly.add([a_row(), a_row(**different)])

        assert UsageHour.objects.count() == 2

    def test_an_attempt_counts_in_the_hour_it_ended(self):
        hourly.add([a_row(duration_ms=45 * 60_000)])

        assert UsageHour.objects.get().hour == HALF_PAST.replace(hour=14, minute=0)

    def test_an_attempt_without_a_first_event_is_in_no_bucket_of_it(self):
        hourly.add([a_row(first_event_ms=None, delivered=False, outcome="unreachable")])

        hour = UsageHour.objects.get()
        buckets = [field.name for field in UsageHour._meta.fields if field.name.startswith("first_event_")]
        assert sum(getattr(hour, name) for name in buckets) == 0

    def test_every_bucket_has_its_column(self):
        columns = {field.name for field in UsageHour._meta.fields}
        named = {f"first_event_le_{bound}" for bound in hourly.FIRST_EVENT_BOUNDS}
        named |= {f"overhead_le_{bound}" for bound in hourly.OVERHEAD_BOUNDS} | {"first_event_more", "overhead_more"}

        assert named == {name for name in columns if "_le_" in name or name.endswith("_more")}

    def test_a_batch_larger_than_one_statement_adds_up(self):
        for number in range(150):
            known_models.learn(f"model-{number}", 0.0)

        hourly.add([a_row(model=f"model-{number % 150}") for number in range(450)])

        assert UsageHour.objects.count() == 150
        assert set(UsageHour.objects.values_list("attempts", flat=True)) == {3}


@pytest.mark.django_db(transaction=True)
def test_several_writers_at_once_lose_nothing():
    def write() -> None:
        for number in range(10):
            hourly.add([a_row(model=f"model-{model}") for model in (number % 3, 0, 1)])
        connection.close()

    writers = [Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sum(UsageHour.objects.values_list("attempts", flat=True)) == 90


class TestCalls:
    async def test_add_up_to_the_rows_of_the_request_log(self, client, pool_of, api_key, upstream, ledger):
        await pool_of("alice", "bob")
        key = await api_key()
        upstream.script("overloaded")

        for url in (GENERATE, STREAM, STREAM):
            await client.post(url, a_prompt(), x_goog_api_key=key)

        entries = await ledger()
        hours = [hour async for hour in UsageHour.objects.all()]
        for column in ("prompt_tokens", "candidates_tokens", "total_tokens", "first_event_ms", "overhead_us"):
            assert sum(getattr(hour, column) for hour in hours) == sum(getattr(entry, column) or 0 for entry in entries)
        assert sum(hour.attempts for hour in hours) == len(entries) == 4
        assert sum(hour.calls for hour in hours) == 3
        assert sum(hour.delivered for hour in hours) == 3
        assert {hour.api_key_id for hour in hours} == {(await ApiKey.objects.aget()).pk}

    @pytest.mark.parametrize("url", [GENERATE, STREAM])
    async def test_have_their_overhead_measured(self, url, client, alice, ledger):
        await client.post(url, a_prompt())

        (entry,) = await ledger()
        assert 0 < entry.overhead_us <= entry.duration_ms * 1000 + 1_000_000

    async def test_that_no_account_could_answer_are_counted_too(self, client, upstream):
        reply = await client.post(GENERATE, a_prompt())
        await journal.flush(force=True)

        assert reply.status == 400
        hour = await UsageHour.objects.aget()
        assert (hour.outcome, hour.calls, hour.attempts, hour.delivered) == ("no_account", 1, 0, 0)


async def test_a_wait_for_a_recovery_is_no_gateway_overhead(client, alice, ledger):
    until = datetime.now(UTC) + timedelta(seconds=1)
    await Rest.objects.acreate(account=alice, until=until, window_until=until, reason="quota_exhausted", streak=1)

    await client.post(GENERATE, a_prompt())

    (entry,) = await ledger()
    assert 0 < entry.overhead_us < entry.wait_ms * 1000
