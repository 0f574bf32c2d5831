"""An alias with a default generationConfig, seen from upstream."""

import pytest

from accounts_app.models import ModelRoute
from tests.factories import a_prompt

DEFAULTS = {"temperature": 0.1, "thinkingConfig": {"thinkingBudget": 0}}


@pytest.fixture
def quick(transactional_db) -> None:
    ModelRoute.objects.create(pattern="quick-*", target="gemini-2.5-flash", generation_config=DEFAULTS)


async def sent(upstream) -> dict:
    (call,) = upstream.calls
    return call.body["request"]


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent?alt=sse"])
async def test_the_defaults_of_an_alias_go_upstream(verb, client, quick, alice, upstream):
    await client.post(f"/v1beta/models/quick-1:{verb}", a_prompt())

    assert (await sent(upstream))["generationConfig"] == DEFAULTS


async def test_what_the_client_sets_goes_before_the_defaults(client, quick, alice, upstream):
    body = a_prompt(generation_config={"temperature": 1.5, "top_k": 3})

    await client.post("/v1beta/models/quick-1:generateContent", body)

    request = await sent(upstream)
    assert request["generation_config"] == {**DEFAULTS, "temperature": 1.5, "top_k": 3}
    assert "generationConfig" not in request


async def test_a_call_by_another_name_is_sent_unchanged(client, quick, alice, upstream):
    await client.post("/v1beta/models/gemini-2.5-flash:generateContent", a_prompt())

    assert "generationConfig" not in await sent(upstream)


async def test_a_count_is_of_what_the_client_sent(client, quick, alice, upstream):
    await client.post("/v1beta/models/quick-1:countTokens", a_prompt())

    assert "generationConfig" not in await sent(upstream)
