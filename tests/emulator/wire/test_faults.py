"""Every fault by its name, in the form Google was seen to send it."""

import json

import pytest

from emulator import FAULTS, Emulator
from tests.emulator.conftest import Caller, error_of

OWNERS = {
    "validation_required": "VALIDATION_REQUIRED",
    "tos_violation": "TOS_VIOLATION",
    "service_disabled": "SERVICE_DISABLED",
    "consumer_invalid": "CONSUMER_INVALID",
    "subscription_required": "SUBSCRIPTION_REQUIRED",
    "security_policy_violated": "SECURITY_POLICY_VIOLATED",
    "scope_insufficient": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "key_service_blocked": "API_KEY_SERVICE_BLOCKED",
    "consumer_suspended": "CONSUMER_SUSPENDED",
}
BREAKS = ("hang_up", "reset", "stall", "stall_after_headers", "cut_body")
STREAMED = sorted(name for name in FAULTS if "first" in name and name.startswith(("cut", "reset", "stall")))


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in BREAKS and name not in STREAMED])
def test_every_fault_can_be_had_by_its_name(google: Emulator, caller: Caller, name: str):
    google.script(name)

    answered = caller.internal("streamGenerateContent", caller.envelope(), params={"alt": "sse"})

    assert 200 <= answered.status_code < 600
    assert google.requests[0].fault in {name, "style"}
    google.wait_for_silence()


def test_an_unknown_fault_is_named(google: Emulator):
    with pytest.raises(KeyError, match="no fault is named 'quota_exausted'"):
        google.script("quota_exausted")


@pytest.mark.parametrize(("name", "reason"), OWNERS.items())
def test_faults_for_the_owner_are_403_with_a_reason(google: Emulator, caller: Caller, name: str, reason: str):
    google.script(name)

    answered = caller.internal("generateContent", caller.envelope())

    assert (answered.status_code, error_of(answered)["status"]) == (403, "PERMISSION_DENIED")
    assert error_of(answered)["details"][0]["reason"] == reason


def test_validation_comes_with_its_link_twice(google: Emulator, caller: Caller):
    google.script("validation_required")

    info, links = error_of(caller.internal("generateContent", caller.envelope()))["details"]

    assert info["metadata"]["validation_url"] == links["links"][0]["url"]


def test_a_rate_limit_tells_its_delay_in_both_spellings(google: Emulator, caller: Caller):
    google.script("rate_limited")
    google.script("rate_limited", delay=3725.5)

    first, second = [error_of(caller.internal("generateContent", caller.envelope()))["details"] for _ in range(2)]

    assert first[0]["metadata"]["quotaResetDelay"] == "539.477544ms"
    assert first[1]["retryDelay"] == "0.539477544s"
    assert second[0]["metadata"]["quotaResetDelay"] == "1h2m5.5s"
    assert second[1]["retryDelay"] == "3725.5s"


def test_a_bare_429_has_no_details(google: Emulator, caller: Caller):
    google.script("bare_429")

    error = error_of(caller.internal("generateContent", caller.envelope()))

    assert error == {
        "code": 429,
        "message": "Resource has been exhausted (e.g. check quota).",
        "status": "RESOURCE_EXHAUSTED",
    }


def test_the_public_form_of_a_quota_failure(google: Emulator, caller: Caller):
    google.script("per_minute")

    error = error_of(caller.public("models/gemini-2.5-pro:generateContent", {}))

    assert error["message"].endswith("limit: 2\nPlease retry in 56.185908122s.")
    violation = error["details"][0]["violations"][0]
    assert violation["quotaId"] == "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
    assert violation["quotaDimensions"]["model"] == "gemini-2.5-pro"
    assert error["details"][2]["retryDelay"] == "56s"


def test_a_nested_error_is_json_within_json(google: Emulator, caller: Caller):
    google.script("nested_429")

    error = error_of(caller.internal("generateContent", caller.envelope()))

    assert json.loads(error["message"])["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"


def test_a_front_ends_page_is_html(google: Emulator, caller: Caller):
    google.script("html_502")

    answered = caller.internal("generateContent", caller.envelope())

    assert (answered.status_code, answered.headers["content-type"]) == (502, "text/html; charset=UTF-8")


def test_a_token_endpoint_fault_is_for_the_token_endpoint(google: Emulator, caller: Caller):
    google.script("invalid_rapt", method="token", account="alice@example.com")
    form = {"grant_type": "refresh_token", "refresh_token": caller.account.refresh_token, "client_id": "me"}

    refused, granted = [caller.http.post(google.token_url, data=form) for _ in range(2)]

    assert refused.json()["error_subtype"] == "invalid_rapt"
    assert granted.status_code == 200
