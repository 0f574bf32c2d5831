"""An alias that pins parts of the generationConfig, seen from upstream."""

import pytest

from accounts_app.models import ModelRoute
from tests.factories import a_prompt

PINNED = {"temperature": 0.1, "thinkingConfig": {"thinkingBudget": 0}}


@pytest.fixture
def quick(transactional_db) -> None:
    ModelRoute.objects.create(pattern="quick-*", target="gemini-2.5-flash", generation_config=PINNED)


async def sent(upstream) -> dict:
    (call,) = upstream.calls
    return call.body["request"]


@pytest.mark.parametrize("verb", ["generateContent", "streamGenerateContent?alt=sse"])
async def test_what_an_alias_pins_goes_upstream(verb, client, quick, alice, upstream):
    await client.post(f"/v1beta/models/quick-1:{verb}", a_prompt())

    assert (await sent(upstream))["generationConfig"] == PINNED


async def test_what_the_client_sets_goes_before_what_is_pinned(client, quick, alice, upstream):
    body = a_prompt(generation_config={"temperature": 1.5, "top_k": 3})

    await client.post("/v1beta/models/quick-1:generateContent", body)

    request = await sent(upstream)
    assert request["generation_config"] == {**PINNED, "temperature": 1.5, "top_k": 3}
    assert "generationConfig" not in request


async def test_a_call_by_another_name_is_sent_as_it_came(client, quick, alice, upstream):
    await client.post("/v1beta/models/gemini-2.5-flash:generateContent", a_prompt())

    assert "generationConfig" not in await sent(upstream)


async def test_a_count_is_of_what_the_client_sent(client, quick, alice, upstream):
    await client.post("/v1beta/models/quick-1:countTokens", a_prompt())

    assert "generationConfig" not in await sent(upstream)
