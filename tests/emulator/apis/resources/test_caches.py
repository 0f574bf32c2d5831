"""cachedContents of the public API, and their use in generateContent."""

from datetime import datetime

import pytest

from emulator import Account, Emulator
from tests.emulator.conftest import Caller, error_of, events_of, text_of
from tests.emulator.uploading import upload

FLASH = "models/gemini-2.5-flash"
LONG = "The lighthouse keeper wrote down every ship. " * 200
HELD = {"model": FLASH, "contents": [{"role": "user", "parts": [{"text": f"My name is Ada. {LONG}"}]}]}
ASK = {"contents": [{"role": "user", "parts": [{"text": "What is my name?"}]}]}


@pytest.fixture
def cache(caller: Caller) -> dict:
    answered = caller.public("cachedContents", {**HELD, "displayName": "Ships"})
    assert answered.status_code == 200, answered.text
    return answered.json()


@pytest.fixture
def stranger(google: Emulator) -> Account:
    return google.add_account("mallory@example.com", project="mallory-project")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_cache_is_made_and_tells_everything_but_its_contents(caller: Caller, cache: dict):
    kind, _, id = cache["name"].partition("/")

    assert (kind, len(id)) == ("cachedContents", 40)
    assert (cache["model"], cache["displayName"]) == (FLASH, "Ships")
    assert cache["usageMetadata"]["totalTokenCount"] > 1024
    assert moment(cache["expireTime"]) - moment(cache["createTime"]) == 3600
    assert "contents" not in cache
    assert caller.public(cache["name"]).json() == cache
    assert caller.public("cachedContents").json() == {"cachedContents": [cache]}


def test_a_small_context_is_not_cached(caller: Caller):
    answered = caller.public("cachedContents", {"model": FLASH, **ASK})

    assert answered.status_code == 400
    assert error_of(answered)["message"] == (
        "Cached content is too small. total_token_count=5, min_total_token_count=1024"
    )


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"model": ""}, 400, "* CreateCachedContentRequest.model: model is not specified"),
        ({"model": "models/gemini-99"}, 404, "or is not supported for createCachedContent."),
        ({"ttl": "an hour"}, 400, "duration must end with 's'"),
        ({"expireTime": "tomorrow"}, 400, "google.protobuf.Timestamp"),
        ({"ttl": "60s", "expireTime": "2030-01-01T00:00:00Z"}, 400, "oneof field 'expiration' is already set"),
        ({"lifetime": "60s"}, 400, 'Unknown name "lifetime": Cannot find field.'),
    ],
)
def test_a_wrong_create_is_refused(caller: Caller, change: dict, status: int, message: str):
    answered = caller.public("cachedContents", {**HELD, **change})

    assert answered.status_code == status
    assert message in error_of(answered)["message"]


def test_caches_are_listed_in_pages_and_an_empty_list_is_empty(caller: Caller):
    assert caller.public("cachedContents").json() == {}
    names = {caller.public("cachedContents", HELD).json()["name"] for _ in range(3)}

    first = caller.public("cachedContents", params={"pageSize": "2"}).json()
    second = caller.public("cachedContents", params={"pageSize": "2", "pageToken": first["nextPageToken"]}).json()

    assert {one["name"] for page in (first, second) for one in page["cachedContents"]} == names
    assert "nextPageToken" not in second


@pytest.mark.parametrize("mask", ["", "?updateMask=ttl", "?updateMask=expire_time,ttl"])
def test_the_life_of_a_cache_can_be_changed_with_a_mask_and_without(caller: Caller, cache: dict, mask: str):
    changed = caller.send("PATCH", cache["name"] + mask, {"ttl": "90.5s"}).json()

    assert 89 <= moment(changed["expireTime"]) - moment(changed["updateTime"]) <= 91
    assert changed["name"] == cache["name"]


@pytest.mark.parametrize(("mask", "body"), [("?updateMask=contents", HELD), ("", HELD), ("", {})])
def test_nothing_else_can_be_changed(caller: Caller, cache: dict, mask: str, body: dict):
    answered = caller.send("PATCH", cache["name"] + mask, body)

    assert answered.status_code == 400
    assert error_of(answered)["message"].startswith("* UpdateCachedContentRequest.update_mask:")


def test_a_cache_is_deleted(caller: Caller, cache: dict):
    assert caller.send("DELETE", cache["name"], {}).json() == {}
    assert caller.public(cache["name"]).status_code == 403


def test_a_cache_expires_after_an_hour(google: Emulator, caller: Caller, cache: dict):
    google.advance(3599)
    assert caller.public(cache["name"]).status_code == 200

    google.advance(1)

    assert caller.public(cache["name"]).status_code == 403
    assert caller.public("cachedContents").json() == {}


@pytest.mark.parametrize("verb", ["GET", "PATCH", "DELETE"])
def test_foreign_and_unknown_caches_give_the_same_bytes(caller: Caller, cache: dict, stranger: Account, verb: str):
    body = {"ttl": "60s"} if verb == "PATCH" else None
    unknown = caller.send(verb, "cachedContents/nothing", body)
    caller.account = stranger

    foreign = caller.send(verb, cache["name"], body)

    assert (foreign.status_code, error_of(foreign)["message"]) == (
        403,
        "CachedContent not found (or permission denied)",
    )
    assert error_of(foreign)["status"] == "PERMISSION_DENIED"
    assert foreign.content == unknown.content


def test_the_keys_of_a_project_share_its_caches(google: Emulator, caller: Caller, cache: dict):
    caller.account = google.add_account("ally@example.com", project="alice-project")

    assert caller.public(cache["name"]).status_code == 200


@pytest.mark.parametrize("streamed", [False, True])
def test_the_model_knows_what_is_in_the_cache(caller: Caller, cache: dict, streamed: bool):
    body = {**ASK, "cachedContent": cache["name"]}
    if streamed:
        events = events_of(caller.public(f"{FLASH}:streamGenerateContent?alt=sse", body).content)
    else:
        events = [caller.public(f"{FLASH}:generateContent", body).json()]

    usage, held = events[-1]["usageMetadata"], cache["usageMetadata"]["totalTokenCount"]
    assert "".join(map(text_of, events)) == "Your name is Ada; you told me so before."
    assert (usage["cachedContentTokenCount"], usage["promptTokenCount"]) == (held, held + 5)


def test_counting_counts_the_cache(caller: Caller, cache: dict):
    whole = {"generateContentRequest": {"model": FLASH, **ASK, "cachedContent": cache["name"]}}

    counted = caller.public(f"{FLASH}:countTokens", whole).json()

    held = cache["usageMetadata"]["totalTokenCount"]
    assert (counted["totalTokens"], counted["cachedContentTokenCount"]) == (held + 5, held)


@pytest.mark.parametrize(
    ("model", "change", "status", "message"),
    [
        ("gemini-2.5-pro", {}, 400, f"(models/gemini-2.5-pro) and CachedContent ({FLASH}) has to be the same."),
        (
            "gemini-2.5-flash",
            {"systemInstruction": {"parts": [{"text": "Be kind"}]}},
            400,
            "CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_con",
        ),
        (
            "gemini-2.5-flash",
            {"tools": [{"googleSearch": {}}]},
            400,
            "CachedContent can not be used with GenerateContent request setting",
        ),
        (
            "gemini-2.5-flash",
            {"cachedContent": "cachedContents/nothing"},
            403,
            "CachedContent not found (or permission denied)",
        ),
    ],
)
def test_a_cache_is_not_used_wrongly(caller: Caller, cache: dict, model: str, change: dict, status: int, message: str):
    answered = caller.public(f"models/{model}:generateContent", {**ASK, "cachedContent": cache["name"], **change})

    assert answered.status_code == status
    assert message in error_of(answered)["message"]


def test_a_create_can_be_made_to_fail(google: Emulator, caller: Caller):
    google.script("caches_full", method="createCachedContent")

    assert caller.public("cachedContents", HELD).status_code == 429
    assert caller.public("cachedContents", HELD).status_code == 200


def test_a_cache_may_hold_files_of_its_own_project_only(caller: Caller, stranger: Account):
    file = upload(caller, LONG.encode())
    held = {"model": FLASH, "contents": [{"role": "user", "parts": [{"fileData": {"fileUri": file["uri"]}}]}]}

    assert caller.public("cachedContents", held).json()["usageMetadata"]["totalTokenCount"] > 1024
    caller.account = stranger
    refused = caller.public("cachedContents", held)

    assert (refused.status_code, "You do not have permission to access the File" in refused.text) == (403, True)


def test_a_request_without_contents_is_refused_with_a_cache_too(caller: Caller, cache: dict):
    answered = caller.public(f"{FLASH}:generateContent", {"cachedContent": cache["name"]})

    assert (answered.status_code, "contents is not specified" in answered.text) == (400, True)
