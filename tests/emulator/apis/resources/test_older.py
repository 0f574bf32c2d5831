"""Tuned models, corpora and permissions."""

import pytest

from emulator import Emulator
from tests.emulator.conftest import Caller, error_of, text_of

TUNING = {"displayName": "My Model", "baseModel": "models/gemini-2.5-flash", "tuningTask": {"trainingData": {}}}
HELLO = {"contents": [{"parts": [{"text": "Hello"}]}]}


def tuned(google: Emulator, caller: Caller, query: str = "?tunedModelId=mine") -> str:
    name = caller.public(f"tunedModels{query}", TUNING).json()["metadata"]["tunedModel"]
    google.advance(2)
    return name


def test_tuning_is_an_operation_and_the_model_answers_when_it_ends(google: Emulator, caller: Caller):
    operation = caller.public("tunedModels?tunedModelId=mine", TUNING).json()
    creating = caller.public("tunedModels/mine").json()
    google.advance(2)

    done = caller.public(operation["name"]).json()
    model = caller.public("tunedModels/mine").json()

    assert operation["name"].startswith("tunedModels/mine/operations/")
    assert (creating["state"], model["state"], done["done"]) == ("CREATING", "ACTIVE", True)
    assert done["metadata"]["completedPercent"] == 100
    assert model["baseModel"] == "models/gemini-2.5-flash"
    assert text_of(caller.public("tunedModels/mine:generateContent", HELLO).json()).startswith("Hello!")
    assert caller.public("tunedModels").json()["tunedModels"] == [model]
    assert len(caller.public("tunedModels/mine/operations").json()["operations"]) == 1


def test_a_name_is_made_up_and_a_taken_one_is_refused(google: Emulator, caller: Caller):
    assert tuned(google, caller, "").startswith("tunedModels/my-model-")
    tuned(google, caller)

    refused = caller.public("tunedModels?tunedModelId=mine", TUNING)

    assert (refused.status_code, error_of(refused)["status"]) == (409, "ALREADY_EXISTS")


def test_a_tuned_model_is_changed_handed_over_and_deleted(google: Emulator, caller: Caller):
    name = tuned(google, caller)

    changed = caller.send("PATCH", f"{name}?updateMask=description", {"description": "Better", "displayName": "No"})

    assert (changed.json()["description"], changed.json()["displayName"]) == ("Better", "My Model")
    assert caller.public(f"{name}:transferOwnership", {"emailAddress": "bob@example.com"}).json() == {}
    assert caller.send("DELETE", name).json() == {}
    assert caller.public(name).status_code == 403


@pytest.mark.parametrize("path", ["tunedModels/mine", "tunedModels/mine/permissions", "corpora/notes"])
def test_foreign_and_unknown_give_the_same_text(google: Emulator, caller: Caller, path: str):
    unknown = caller.public(path)
    tuned(google, caller)
    caller.public("corpora", {"name": "corpora/notes"})
    assert caller.public(path).status_code == 200
    caller.account = google.add_account("mallory@example.com", project="mallory-project")

    foreign = caller.public(path)

    assert foreign.status_code == 403
    assert error_of(foreign)["message"].endswith("or it may not exist.")
    assert foreign.content == unknown.content


def test_corpora_and_permissions(caller: Caller):
    corpus = caller.public("corpora", {"displayName": "Notes"}).json()["name"]

    permission = caller.public(f"{corpus}/permissions", {"granteeType": "EVERYONE", "role": "READER"}).json()

    assert permission == {"name": f"{corpus}/permissions/everyone", "granteeType": "EVERYONE", "role": "READER"}
    assert caller.public(f"{corpus}/permissions").json() == {"permissions": [permission]}
    changed = caller.send("PATCH", f"{permission['name']}?updateMask=role", {"role": "WRITER"}).json()
    assert changed == caller.public(permission["name"]).json() == {**permission, "role": "WRITER"}
    assert [one["name"] for one in caller.public("corpora").json()["corpora"]] == [corpus]
    assert caller.send("DELETE", corpus).json() == {}
    assert caller.public(permission["name"]).status_code == 403


def test_no_dynamic_model_is_deployed(caller: Caller):
    answered = caller.public("dynamic/mine:generateContent", HELLO)

    assert (answered.status_code, error_of(answered)["status"]) == (404, "NOT_FOUND")
