"""Who gets in, and the form in which everybody else is turned away."""

import pytest

from emulator import Account, Emulator
from tests.emulator.apis.openai.conftest import Client, user

HELLO = {"model": "gemini-2.5-flash", "messages": [user("Hello")]}
SEVERAL = "Multiple authentication credentials received. Please pass only one."


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"authorization": ""}, "Missing or invalid Authorization header."),
        ({"authorization": "Basic abc"}, "Missing or invalid Authorization header."),
        ({"authorization": "Bearer nobody"}, "API key not valid. Please pass a valid API key."),
        ({"x-goog-api-key": "another"}, SEVERAL),
        ({"openai-organization": "org-1"}, SEVERAL),
        ({"openai-project": "proj-1"}, SEVERAL),
    ],
)
def test_one_bearer_is_let_in_and_nothing_beside_it(client: Client, headers: dict, message: str):
    answered = client.send("POST", "chat/completions", HELLO, headers=headers)

    error = answered.json()[0]["error"]
    assert (answered.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert error["message"] == message


def test_googles_own_header_is_no_credential_here(client: Client):
    headers = {"authorization": "", "x-goog-api-key": client.account.api_key}

    answered = client.send("POST", "chat/completions", HELLO, headers=headers)

    assert answered.json()[0]["error"]["message"] == "Missing or invalid Authorization header."


def test_errors_of_posts_come_in_an_array_and_those_of_gets_do_not(client: Client):
    posted = client.send("POST", "embeddings", {"model": "nothing", "input": "bees"})
    got = client.send("GET", "models/nothing")

    assert (posted.status_code, got.status_code) == (404, 404)
    assert posted.json()[0]["error"]["status"] == got.json()["error"]["status"] == "NOT_FOUND"
    assert posted.json()[0]["error"]["message"].startswith("models/nothing is not found for API version v1main")


def test_a_fault_comes_in_the_same_form(google: Emulator, client: Client, alice: Account):
    google.script("per_minute", account=alice, model="gemini-2.5-flash")
    answered = client.send("POST", "chat/completions", HELLO)

    assert answered.status_code == 429
    assert answered.json()[0]["error"]["details"][0]["@type"].endswith("QuotaFailure")
    assert google.calls[-1].model == "gemini-2.5-flash"


@pytest.mark.parametrize("path", ["files", "responses", "videos/models/veo/operations/none", "completions"])
def test_what_google_lacks_is_not_there(client: Client, path: str):
    assert client.send("GET", path).status_code == 404


def test_unknown_fields_are_refused_by_name(client: Client):
    answered = client.send("POST", "chat/completions", {**HELLO, "prompt_cache_key": "k", "reasoning": {}})

    message = answered.json()[0]["error"]["message"]
    assert 'Unknown name "prompt_cache_key": Cannot find field.' in message
    assert 'Unknown name "reasoning": Cannot find field.' in message


def test_models_have_googles_names(client: Client):
    listed = client.get("models")

    assert listed["object"] == "list"
    flash = {
        "id": "models/gemini-2.5-flash",
        "object": "model",
        "owned_by": "google",
        "display_name": "Gemini 2.5 Flash",
    }
    assert flash in listed["data"]
    assert client.get("models/models/gemini-2.5-flash") == client.get("models/gemini-2.5-flash") == flash
    assert client.get("models/models%2Fgemini-2.5-flash") == flash
