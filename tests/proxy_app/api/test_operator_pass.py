"""An operator's token replaces an API key, for a minute, and may request routing details."""

import pytest
from django.core import signing

from proxy_app.api import operator_pass
from tests.factories import a_prompt

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"


@pytest.fixture
async def strict(operator_sets) -> None:
    await operator_sets(auth_mode="strict")


async def test_a_call_with_a_token_is_answered_and_explained(client, alice, strict, ledger):
    given = operator_pass.issue("olga")

    reply = await client.post(PATH, a_prompt(), x_goog_api_key=given, x_gateway_explain="1")

    assert reply.status == 200
    assert reply.headers["x-gateway-attempts"] == "1"
    (entry,) = await ledger()
    assert entry.api_key_id is None


@pytest.mark.parametrize("made_up", ["", "olga", "signed for something else"])
async def test_a_token_without_a_valid_signature_is_refused(made_up, client, alice, strict):
    if made_up.startswith("signed"):
        made_up = signing.dumps("olga", salt="another")
    reply = await client.post(PATH, a_prompt(), x_goog_api_key=operator_pass.PREFIX + made_up)

    assert reply.status == 401


async def test_a_token_of_another_gateway_is_refused(client, alice, strict, settings):
    given = operator_pass.issue("olga")
    settings.SECRET_KEY = "another gateway's"

    reply = await client.post(PATH, a_prompt(), x_goog_api_key=given)

    assert reply.status == 401


def test_a_token_expires_after_a_minute(monkeypatch):
    given = operator_pass.issue("olga")
    now = signing.time.time()

    assert operator_pass.holder(given) == "olga"
    monkeypatch.setattr(signing.time, "time", lambda: now + operator_pass.LIFE_SECONDS + 2)
    assert operator_pass.holder(given) == ""


async def test_a_page_of_another_site_cannot_use_one(client, alice, strict):
    given = operator_pass.issue("olga")

    reply = await client.post(PATH, a_prompt(), x_goog_api_key=given, origin="https://evil.example")

    assert reply.status == 403
