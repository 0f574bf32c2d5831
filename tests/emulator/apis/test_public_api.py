"""The public Gemini API: keys, models, the same answers without an envelope."""

import httpx
import pytest

from emulator import Account, Emulator
from tests.emulator.conftest import Caller, error_of, events_of, text_of

HELLO = {"contents": [{"parts": [{"text": "Hello"}]}]}


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_every_version_answers(caller: Caller, version: str):
    answered = caller.public("models/gemini-2.5-flash:generateContent", HELLO, version=version)

    assert text_of(answered.json()) == "Hello! What shall we try today?"
    assert "response" not in answered.json()


@pytest.mark.parametrize("way", ["header", "query", "bearer"])
def test_a_key_may_come_in_three_ways(google: Emulator, alice: Account, http: httpx.Client, way: str):
    options = {
        "header": {"headers": {"x-goog-api-key": alice.api_key}},
        "query": {"params": {"key": alice.api_key}},
        "bearer": {"headers": {"authorization": f"Bearer {alice.access_token}"}},
    }[way]

    assert http.get(f"{google.url}/v1beta/models", **options).status_code == 200


def test_a_bad_key_is_a_400_and_none_a_403(google: Emulator, alice: Account, http: httpx.Client):
    bad = http.get(f"{google.url}/v1beta/models?key=oops")
    none = http.get(f"{google.url}/v1beta/models")

    assert (bad.status_code, error_of(bad)["details"][0]["reason"]) == (400, "API_KEY_INVALID")
    assert none.status_code == 403
    assert error_of(none)["message"].startswith("Method doesn't allow unregistered callers")


def test_streams_come_as_sse_or_as_an_array(caller: Caller):
    path = "models/gemini-2.5-flash:streamGenerateContent"

    sse = events_of(caller.public(path, HELLO, params={"alt": "sse"}).content)
    array = caller.public(path, HELLO).json()

    assert "".join(map(text_of, sse)) == "".join(map(text_of, array)) == "Hello! What shall we try today?"


def test_models_are_listed_in_pages(caller: Caller):
    first = caller.public("models", params={"pageSize": "3"}).json()
    second = caller.public("models", params={"pageSize": "1000", "pageToken": first["nextPageToken"]}).json()

    names = [model["name"] for page in (first, second) for model in page["models"]]
    assert len(first["models"]) == 3
    assert "nextPageToken" not in second
    assert len(names) == len(set(names))
    assert "models/gemini-2.5-pro" in names


def test_a_model_has_its_limits(caller: Caller):
    model = caller.public("models/gemini-2.5-pro").json()

    assert (model["name"], model["inputTokenLimit"], model["thinking"]) == ("models/gemini-2.5-pro", 1_048_576, True)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("models/gemini-99:generateContent", 404, "models/gemini-99 is not found for API version v1beta, or is not"),
        ("models/gemini-embedding-001:generateContent", 404, "or is not supported for generateContent."),
        ("models/gemini-2.5-pro:embedContent", 404, "or is not supported for embedContent."),
        ("models/bad%20name:generateContent", 400, "* GenerateContentRequest.model: unexpected model name format"),
    ],
)
def test_a_model_that_cannot_answer_is_refused(caller: Caller, path: str, status: int, message: str):
    answered = caller.public(path, HELLO)

    assert answered.status_code == status
    assert message in error_of(answered)["message"]


def test_an_unknown_path_is_a_page(caller: Caller):
    answered = caller.public("models/gemini-2.5-pro:sing", HELLO)

    assert (answered.status_code, answered.headers["content-type"]) == (404, "text/html; charset=UTF-8")


def test_an_envelope_is_not_understood(caller: Caller):
    answered = caller.public("models/gemini-2.5-pro:generateContent", caller.envelope())

    assert 'Unknown name "request": Cannot find field.' in error_of(answered)["message"]


def test_counting_takes_both_forms(caller: Caller):
    path = "models/gemini-2.5-pro:countTokens"
    whole = {"model": "models/gemini-2.5-pro", **HELLO, "systemInstruction": {"parts": [{"text": "Be kind"}]}}

    assert caller.public(path, HELLO).json()["totalTokens"] == 1
    assert caller.public(path, {"generateContentRequest": whole}).json()["totalTokens"] == 3
    refused = caller.public(path, {"generateContentRequest": HELLO})
    assert error_of(refused)["message"].startswith("* GenerateContentRequest.model: unexpected model name format")


def test_a_spent_quota_has_the_public_form(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", quota=1)
    path = "models/gemini-2.5-pro:generateContent"
    caller.public(path, HELLO)

    error = error_of(caller.public(path, HELLO))

    assert error["details"][0]["violations"][0]["quotaValue"] == "1"
    assert "PerDay" in error["details"][0]["violations"][0]["quotaId"]


def test_several_credentials_at_once_are_refused(google: Emulator, alice: Account, http: httpx.Client):
    options = {"headers": {"x-goog-api-key": alice.api_key}, "params": {"key": alice.api_key}}
    answered = http.get(f"{google.url}/v1beta/models", **options)

    text = "Multiple authentication credentials received. Please pass only one."
    assert (answered.status_code, error_of(answered)["message"]) == (400, text)


def test_a_key_is_no_bearer_token(google: Emulator, http: httpx.Client):
    google.add_account("bob@example.com", api_key="AQ.bob")
    answered = http.get(f"{google.url}/v1beta/models", headers={"authorization": "Bearer AQ.bob"})

    assert answered.status_code == 401
    assert error_of(answered)["details"][0]["reason"] == "ACCESS_TOKEN_TYPE_UNSUPPORTED"


def test_keys_of_one_project_share_its_quota(google: Emulator, http: httpx.Client):
    google.add_account("bob@example.com", api_key="AQ.bob", project="p1", quota=1)
    google.add_account("bea@example.com", api_key="AIza-bea", project="p1")
    url = f"{google.url}/v1beta/models/gemini-2.5-flash:generateContent"

    statuses = [http.post(url, json=HELLO, params={"key": key}).status_code for key in ("AQ.bob", "AIza-bea")]

    assert statuses == [200, 429]


def test_a_version_may_lack_a_method(google: Emulator, caller: Caller):
    google.script("html_404", method="listModels", version="v1", times=None)

    assert caller.public("models", version="v1").headers["content-type"].startswith("text/html")
    assert caller.public("models", version="v1beta").status_code == 200
