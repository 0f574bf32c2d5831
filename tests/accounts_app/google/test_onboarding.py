"""A new account's tier and project, in every form upstream sends them."""

import json
from dataclasses import replace

import pytest

from accounts_app.google import code_assist
from accounts_app.google.code_assist import Refused
from accounts_app.google.onboarding import NotEligible, Onboarding, onboard
from emulator import Emulator, Reply, dead_address
from tests.accounts_app.conftest import Known, asked_as


def said(value: object, status: int = 200) -> Reply:
    return Reply(status=status, chunks=(json.dumps(value).encode(),), sized=True)


# --- What the account is


async def test_a_known_account_tells_its_project_and_tier(known: Known, upstream: Emulator):
    alice = await known(project="", at_google={"project": "managed-1"})

    outcome = await onboard(asked_as(alice))

    assert outcome == Onboarding("managed-1", "free-tier", "Gemini Code Assist for individuals")
    assert not upstream.requests_of("onboardUser")


async def test_the_tier_that_is_paid_for_is_the_one_shown(known: Known):
    alice = await known(project="", at_google={"project": "managed-1", "tier": "g1-pro-tier"})

    assert (await onboard(asked_as(alice))).tier == "g1-pro-tier"


async def test_a_project_set_by_the_operator_is_sent_along(known: Known, upstream: Emulator):
    alice = await known(project="own-project", at_google={"tier": "standard-tier"})

    assert (await onboard(asked_as(alice))).project == "own-project"
    (asked,) = upstream.requests_of("loadCodeAssist")
    assert asked.body["cloudaicompanionProject"] == asked.body["metadata"]["duetProject"] == "own-project"


@pytest.mark.parametrize(
    "loaded",
    [
        {"currentTier": {"id": "free-tier"}, "cloudaicompanionProject": "managed-1"},
        {"currentTier": {"id": "free-tier"}, "cloudaicompanionProject": {"id": "managed-1", "name": "x"}},
        {"current_tier": {"id": "free-tier"}, "cloudaicompanion_project": "managed-1"},
    ],
    ids=["string", "object", "snake case"],
)
async def test_a_project_is_read_in_every_form(known: Known, upstream: Emulator, loaded: dict):
    alice = await known(project="")
    upstream.script(said(loaded), method="loadCodeAssist")

    assert await onboard(asked_as(alice)) == Onboarding("managed-1", "free-tier")


async def test_behind_a_perimeter_the_operators_project_counts_as_standard(known: Known, upstream: Emulator):
    alice = await known(project="own-project")
    upstream.script("security_policy_violated", method="loadCodeAssist")

    assert await onboard(asked_as(alice)) == Onboarding("own-project", "standard-tier")


# --- Signing up


@pytest.mark.parametrize("form", ["object", "string"])
@pytest.mark.parametrize("polls", [0, 3])
async def test_a_new_account_is_signed_up_and_polled_by_name(known: Known, upstream: Emulator, form: str, polls: int):
    traits = {"project": "managed-1", "onboarded": False, "pending_polls": polls, "project_form": form}
    alice = await known(project="", at_google=traits)

    outcome = await onboard(asked_as(alice), poll_seconds=0)

    assert (outcome.project, outcome.tier) == ("managed-1", "free-tier")
    assert len(upstream.requests_of("onboardUser")) == 1
    assert len(upstream.requests_of("getOperation")) == polls
    assert "cloudaicompanionProject" not in upstream.requests_of("onboardUser")[0].body


async def test_an_operation_without_a_name_is_polled_by_asking_again(known: Known, upstream: Emulator):
    alice = await known(project="", at_google={"project": "managed-1", "onboarded": False, "pending_polls": 2})
    upstream.script("not_found", method="getOperation", times=None)

    outcome = await onboard(asked_as(alice), poll_seconds=0)

    assert outcome.project == "managed-1"
    assert len(upstream.requests_of("getOperation")) == 1
    assert len(upstream.requests_of("onboardUser")) == 3


async def test_a_sign_up_that_never_ends_is_given_up_for_now(known: Known):
    alice = await known(project="", at_google={"onboarded": False, "pending_polls": 99})

    with pytest.raises(code_assist.Unreachable):
        await onboard(asked_as(alice), polls=3, poll_seconds=0)


async def test_an_ineligible_account_says_why(known: Known):
    alice = await known(project="", at_google={"onboarded": False, "ineligible": ["UNSUPPORTED_LOCATION"]})

    with pytest.raises(NotEligible, match="Your current location is not supported") as failed:
        await onboard(asked_as(alice))

    assert [each.reason for each in failed.value.reasons] == ["UNSUPPORTED_LOCATION"]
    assert (failed.value.parked, failed.value.link) == ("misconfigured", "")


async def test_an_account_to_be_verified_brings_its_link(known: Known):
    reasons = ["DASHER_USER", "VALIDATION_REQUIRED"]
    alice = await known(project="", at_google={"onboarded": False, "ineligible": reasons})

    with pytest.raises(NotEligible) as failed:
        await onboard(asked_as(alice))

    assert failed.value.parked == "verify"
    assert failed.value.link.startswith("https://accounts.google.example/verify")


async def test_a_tier_that_wants_a_project_of_ones_own_asks_for_it(known: Known, upstream: Emulator):
    alice = await known(project="")
    tier = {"id": "standard-tier", "userDefinedCloudaicompanionProject": True}
    upstream.script(said({"currentTier": tier}), method="loadCodeAssist")

    with pytest.raises(NotEligible, match="set this account's project"):
        await onboard(asked_as(alice))


# --- Endpoints


@pytest.mark.parametrize("fault", ["unavailable", "html_502", "html_404", "reset", "not_json_200"])
async def test_the_next_endpoint_answers_for_one_that_is_unwell(known: Known, upstream: Emulator, fault: str):
    alice = await known(project="", at_google={"project": "managed-1"})
    alice = replace(alice, bases=(f"{upstream.url}/first", f"{upstream.url}/second"))
    upstream.script(fault, method="loadCodeAssist", base="/first", times=None)

    assert (await onboard(asked_as(alice))).project == "managed-1"
    assert [asked.base for asked in upstream.requests_of("loadCodeAssist")] == ["/first", "/second"]


async def test_a_refusal_is_final(known: Known, upstream: Emulator):
    alice = await known(project="")
    alice = replace(alice, bases=(upstream.url, f"{upstream.url}/second"))
    upstream.script("service_disabled", method="loadCodeAssist")

    with pytest.raises(Refused) as failed:
        await onboard(asked_as(alice))

    assert failed.value.status == 403
    assert b"SERVICE_DISABLED" in failed.value.body
    assert len(upstream.requests) == 1


async def test_no_endpoint_at_all_is_unreachable(known: Known):
    alice = replace(await known(project=""), bases=(dead_address(), dead_address()))

    with pytest.raises(code_assist.Unreachable, match="ConnectError"):
        await onboard(asked_as(alice))
