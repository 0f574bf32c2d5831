"""An account's project: asked for on its first use, once, and stored."""

import asyncio
from dataclasses import replace

import pytest

from accounts_app.actions import accounts
from accounts_app.credentials import project
from accounts_app.credentials.tokens import NotEligible, TokenUnavailable, access
from accounts_app.google.onboarding import Onboarding
from accounts_app.models import Account
from accounts_app.storage.worker import in_database
from emulator import Emulator
from tests.accounts_app.conftest import Known, asked_as, row_of, seen
from tests.accounts_app.credentials.conftest import said


async def test_an_account_without_a_project_finds_it_out_once(known: Known, upstream: Emulator, now: float):
    alice = await known(project="", at_google={"project": "managed-1", "onboarded": False})

    found = await asyncio.gather(*(access(alice, now) for _ in range(20)))
    again = await access(alice, now)

    assert {*found, again} == {replace(asked_as(alice), project="managed-1")}
    assert len(upstream.requests_of("loadCodeAssist")) == 1
    row = await row_of(alice)
    assert (row.project, row.tier) == ("managed-1", "free-tier")


async def test_an_account_with_a_project_sends_no_request(known: Known, upstream: Emulator, now: float):
    alice = await known(project="own-project")

    assert await access(alice, now) == asked_as(alice)
    assert not upstream.requests


async def test_a_project_that_the_operator_clears_is_asked_for_anew(known: Known, upstream: Emulator, now: float):
    alice = await known(project="", at_google={"project": "managed-1"})
    assert (await access(alice, now)).project == "managed-1"
    await seen(alice.id)
    await in_database(accounts.change, alice.id, project="")
    found = {"currentTier": {"id": "free-tier"}, "cloudaicompanionProject": "managed-2"}
    upstream.script(said(found), method="loadCodeAssist")

    assert (await access(await seen(alice.id), now)).project == "managed-2"


async def test_an_account_google_gives_no_project_needs_attention_with_googles_reasons(known: Known, now: float):
    alice = await known(project="", at_google={"onboarded": False, "ineligible": ["VALIDATION_REQUIRED"]})

    with pytest.raises(NotEligible):
        await access(alice, now)

    row = await row_of(alice)
    assert row.parked == "verify"
    assert row.parked_message == "Verify your account to continue. (free-tier)"
    assert row.parked_link.startswith("https://accounts.google.example/verify")


async def test_an_outage_costs_no_account_its_service(known: Known, upstream: Emulator, now: float):
    alice = await known(project="", at_google={"project": "managed-1"})
    upstream.script("reset", method="loadCodeAssist")

    with pytest.raises(TokenUnavailable):
        await access(alice, now)

    assert (await row_of(alice)).parked == ""
    assert (await access(alice, now)).project == "managed-1"


async def test_a_project_the_operator_has_set_meanwhile_stands(known: Known):
    alice = await known(project="")
    await in_database(Account.objects.filter(pk=alice.id).update, project="own-project")

    stored = await in_database(project.store, alice.id, "", Onboarding("managed-1", "free-tier"))

    assert not stored
    assert (await row_of(alice)).project == "own-project"
