"""Batches of OpenAI's requests: native files in, native jobs, native files out."""

import json
from typing import Any

import httpx
import pytest

from emulator import Emulator
from tests.emulator.apis.openai.conftest import Client, message_of, user
from tests.emulator.conftest import Caller
from tests.emulator.uploading import upload

CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"


def line(id: str, body: dict[str, Any], url: str = CHAT) -> str:
    return json.dumps({"custom_id": id, "method": "POST", "url": url, "body": body})


def asking(prompt: str) -> dict[str, Any]:
    return {"model": "gemini-2.5-flash", "messages": [user(prompt)]}


def created(client: Client, caller: Caller, *lines: str, endpoint: str = CHAT, **more: Any) -> dict[str, Any]:
    file = upload(caller, "\n".join(lines).encode(), "application/jsonl")["name"]
    body = {"input_file_id": file, "endpoint": endpoint, "completion_window": "24h", **more}
    return client.post("batches", body)


def results(caller: Caller, name: str) -> list[dict[str, Any]]:
    headers = {"x-goog-api-key": caller.account.api_key}
    url = f"{caller.google.url}/download/v1beta/{name}:download?alt=media"
    return [json.loads(one) for one in httpx.get(url, headers=headers).text.splitlines()]


def test_a_batch_is_a_native_job_with_a_native_file_at_its_end(google: Emulator, client: Client, caller: Caller):
    lines = [line("one", asking("Hello")), line("two", {"model": "gemini-2.5-flash", "messages": []})]
    batch = created(client, caller, *lines, metadata={"of": "tests"})
    assert (batch["object"], batch["status"], batch["output_file_id"]) == ("batch", "validating", None)
    assert (batch["endpoint"], batch["metadata"]) == (CHAT, {"of": "tests"})
    assert batch["input_file_id"].startswith("files/")
    assert batch["id"].startswith("batches/")

    google.advance(2)
    done = client.get(f"batches/{batch['id']}")

    assert (done["status"], done["completed_at"]) == ("completed", done["created_at"] + 2)
    assert done["request_counts"] == {"total": 2, "completed": 1, "failed": 1}
    good, bad = results(caller, done["output_file_id"])
    assert (good["custom_id"], bad["custom_id"]) == ("one", "two")
    assert good["response"]["status_code"] == 200
    assert message_of(good["response"]["body"])["content"]
    assert (bad["response"], bad["error"]["code"]) == (None, 400)
    native = caller.public(batch["id"]).json()
    assert native["response"]["responsesFile"] == done["output_file_id"]


def test_a_batch_is_found_with_an_encoded_slash_and_by_its_id_alone(client: Client, caller: Caller):
    id = created(client, caller, line("one", asking("Hello")))["id"]

    encoded, bare = client.get(f"batches/{id.replace('/', '%2F')}"), client.get(id)

    assert encoded == bare == client.get(f"batches/{id}")


def test_embeddings_come_in_batches_too(google: Emulator, client: Client, caller: Caller):
    asked = {"model": "gemini-embedding-001", "input": "bees", "dimensions": 8}
    id = created(client, caller, line("one", asked, EMBEDDINGS), endpoint=EMBEDDINGS)["id"]
    google.advance(2)

    (told,) = results(caller, client.get(f"batches/{id}")["output_file_id"])

    assert told["response"]["body"] == client.post("embeddings", asked)


def test_a_batch_is_cancelled(google: Emulator, client: Client, caller: Caller):
    id = created(client, caller, line("one", asking("Hello")))["id"]

    cancelled = client.post(f"batches/{id}/cancel", {})

    assert cancelled["status"] == "cancelled"
    assert caller.public(id).json()["metadata"]["state"] == "BATCH_STATE_CANCELLED"


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        ({"endpoint": "/v1/responses"}, 400, "endpoint"),
        ({"completion_window": "1h"}, 400, "completion_window"),
        ({"input_file_id": "files/none"}, 403, "You do not have permission to access the File none"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(client: Client, caller: Caller, more: dict, status: int, message: str):
    file = upload(caller, line("one", asking("Hello")).encode(), "application/jsonl")["name"]
    body = {"input_file_id": file, "endpoint": CHAT, "completion_window": "24h", **more}

    answered = client.send("POST", "batches", body)

    assert answered.status_code == status
    assert message in answered.json()[0]["error"]["message"]


def test_a_file_of_something_else_is_refused(client: Client, caller: Caller):
    file = upload(caller, b'{"key": "one", "request": {}}\n', "application/jsonl")["name"]
    body = {"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"}

    answered = client.send("POST", "batches", body)

    assert "line 1 is not a JSON object with a body" in answered.json()[0]["error"]["message"]


def test_another_projects_batch_is_not_there(google: Emulator, client: Client, caller: Caller):
    id = created(client, caller, line("one", asking("Hello")))["id"]
    client.account = google.add_account("mallory@example.com", project="mallorys")

    assert client.send("GET", f"batches/{id}").content == client.send("GET", "batches/none").content
    assert client.send("POST", f"batches/{id}/cancel").status_code == 404
