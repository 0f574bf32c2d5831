"""Prompts and responses are logged for keys that have this turned on: bounded, encrypted, for some days."""

import base64
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from accounts_app import roster
from accounts_app.models import ApiKey, GatewaySettings
from accounts_app.storage import journal
from gateway_project.background import upkeep
from proxy_app.ledger import captures
from proxy_app.models import CapturedCall
from tests.factories import a_prompt, make_api_key

MODEL = "gemini-2.5-flash"
PLAIN, STREAM = f"/v1beta/models/{MODEL}:generateContent", f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"


@pytest.fixture
async def key(upstream) -> str:
    return await sync_to_async(make_capturing_key)()


def make_capturing_key(name: str = "watched") -> str:
    key = make_api_key(name)
    ApiKey.objects.filter(name=name).update(capture=True)
    return key


async def captured() -> list[CapturedCall]:
    await journal.flush(force=True)
    return [row async for row in CapturedCall.objects.order_by("pk")]


@pytest.mark.parametrize("path", [PLAIN, STREAM], ids=("plain", "stream"))
async def test_both_sides_of_a_call_are_kept(path, client, alice, key):
    reply = await client.post(path, a_prompt("What is the capital of France?"), x_goog_api_key=key)

    (row,) = await captured()
    assert row.request_id == reply.headers["x-request-id"]
    assert (row.model, row.method, row.outcome) == (MODEL, path.partition(":")[2].partition("?")[0], "succeeded")
    assert "What is the capital of France?" in row.request
    assert '"finishReason"' in row.answer
    assert row.answer_bytes == len(row.answer.encode())


async def test_calls_of_other_keys_are_not_captured(client, alice, upstream):
    key = await sync_to_async(make_api_key)()

    await client.post(PLAIN, a_prompt(), x_goog_api_key=key)
    await client.post(PLAIN, a_prompt())

    assert await captured() == []


async def test_a_refusal_is_the_answer_that_is_kept(client, key, upstream):
    await client.post(PLAIN, a_prompt(), x_goog_api_key=key)

    (row,) = await captured()
    assert row.outcome == "no_account"
    assert "No account is connected" in row.answer


async def test_of_each_side_only_the_beginning_is_kept(client, alice, key):
    await client.post(PLAIN, a_prompt("€" * captures.BODY_LIMIT), x_goog_api_key=key)

    (row,) = await captured()
    assert row.request_bytes > 3 * captures.BODY_LIMIT
    assert len(row.request.encode()) <= captures.BODY_LIMIT + 3


async def test_nothing_of_it_can_be_read_in_the_database(client, alice, key):
    await client.post(PLAIN, a_prompt("My secret is hunter2"), x_goog_api_key=key)
    await captured()

    def stored() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT request, answer FROM proxy_app_capturedcall")
            return str(cursor.fetchall())

    columns = await sync_to_async(stored)()
    assert "hunter2" not in columns
    assert columns.count("v1:") == 2


async def test_the_request_log_holds_no_prompt_and_no_response(client, alice, key, ledger):
    await client.post(PLAIN, a_prompt("My secret is hunter2"), x_goog_api_key=key)

    (entry,) = await ledger()
    assert not any("hunter2" in str(value) for value in vars(entry).values())


async def test_deleting_a_key_deletes_its_prompts_and_responses(client, alice, key):
    await client.post(PLAIN, a_prompt(), x_goog_api_key=key)
    await captured()

    await ApiKey.objects.filter(name="watched").adelete()

    assert await captured() == []


async def test_prompts_of_a_key_deleted_meanwhile_are_not_written(client, alice, key):
    await client.post(PLAIN, a_prompt(), x_goog_api_key=key)

    await ApiKey.objects.filter(name="watched").adelete()

    assert await captured() == []


async def test_calls_beyond_what_may_wait_are_not_captured(client, alice, key, monkeypatch):
    monkeypatch.setattr(captures, "WAITING_LIMIT", 10)
    before = captures.passed_over()

    reply = await client.post(PLAIN, a_prompt(), x_goog_api_key=key)

    assert reply.status == 200
    assert captures.passed_over() == before + 1
    assert await captured() == []


async def test_what_waits_is_counted_as_long_as_it_waits_and_in_bytes(key, monkeypatch):
    monkeypatch.setattr(journal, "BOUND", 2)
    key_id = (await ApiKey.objects.aget()).pk
    for number in range(5):
        columns = {"at": timezone.now(), "request_id": str(number), "api_key_id": key_id}
        captures._keep(captures.Captured(columns, "€".encode() * 1000, b"{}"))
    assert journal.held(captures.KIND) == 2 * 3002

    assert [row.request_id for row in await captured()] == ["3", "4"]

    assert journal.held(captures.KIND) == 0


@pytest.mark.django_db(transaction=True)
async def test_it_is_gone_after_the_days_the_settings_say():
    await sync_to_async(make_capturing_key)()
    key = await ApiKey.objects.aget()
    for days in (1, 4, 30):
        await CapturedCall.objects.acreate(at=timezone.now() - timedelta(days=days), api_key=key)
    await GatewaySettings(capture_days=3).asave()

    await upkeep.prune(timezone.now())

    assert await CapturedCall.objects.acount() == 1


@pytest.mark.django_db
def test_turning_it_off_is_seen_by_the_roster(forgetful):
    make_capturing_key()
    assert [view.capture for view in roster.load_now().keys.values()] == [True]

    ApiKey.objects.update(capture=False)

    assert [view.capture for view in roster.load_now().keys.values()] == [False]


async def test_media_are_left_out(client, projects, key_of):
    key = await key_of("red")
    await ApiKey.objects.aupdate(capture=True)
    await roster.refresh()
    picture = base64.b64encode(bytes(200_000)).decode()
    parts = [{"inlineData": {"mimeType": "image/png", "data": picture}}, {"text": "What is it?"}]

    await client.post(PLAIN, {"contents": [{"role": "user", "parts": parts}]}, x_goog_api_key=key)

    (row,) = await captured()
    assert "<image/png, 200000 bytes>" in row.request
    assert "What is it?" in row.request
    assert row.request_bytes > 200_000
    assert len(row.request) < 300
