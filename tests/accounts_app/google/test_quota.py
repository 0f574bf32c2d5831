"""The quota that is left, by Google: two calls, merged."""

import json

import pytest

from accounts_app.google.code_assist import Refused
from accounts_app.google.quota import ModelQuota, fetch
from emulator import Emulator, Reply
from tests.accounts_app.conftest import Known, asked_as

RESET = "2026-11-23T02:00:00Z"


def said(value: object) -> Reply:
    return Reply(chunks=(json.dumps(value).encode(),), sized=True)


async def test_models_come_with_limits_and_what_is_left(known: Known, upstream: Emulator):
    alice = await known(at_google={"quota": {"gemini-2.5-pro": 100}})
    upstream.script(
        said(
            {
                "models": {
                    "gemini-3-flash": {
                        "displayName": "Gemini 3 Flash",
                        "maxTokens": "1048576",
                        "maxOutputTokens": 65536,
                        "supportsThinking": True,
                        "quotaInfo": {"remainingFraction": 0.6, "resetTime": RESET},
                    },
                    "gemini-spent": {"quota_info": {"reset_time": RESET}},
                    "gemini-untold": {"display_name": "Untold"},
                    "chat_20706": {"quotaInfo": {}},
                    "gemini-inside": {"isInternal": True},
                }
            }
        ),
        method="fetchAvailableModels",
    )
    upstream.script(said({}), method="retrieveUserQuota")

    assert await fetch(asked_as(alice)) == {
        "gemini-3-flash": ModelQuota(0.6, RESET, "Gemini 3 Flash", 1048576, 65536, True),
        "gemini-spent": ModelQuota(0.0, RESET),
        "gemini-untold": ModelQuota(None, None, "Untold"),
    }


async def test_of_two_quotas_of_a_model_the_lower_counts(known: Known, upstream: Emulator):
    alice = await known()
    listed = {model: {"displayName": model, "quotaInfo": {"remainingFraction": 0.5}} for model in ("a", "b")}
    upstream.script(said({"models": listed}), method="fetchAvailableModels")
    buckets = [
        {"modelId": "a", "remainingFraction": 0.9, "tokenType": "REQUESTS"},
        {"modelId": "a", "remainingFraction": 0.2, "tokenType": "TOKENS", "resetTime": RESET},
        {"modelId": "b", "remainingFraction": 0.8},
        {"modelId": "c"},
        "nonsense",
    ]
    upstream.script(said({"buckets": buckets}), method="retrieveUserQuota")

    assert await fetch(asked_as(alice)) == {
        "a": ModelQuota(0.2, RESET, "a"),
        "b": ModelQuota(0.5, None, "b"),
        "c": ModelQuota(0.0),
    }


async def test_the_emulated_quota_counts_down(known: Known):
    alice = await known(at_google={"quota": 10})

    found = await fetch(asked_as(alice))

    pro = found["gemini-2.5-pro"]
    assert pro.remaining == 1.0 and pro.resets_at and pro.input_limit > 1_000_000 and pro.thinking
    assert not [model for model in found if model.startswith(("chat_", "tab_"))]


async def test_a_project_that_is_not_allowed_is_left_out(known: Known, upstream: Emulator):
    alice = await known()
    upstream.script("permission_denied", method="fetchAvailableModels")

    assert "gemini-2.5-pro" in await fetch(asked_as(alice))
    assert [asked.body for asked in upstream.requests_of("fetchAvailableModels")] == [{"project": "my-project"}, {}]


@pytest.mark.parametrize("missing", ["fetchAvailableModels", "retrieveUserQuota"])
async def test_either_call_alone_is_enough(known: Known, upstream: Emulator, missing: str):
    alice = await known()
    upstream.script("html_404", method=missing, times=None)

    assert (await fetch(asked_as(alice)))["gemini-2.5-pro"].remaining == 1.0


async def test_without_either_the_refusal_is_told(known: Known, upstream: Emulator):
    alice = await known()
    for method in ("fetchAvailableModels", "retrieveUserQuota"):
        upstream.script("token_expired", method=method)

    with pytest.raises(Refused) as failed:
        await fetch(asked_as(alice))

    assert failed.value.status == 401
