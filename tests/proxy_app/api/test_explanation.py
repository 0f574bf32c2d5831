"""`X-Gateway-Explain: 1`: the attempts behind an answer, for keys that may request routing details."""

import pytest
from asgiref.sync import sync_to_async

from accounts_app.models import ApiKey
from tests.factories import a_prompt, make_api_key

MODEL = "/v1beta/models/gemini-2.5-flash"


@pytest.fixture
async def tracing_key(upstream) -> str:
    key = await sync_to_async(make_api_key)("operator")
    await ApiKey.objects.filter(name="operator").aupdate(may_explain=True)
    return key


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent"])
async def test_the_attempts_are_sent_to_a_key_that_may_request_them(verb, client, pool_of, upstream, tracing_key):
    alice, bob = await pool_of("alice", "bob")
    upstream.script("quota_exhausted")

    reply = await client.post(f"{MODEL}:{verb}", a_prompt(), x_goog_api_key=tracing_key, x_gateway_explain="1")

    first, second = reply.headers["x-gateway-attempt-1"], reply.headers["x-gateway-attempt-2"]
    assert reply.headers["x-gateway-attempts"] == "2"
    assert "quota_exhausted 429" in first
    assert "answering" in second
    assert {first.split(";")[0], second.split(";")[0]} == {f"account {alice.pk}", f"account {bob.pk}"}
    assert "example.com" not in str(reply.headers)


async def test_a_refusal_is_explained_as_well(client, pool_of, upstream, tracing_key):
    await pool_of("alice")
    upstream.script("overloaded", times=None)

    reply = await client.post(f"{MODEL}:generateContent", a_prompt(), x_goog_api_key=tracing_key, x_gateway_explain="1")

    assert reply.status == 503
    assert "overloaded 503" in reply.headers["x-gateway-attempt-1"]


async def test_nothing_is_sent_without_a_request_or_the_right(client, pool_of, upstream, tracing_key):
    await pool_of("alice")
    other = await sync_to_async(make_api_key)("guest")

    unasked = await client.post(f"{MODEL}:generateContent", a_prompt(), x_goog_api_key=tracing_key)
    not_allowed = await client.post(f"{MODEL}:generateContent", a_prompt(), x_goog_api_key=other, x_gateway_explain="1")
    nobody = await client.post(f"{MODEL}:generateContent", a_prompt(), x_gateway_explain="1")

    for reply in (unasked, not_allowed, nobody):
        assert reply.status == 200
        assert not any(name.startswith("x-gateway") for name in reply.headers)


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent"])
async def test_a_name_that_no_header_can_hold_has_question_marks(verb, client, pool_of, upstream, tracing_key):
    await pool_of("alice", max_concurrency=1)

    for _ in range(2):
        reply = await client.post(
            f"{MODEL}-\u5feb:{verb}", a_prompt(), x_goog_api_key=tracing_key, x_gateway_explain="1"
        )

        assert reply.headers["x-gateway-attempt-1"].split("; ")[1] == "model gemini-2.5-flash-?"
