"""The request log: one row an attempt, with what operators need, and nothing of a prompt."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from accounts_app.models import ApiKey
from emulator import Ending, Style
from tests.factories import a_prompt
from tests.proxy_app.scripted import a_stream, a_text

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"

USAGE = {
    "promptTokenCount": 1200,
    "cachedContentTokenCount": 1000,
    "candidatesTokenCount": 30,
    "thoughtsTokenCount": 400,
    "toolUsePromptTokenCount": 7,
    "totalTokenCount": 1637,
}
TOLD = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}
COUNTED = {
    "prompt_tokens": 1200,
    "cached_tokens": 1000,
    "candidates_tokens": 30,
    "thoughts_tokens": 400,
    "tool_tokens": 7,
    "total_tokens": 1637,
}


def tokens(entry) -> dict[str, int]:
    return {name: getattr(entry, name) for name in COUNTED}


async def test_an_answer_has_a_complete_row(client, alice, api_key, upstream, ledger):
    key = await api_key("laptop")
    upstream.script(Style(responses=[TOLD | {"usageMetadata": USAGE}]))
    before = datetime.now(UTC)

    reply = await client.post(PLAIN, a_prompt(), x_goog_api_key=key)

    (entry,) = await ledger()
    assert before - timedelta(seconds=1) < entry.at <= datetime.now(UTC)
    assert entry.request_id == reply.headers["x-request-id"]
    assert (entry.attempt, entry.outcome, entry.status, entry.delivered) == (1, "succeeded", 200, True)
    assert (entry.account_id, entry.account_label) == (alice.pk, "alice@example.com")
    assert entry.api_key_id == (await ApiKey.objects.aget(name="laptop")).pk
    assert (entry.dialect, entry.method) == ("cloud_code", "generateContent")
    assert (entry.model, entry.upstream_model, entry.endpoint) == (MODEL, MODEL, upstream.url)
    assert entry.why
    assert entry.message == ""
    assert (entry.events, entry.wait_ms) == (1, 0)
    assert 0 <= entry.first_event_ms <= entry.duration_ms
    assert tokens(entry) == COUNTED


async def test_a_stream_counts_its_events_and_its_last_usage(client, alice, upstream, ledger):
    early = {"promptTokenCount": 1200, "totalTokenCount": 1200}
    more = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}], "usageMetadata": early}
    upstream.script(Style(responses=[more, more, TOLD, {"usageMetadata": USAGE}]))

    await client.post(STREAM, a_prompt())

    (entry,) = await ledger()
    assert entry.method == "streamGenerateContent"
    assert entry.events == 4
    assert entry.first_event_ms is not None
    assert tokens(entry) == COUNTED


async def test_the_time_to_the_first_event_is_not_the_time_to_the_end(client, alice, upstream, ledger):
    upstream.script(a_stream(a_text("one"), a_text("two", "STOP"), gap=0.1))

    await client.post(STREAM, a_prompt())

    (entry,) = await ledger()
    assert entry.first_event_ms < entry.duration_ms
    assert entry.duration_ms >= 100


async def test_every_attempt_has_its_row(client, pool_of, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script("quota_exhausted")

    reply = await client.post(PLAIN, a_prompt())

    first, second = await ledger()
    assert first.request_id == second.request_id == reply.headers["x-request-id"]
    assert (first.attempt, first.outcome, first.status, first.delivered) == (1, "quota_exhausted", 429, False)
    assert (second.attempt, second.outcome, second.status, second.delivered) == (2, "succeeded", 200, True)
    assert first.message.startswith("You have exhausted your capacity on this model.")
    assert (first.events, first.first_event_ms, first.total_tokens) == (0, None, 0)
    assert first.account_id != second.account_id
    assert first.why and second.why


async def test_an_interrupted_answer_keeps_its_tokens_so_far(client, alice, upstream, ledger):
    partly = {"candidates": [{"content": {"parts": [{"text": "Hi"}]}}], "usageMetadata": USAGE}
    upstream.script(Style(responses=[partly, partly], cut_after=1))

    await client.post(STREAM, a_prompt())

    (entry,) = await ledger()
    assert (entry.outcome, entry.delivered, entry.events) == ("interrupted", True, 1)
    assert entry.message
    assert tokens(entry) == COUNTED


async def test_a_client_that_disconnected_has_an_outcome_of_its_own(client, alice, upstream, ledger):
    upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
    exchange = client.start("POST", STREAM, a_prompt())
    await exchange.chunks()
    await exchange.hang_up()

    (entry,) = await ledger()
    assert (entry.outcome, entry.delivered, entry.events) == ("abandoned", True, 1)


@pytest.mark.parametrize(("counted", "kept"), [(10**30, 2**31 - 1), (2**31, 2**31 - 1), (-5, 0), ("7", 7)])
async def test_a_count_that_no_column_holds_costs_no_row(counted, kept, client, alice, upstream, ledger):
    upstream.script(Style(responses=[TOLD | {"usageMetadata": {"totalTokenCount": counted}}]))

    await client.post(PLAIN, a_prompt())

    (entry,) = await ledger()
    assert entry.total_tokens == kept


async def test_a_name_that_no_column_holds_costs_no_row(client, alice, ledger):
    for name in ("x" * 300, "gem%00ini"):
        await client.post(f"/v1beta/models/{name}:generateContent", a_prompt())

    assert [entry.model for entry in await ledger()] == ["", ""]


async def test_a_deleted_account_leaves_its_rows_behind(client, alice, ledger):
    await client.post(PLAIN, a_prompt())
    await ledger()

    await alice.adelete()

    (entry,) = await ledger()
    assert (entry.account_id, entry.account_label) == (None, "alice@example.com")


async def test_an_account_deleted_a_moment_ago_leaves_its_rows_behind_too(client, alice, api_key, ledger):
    await client.post(PLAIN, a_prompt(), x_goog_api_key=await api_key())
    await alice.adelete()
    await ApiKey.objects.all().adelete()

    (entry,) = await ledger()
    assert (entry.account_id, entry.api_key_id, entry.account_label) == (None, None, "alice@example.com")


SECRETS = ("xyzzy-prompt", "xyzzy-instruction", "xyzzy-answer", "xyzzy-tool", "access-alice", "refresh-alice")


@pytest.mark.parametrize("fault", ["", "invalid_argument", "html_413", "quota_exhausted", "cut_after_first", "quoted"])
async def test_no_word_of_a_prompt_or_an_answer_and_no_token_is_kept(
    fault, client, alice, upstream, ledger, caplog, settings
):
    settings.GATEWAY_MAX_WAIT = 0.0
    body = a_prompt(
        "xyzzy-prompt",
        systemInstruction={"parts": [{"text": "xyzzy-instruction"}]},
        tools=[{"functionDeclarations": [{"name": "xyzzy-tool"}]}],
    )
    if fault == "quoted":
        body["contents"] = "xyzzy-prompt"  # upstream quotes a value of the wrong kind
    else:
        upstream.script(fault if fault else Style(texts=("xyzzy-answer",)))

    with caplog.at_level("DEBUG"):
        await client.post(STREAM, body)

    (entry,) = await ledger()
    row = json.dumps({field.attname: str(getattr(entry, field.attname)) for field in entry._meta.concrete_fields})
    assert not [secret for secret in SECRETS if secret in row]
    assert not [secret for secret in SECRETS if secret in caplog.text]
