"""countTokens: real counts, in every form the SDKs ask for them."""

import pytest

from emulator import Reply
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
COLON = f"/v1beta/models/{MODEL}:countTokens"
CONTENTS = a_prompt("Why is the sky blue?")["contents"]


async def counted(client, url, body) -> int:
    reply = await client.post(url, body)

    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert set(reply.json()) == {"totalTokens"}
    return reply.json()["totalTokens"]


@pytest.mark.parametrize(
    "url",
    [
        COLON,
        f"/v1/models/{MODEL}:countTokens",
        f"/v1alpha/models/{MODEL}:countTokens",
        f"/v1beta/models/{MODEL}/countTokens",
        f"/v1beta/models/models/{MODEL}:countTokens",
        f"/v1beta/models/{MODEL}%3AcountTokens",
        f"{COLON}?$alt=json;enum-encoding=int",
    ],
)
async def test_every_path_counts(url, client, alice, upstream):
    assert await counted(client, url, {"contents": CONTENTS}) > 3
    assert upstream.calls[0].body["request"]["model"] == f"models/{MODEL}"


@pytest.mark.parametrize(
    "body",
    [
        {"contents": CONTENTS},
        {"contents": [{"parts": CONTENTS[0]["parts"]}]},
        {"generateContentRequest": {"model": f"models/{MODEL}", "contents": CONTENTS}},
        {"generate_content_request": {"model": f"models/{MODEL}", "contents": CONTENTS}},
        {"model": f"models/{MODEL}", "contents": CONTENTS},
        {"contents": CONTENTS, "safetySettings": [], "safety_settings": []},
    ],
    ids=("contents", "no role", "whole request", "snake case", "model inside", "safety settings"),
)
async def test_every_form_of_body_counts_the_same(body, client, alice):
    plain = await counted(client, COLON, {"contents": CONTENTS})

    assert await counted(client, COLON, body) == plain


async def test_a_longer_prompt_counts_more(client, alice):
    instruction = {"parts": [{"text": "Answer like a pirate, in rhyme, at great length."}]}
    whole = {"generateContentRequest": {"contents": CONTENTS, "systemInstruction": instruction}}

    assert await counted(client, COLON, whole) > await counted(client, COLON, {"contents": CONTENTS})


async def test_what_is_counted_is_what_generating_reports(client, alice):
    answered = await client.post(f"/v1beta/models/{MODEL}:generateContent", {"contents": CONTENTS})

    assert await counted(client, COLON, {"contents": CONTENTS}) == answered.json()["usageMetadata"]["promptTokenCount"]


async def test_the_envelope_holds_the_request_alone(client, alice, upstream):
    await client.post(COLON, {"contents": CONTENTS})

    assert list(upstream.calls[0].body) == ["request"]
    assert set(upstream.calls[0].body["request"]) == {"model", "contents"}


async def test_details_beside_the_total_pass_untouched(client, alice, upstream):
    counts = b'{"totalTokens": 7,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 7}],"novelty": 1.50}'
    upstream.script(Reply(chunks=[counts], sized=True))

    reply = await client.post(COLON, {"contents": CONTENTS})

    assert reply.body == counts


async def test_counting_is_in_the_request_log(client, alice, ledger):
    await client.post(COLON, {"contents": CONTENTS})

    (entry,) = await ledger()
    assert (entry.method, entry.outcome, entry.delivered) == ("countTokens", "succeeded", True)


@pytest.mark.parametrize("fault", ["overloaded", "reset", "not_json_200", "empty_200"])
async def test_a_fault_hands_over_to_the_next_account(fault, client, pool_of, upstream):
    await pool_of("alice", "bob")
    upstream.script(fault)

    assert await counted(client, COLON, {"contents": CONTENTS}) > 3
    assert len({call.account for call in upstream.calls}) == 2


async def test_a_body_without_contents_gets_upstreams_own_error(client, alice):
    reply = await client.post(COLON, {})

    assert reply.status == 400
    assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"
