"""Batches of generate and embed requests: inline and by file, their states, their results, their lists."""

import json
import re

import httpx
import pytest

from emulator import Account, Emulator
from tests.emulator.apis.resources.conftest import noon
from tests.emulator.conftest import Caller, error_of, text_of
from tests.emulator.uploading import upload

FLASH, EMBEDDING = "models/gemini-2.5-flash", "models/gemini-embedding-001"


def asking(prompt: str) -> dict:
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}


def inline(*requests: dict, **fields: object) -> dict:
    listed = [{"request": one, "metadata": {"key": f"k{index}"}} for index, one in enumerate(requests)]
    return {"batch": {"inputConfig": {"requests": {"requests": listed}}, **fields}}


def created(caller: Caller, body: dict, model: str = FLASH, verb: str = "batchGenerateContent") -> dict:
    answered = caller.public(f"{model}:{verb}", body)
    assert answered.status_code == 200, answered.text
    return answered.json()


def state_of(caller: Caller, name: str) -> str:
    return caller.public(name).json()["metadata"]["state"]


def download(caller: Caller, name: str) -> httpx.Response:
    headers = {"x-goog-api-key": caller.account.api_key}
    return caller.http.get(f"{caller.google.url}/download/v1beta/{name}:download?alt=media", headers=headers)


def test_an_inline_batch_is_pending_then_running_then_done(google: Emulator, caller: Caller):
    operation = created(caller, inline(asking("Hello"), asking("What is 2 + 2?"), displayName="Sums"))
    name, metadata = operation["name"], operation["metadata"]
    assert re.fullmatch(r"batches/[0-9a-z]{36}", name)
    assert metadata["@type"].endswith(".GenerateContentBatch")
    assert (metadata["name"], metadata["model"], metadata["displayName"]) == (name, FLASH, "Sums")
    assert (metadata["state"], "done" in operation) == ("BATCH_STATE_PENDING", False)
    assert metadata["batchStats"] == {"requestCount": "2", "pendingRequestCount": "2"}

    google.advance(1)
    assert state_of(caller, name) == "BATCH_STATE_RUNNING"

    google.advance(1)
    done = caller.public(name).json()
    answers = done["response"]["inlinedResponses"]["inlinedResponses"]
    assert (done["done"], done["metadata"]["state"]) == (True, "BATCH_STATE_SUCCEEDED")
    assert done["response"]["@type"].endswith(".GenerateContentBatchOutput")
    assert done["metadata"]["output"] == {"inlinedResponses": {"inlinedResponses": answers}}
    assert [one["metadata"] for one in answers] == [{"key": "k0"}, {"key": "k1"}]
    assert text_of(answers[0]["response"]) == "Hello! What shall we try today?"
    assert done["metadata"]["batchStats"] == {"requestCount": "2", "successfulRequestCount": "2"}


def test_a_request_that_is_wrong_fails_alone(google: Emulator, caller: Caller):
    name = created(caller, inline(asking("Hello"), {"contents": []}, {"prompt": "Hello"}))["name"]
    google.advance(2)

    done = caller.public(name).json()

    answers = done["response"]["inlinedResponses"]["inlinedResponses"]
    assert [one.get("error", {}).get("code") for one in answers] == [None, 3, 3]
    assert done["metadata"]["batchStats"] == {
        "requestCount": "3",
        "successfulRequestCount": "1",
        "failedRequestCount": "2",
    }


def test_a_batch_by_file_gives_a_file_to_download(google: Emulator, caller: Caller):
    lines = [json.dumps({"key": f"line {number}", "request": asking(f"What is {number} + 1?")}) for number in range(3)]
    file = upload(caller, "\n".join(lines).encode(), "application/jsonl")
    batch = {"batch": {"input_config": {"file_name": file["name"]}, "display_name": "by file"}}
    name = created(caller, batch)["name"]
    results = f"files/batch-{name.removeprefix('batches/')}"
    assert download(caller, results).status_code == 403

    google.advance(2)
    done = caller.public(name).json()

    assert done["metadata"]["inputConfig"] == {"fileName": file["name"]}
    assert done["response"]["responsesFile"] == done["metadata"]["output"]["responsesFile"] == results
    answered = [json.loads(line) for line in download(caller, results).text.splitlines()]
    assert [one["key"] for one in answered] == ["line 0", "line 1", "line 2"]
    assert "2" in text_of(answered[1]["response"])
    assert caller.public(results).status_code == 400
    assert results not in caller.public("files").text


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"", 400, "the file holds no requests"),
        (b'{"key": "a"}\n', 400, "line 1 is not a JSON object with a request"),
        (b"\nnonsense", 400, "line 2 is not a JSON object with a request"),
    ],
)
def test_a_file_that_is_no_batch_is_refused(caller: Caller, content: bytes, status: int, message: str):
    file = upload(caller, content, "application/jsonl")

    answered = caller.public(f"{FLASH}:batchGenerateContent", {"batch": {"inputConfig": {"fileName": file["name"]}}})

    assert answered.status_code == status
    assert message in error_of(answered)["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        (f"{FLASH}:batchGenerateContent", {}, 400, "requests are not specified"),
        (
            f"{FLASH}:batchGenerateContent",
            {"batch": {"inputConfig": {"fileName": "files/nothing"}}},
            403,
            "You do not have permission to access the File nothing or it may not exist.",
        ),
        (f"{FLASH}:batchGenerateContent", {"batch": {"speed": "high"}}, 400, "Unknown name \"speed\" at 'batch'"),
        (f"{EMBEDDING}:batchGenerateContent", inline(asking("Hello")), 404, "not supported for batchGenerateContent."),
        ("models/veo-3.1-generate-preview:batchGenerateContent", inline(asking("Hello")), 404, "batchGenerateContent."),
        (f"{FLASH}:asyncBatchEmbedContent", inline(asking("Hello")), 404, "not supported for asyncBatchEmbedContent."),
    ],
)
def test_a_batch_that_cannot_be_is_refused(caller: Caller, path: str, body: dict, status: int, message: str):
    answered = caller.public(path, body)

    assert answered.status_code == status
    assert message in error_of(answered)["message"]


def test_embeddings_come_in_batches_too(google: Emulator, caller: Caller):
    request = {"content": {"parts": [{"text": "bees"}]}, "outputDimensionality": 8}
    single = caller.public(f"{EMBEDDING}:embedContent", request).json()["embedding"]
    operation = created(caller, inline(request), EMBEDDING, "asyncBatchEmbedContent")
    google.advance(2)

    done = caller.public(operation["name"]).json()

    assert operation["metadata"]["@type"].endswith(".EmbedContentBatch")
    answers = done["metadata"]["output"]["inlinedEmbedContentResponses"]["inlinedResponses"]
    assert answers == [{"response": {"embedding": single, "tokenCount": "1"}, "metadata": {"key": "k0"}}]


def test_a_cancelled_batch_stays_so_and_a_finished_one_too(google: Emulator, caller: Caller):
    cancelled, finished = (created(caller, inline(asking("Hello")))["name"] for _ in range(2))
    assert caller.public(f"{cancelled}:cancel", {}).json() == {}
    google.advance(2)
    assert caller.send("POST", f"{finished}:cancel").json() == {}

    told = caller.public(cancelled).json()
    assert (told["metadata"]["state"], told["error"]["code"], told["done"]) == ("BATCH_STATE_CANCELLED", 1, True)
    assert "response" not in told
    assert state_of(caller, finished) == "BATCH_STATE_SUCCEEDED"


def test_the_list_is_of_operations_newest_first_without_inlined_answers(google: Emulator, caller: Caller):
    assert caller.public("batches").json() == {}
    names = [created(caller, inline(asking("Hello")))["name"] for _ in range(3)]
    google.advance(2)

    first = caller.public("batches", params={"pageSize": "2"}).json()
    second = caller.public("batches", params={"pageSize": "2", "pageToken": first["nextPageToken"]}).json()

    listed = [*first["operations"], *second["operations"]]
    assert [one["name"] for one in listed] == names[::-1]
    assert "inlinedResponses" not in json.dumps(listed)
    assert "nextPageToken" not in second


def test_a_batch_is_deleted(caller: Caller):
    name = created(caller, inline(asking("Hello")))["name"]

    assert caller.send("DELETE", name).json() == {}
    assert caller.public(name).status_code == 404


@pytest.mark.parametrize("mask", ["", "?updateMask=priority"])
def test_what_a_batch_is_called_and_its_priority_can_be_changed(caller: Caller, mask: str):
    name = created(caller, inline(asking("Hello")))["name"]

    changed = caller.send("PATCH", f"{name}:updateGenerateContentBatch{mask}", {"priority": "7"})
    refused = caller.send("PATCH", f"{name}:updateGenerateContentBatch", {"model": FLASH})

    assert (changed.json()["name"], changed.json()["priority"]) == (name, "7")
    assert caller.public(name).json()["metadata"]["priority"] == "7"
    assert refused.status_code == 400


def test_a_batch_that_never_ends_expires_after_two_days(http: httpx.Client):
    with Emulator(clock=noon, job_seconds=1e9) as slow:
        caller = Caller(slow, slow.add_account("alice@example.com"), http)
        name = created(caller, inline(asking("Hello")))["name"]
        slow.advance(48 * 3600 - 1)
        assert not caller.public(name).json().get("done")

        slow.advance(1)

        assert caller.public(name).json()["metadata"]["state"] == "BATCH_STATE_EXPIRED"


def test_a_hundred_batches_run_at_once_and_no_more(google: Emulator, caller: Caller):
    for _ in range(100):
        created(caller, inline(asking("Hello")))

    refused = caller.public(f"{FLASH}:batchGenerateContent", inline(asking("Hello")))
    google.advance(2)

    assert (refused.status_code, error_of(refused)["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert created(caller, inline(asking("Hello")))


@pytest.fixture
def stranger(google: Emulator) -> Account:
    return google.add_account("mallory@example.com", project="mallory-project")


@pytest.mark.parametrize(("verb", "after"), [("GET", ""), ("DELETE", ""), ("POST", ":cancel")])
def test_foreign_and_unknown_batches_give_the_same_bytes(caller: Caller, stranger: Account, verb: str, after: str):
    name = created(caller, inline(asking("Hello")))["name"]
    unknown = caller.send(verb, f"batches/nothing{after}")
    caller.account = stranger

    foreign = caller.send(verb, f"{name}{after}")

    assert (foreign.status_code, error_of(foreign)["message"]) == (404, "Requested entity was not found.")
    assert foreign.content == unknown.content
    assert caller.public("batches").json() == {}


def test_the_other_key_of_a_project_sees_its_batches(google: Emulator, caller: Caller):
    name = created(caller, inline(asking("Hello")))["name"]
    caller.account = google.add_account("ally@example.com", project="alice-project")

    assert caller.public(name).json()["name"] == name


@pytest.mark.parametrize("method", ["batchGenerateContent", "getBatch", "listBatches", "cancelBatch", "deleteBatch"])
def test_every_method_can_be_made_to_fail(google: Emulator, caller: Caller, method: str):
    name = created(caller, inline(asking("Hello")))["name"]
    google.script("unavailable", method=method)
    calls = {
        "batchGenerateContent": ("POST", f"{FLASH}:batchGenerateContent", inline(asking("Hello"))),
        "getBatch": ("GET", name, None),
        "listBatches": ("GET", "batches", None),
        "cancelBatch": ("POST", f"{name}:cancel", None),
        "deleteBatch": ("DELETE", name, None),
    }

    assert caller.send(*calls[method]).status_code == 503
    assert caller.send(*calls[method]).status_code == 200
