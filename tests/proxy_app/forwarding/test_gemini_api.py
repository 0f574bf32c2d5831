"""Accounts of the public Gemini API beside those of v1internal: same calls, same answers, no envelope."""

import json

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.models import Account
from accounts_app.storage import journal
from emulator import Reply
from tests.factories import a_prompt, make_account

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1/models/{MODEL}:streamGenerateContent?alt=sse"
COUNT = f"/v1beta/models/{MODEL}:countTokens"


@pytest.fixture
async def key_account(upstream, settings) -> Account:
    """An account with an AI Studio key, known to upstream."""
    settings.GEMINI_API_URL = upstream.url
    known = upstream.add_account("studio@example.com")
    return await sync_to_async(make_account)(
        "studio", kind="gemini_api", access_token=known.api_key, refresh_token="", expires_at=None, project=""
    )


async def test_a_prompt_is_answered(client, key_account, upstream, ledger):
    reply = await client.post(PLAIN, a_prompt("What is 6*7?"))

    assert reply.status == 200
    assert "42" in reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    (seen,) = upstream.calls
    assert seen.path == f"/v1beta/models/{MODEL}:generateContent"
    assert seen.body == a_prompt("What is 6*7?")
    (entry,) = await ledger()
    assert (entry.dialect, entry.outcome) == ("gemini_api", "succeeded")
    assert entry.total_tokens > 0


async def test_a_stream_comes_event_by_event(client, key_account):
    reply = await client.post(STREAM, a_prompt("Tell me about the sea"))

    assert reply.status == 200
    assert len(reply.events()) > 1
    assert reply.events()[-1]["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize(
    "body",
    [
        a_prompt("one two three"),
        {"generateContentRequest": {"model": f"models/{MODEL}", **a_prompt("one two three")}},
        {
            "generateContentRequest": {
                "model": f"models/{MODEL}",
                "systemInstruction": {"parts": [{"text": "Be brief."}]},
                **a_prompt("one two three"),
            }
        },
    ],
    ids=("contents", "request", "request with an instruction"),
)
async def test_tokens_are_counted_in_both_forms(body, client, key_account):
    reply = await client.post(COUNT, body)

    assert reply.status == 200
    assert reply.json()["totalTokens"] >= 3


async def test_a_key_that_google_rejects_needs_attention_and_another_account_answers(
    client, key_account, pool_of, upstream
):
    await pool_of("alice")
    upstream.script("api_key_invalid", account="studio@example.com", times=None)

    replies = [await client.post(PLAIN, a_prompt(f"Prompt {number}")) for number in range(6)]

    assert {reply.status for reply in replies} == {200}
    await journal.flush(force=True)
    await key_account.arefresh_from_db()
    assert key_account.parked == "misconfigured"


async def test_whatever_characters_upstream_says_it_with_it_is_stored(client, key_account, upstream, ledger):
    error = {
        "code": 403,
        "message": "API\0 has not \x1b[31mbeen used\x85 before or it is disabled.",
        "status": "PERMISSION_DENIED",
        "details": [{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED",
            "domain": "googleapis.com", "metadata": {"activationUrl": "https://console.example/\0api"},
        }],
    }  # fmt: skip
    upstream.script(Reply(403, chunks=(json.dumps({"error": error}).encode(),), sized=True), times=None)

    await client.post(PLAIN, a_prompt())

    (entry,) = await ledger()
    await key_account.arefresh_from_db()
    assert key_account.parked == "service_disabled"
    assert key_account.parked_link == "https://console.example/api"
    shown = "API has not [31mbeen used before or it is disabled."
    assert (entry.message, key_account.parked_message) == (shown, shown)


async def test_an_error_of_the_request_is_upstreams_own(client, key_account, upstream):
    upstream.script("invalid_argument")

    reply = await client.post(PLAIN, a_prompt())

    assert reply.status == 400
    assert reply.json()["error"]["message"] == "Request contains an invalid argument."


async def test_a_free_tier_quota_leads_to_the_other_kind_of_account(client, key_account, pool_of, upstream, ledger):
    await pool_of("alice")
    upstream.script("per_day", account="studio@example.com", times=None)

    replies = [await client.post(PLAIN, a_prompt(f"Prompt {number}")) for number in range(6)]

    assert {reply.status for reply in replies} == {200}
    spent = [entry for entry in await ledger() if entry.outcome == "quota_exhausted"]
    assert [entry.dialect for entry in spent] == ["gemini_api"] * len(spent)
    assert len(spent) <= 1


async def test_keys_are_of_one_project_where_their_errors_name_it(client, projects, upstream):
    upstream.script("front_door_rate_limited", times=None)

    for number in range(2):  # each asks some of the four keys
        assert (await client.post(PLAIN, a_prompt(f"Prompt {number}"))).status == 429
    await journal.flush(force=True)
    await roster.refresh()

    known = roster.current()
    numbers = [known.projects[known.accounts[each.pk].owner].number for each in projects]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == 3
    assert all(numbers)
