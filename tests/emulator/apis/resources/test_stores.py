"""File search stores: documents taken in by upload and by import, and answers from them."""

import json
import re

import httpx
import pytest

from emulator import Emulator
from tests.emulator.conftest import Caller, error_of, events_of, text_of
from tests.emulator.uploading import upload

FLASH = "models/gemini-2.5-flash"
REFUNDS = b"""Refunds are paid within thirty days. Keep your receipt.

Parcels are delivered on working days only."""
PENGUINS = b"Penguins live in the south. They cannot fly, but swim well."


@pytest.fixture
def store(caller: Caller) -> str:
    return caller.public("fileSearchStores", {"displayName": "My Shop's Rules!"}).json()["name"]


def upload_to(caller: Caller, store: str, content: bytes, **metadata: object) -> httpx.Response:
    headers = {
        "x-goog-api-key": caller.account.api_key,
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-type": "text/plain",
    }
    url = f"{caller.google.url}/upload/v1beta/{store}:uploadToFileSearchStore"
    started = caller.http.post(url, json=metadata, headers=headers)
    if started.status_code != 200:
        return started
    finish = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}
    return caller.http.post(started.headers["x-goog-upload-url"], content=content, headers=finish)


def filled(google: Emulator, caller: Caller, store: str, content: bytes, **metadata: object) -> dict:
    """The document, once it was taken in."""
    operation = upload_to(caller, store, content, **metadata).json()
    google.advance(2)
    return caller.public(caller.public(operation["name"]).json()["response"]["documentName"]).json()


def search(*stores: str, prompt: str = "When do I get my money back, a refund?", **options: object) -> dict:
    tool = {"fileSearch": {"fileSearchStoreNames": list(stores), **options}}
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "tools": [tool]}


def test_a_store_has_a_slug_for_a_name(caller: Caller, store: str):
    told = caller.public(store).json()

    assert re.fullmatch(r"fileSearchStores/my-shop-s-rules-[0-9a-z]{12}", store)
    assert (told["name"], told["displayName"]) == (store, "My Shop's Rules!")
    assert caller.public("fileSearchStores").json() == {"fileSearchStores": [told]}
    assert re.fullmatch(r"fileSearchStores/[0-9a-z]{24}", caller.public("fileSearchStores", {}).json()["name"])


def test_an_upload_is_an_operation_and_a_document_when_it_ends(google: Emulator, caller: Caller, store: str):
    metadata = [{"key": "topic", "string_value": "money"}]

    operation = upload_to(caller, store, REFUNDS, displayName="rules.txt", customMetadata=metadata).json()
    assert re.fullmatch(rf"{store}/upload/operations/rules-txt-[0-9a-z]{{12}}", operation["name"])
    (pending,) = caller.public(f"{store}/documents").json()["documents"]
    assert ("done" in operation, pending["state"]) == (False, "STATE_PENDING")
    assert caller.public(store).json()["pendingDocumentsCount"] == "1"

    google.advance(2)
    response = caller.public(operation["name"]).json()["response"]
    document = caller.public(response["documentName"]).json()

    assert response["parent"] == store
    assert response["documentName"].startswith(f"{store}/documents/rules-txt-")
    assert (document["state"], document["displayName"]) == ("STATE_ACTIVE", "rules.txt")
    assert (document["mimeType"], document["sizeBytes"]) == ("text/plain", str(len(REFUNDS)))
    assert document["customMetadata"] == [{"key": "topic", "stringValue": "money"}]
    assert caller.public(store).json()["activeDocumentsCount"] == "1"


def test_a_file_is_imported(google: Emulator, caller: Caller, store: str):
    file = upload(caller, PENGUINS, displayName="penguins.txt")
    operation = caller.public(f"{store}:importFile", {"fileName": file["name"]}).json()
    google.advance(2)

    done = caller.public(operation["name"]).json()

    assert operation["name"].startswith(f"{store}/operations/{file['name'].removeprefix('files/')}-")
    assert done["response"]["@type"].endswith(".ImportFileResponse")
    assert caller.public(done["response"]["documentName"]).json()["displayName"] == "penguins.txt"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_store_answers_and_the_answer_names_its_passages(
    google: Emulator, caller: Caller, store: str, streamed: bool
):
    filled(google, caller, store, PENGUINS, displayName="penguins.txt")
    filled(google, caller, store, REFUNDS, displayName="rules.txt")
    if streamed:
        events = events_of(caller.public(f"{FLASH}:streamGenerateContent?alt=sse", search(store)).content)
    else:
        events = [caller.public(f"{FLASH}:generateContent", search(store)).json()]

    grounding = events[-1]["candidates"][0]["groundingMetadata"]
    first = grounding["groundingChunks"][0]["retrievedContext"]
    assert "".join(map(text_of, events)) == "Refunds are paid within thirty days."
    assert (first["title"], first["fileSearchStore"]) == ("rules.txt", store)
    assert first["text"] == "Refunds are paid within thirty days. Keep your receipt."
    assert grounding["groundingSupports"][0]["groundingChunkIndices"] == [0]
    assert len(grounding["groundingChunks"]) == 1


def test_a_document_answers_only_once_it_was_taken_in(google: Emulator, caller: Caller, store: str):
    upload_to(caller, store, REFUNDS, displayName="rules.txt")

    early = caller.public(f"{FLASH}:generateContent", search(store)).json()
    google.advance(2)
    late = caller.public(f"{FLASH}:generateContent", search(store)).json()

    assert ["groundingMetadata" in one["candidates"][0] for one in (early, late)] == [False, True]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('topic = "money"', True),
        ('topic = "birds"', False),
        ("year >= 2024 AND topic = money", True),
        ("year < 2024", False),
        ("author = Ada", False),
    ],
)
def test_a_filter_looks_at_the_metadata(google: Emulator, caller: Caller, store: str, asked: str, found: bool):
    metadata = [{"key": "topic", "stringValue": "money"}, {"key": "year", "numericValue": 2024}]
    filled(google, caller, store, REFUNDS, displayName="rules.txt", customMetadata=metadata)

    answered = caller.public(f"{FLASH}:generateContent", search(store, metadataFilter=asked)).json()

    assert ("groundingMetadata" in answered["candidates"][0]) is found


@pytest.mark.parametrize(
    ("body", "status"),
    [(search(), 400), (search("fileSearchStores/nothing"), 403), (search("x", metadataFilter="nonsense"), 400)],
)
def test_a_search_that_cannot_be_is_refused(caller: Caller, body: dict, status: int):
    assert caller.public(f"{FLASH}:generateContent", body).status_code == status


def test_stores_and_documents_are_deleted_with_force_when_they_are_full(google: Emulator, caller: Caller, store: str):
    document = filled(google, caller, store, REFUNDS, displayName="rules.txt")["name"]

    for name in (document, store):
        refused = caller.send("DELETE", name)
        assert (refused.status_code, error_of(refused)["status"]) == (400, "FAILED_PRECONDITION")
    assert caller.send("DELETE", f"{document}?force=True").json() == {}
    assert caller.send("DELETE", store).json() == {}
    assert caller.public(store).status_code == 403


def test_stores_are_listed_in_pages_of_at_most_twenty(caller: Caller):
    for number in range(21):
        caller.public("fileSearchStores", {"displayName": f"store {number}"})

    usual = caller.public("fileSearchStores").json()
    largest = caller.public("fileSearchStores?pageSize=1000").json()

    assert [len(page["fileSearchStores"]) for page in (usual, largest)] == [10, 20]


def test_foreign_and_unknown_stores_give_google_s_text(google: Emulator, caller: Caller, store: str):
    mine = [caller.account]
    document = filled(google, caller, store, REFUNDS)["name"]
    caller.account = google.add_account("mallory@example.com", project="mallory-project")
    mine.append(caller.account)
    file = upload(caller, PENGUINS)["name"]

    refused = [
        caller.public(store),
        caller.public(document),
        caller.public(f"{store}/documents"),
        caller.send("DELETE", f"{store}?force=true"),
        caller.public(f"{store}:importFile", {"fileName": file}),
        upload_to(caller, store, PENGUINS),
        caller.public(f"{FLASH}:generateContent", search(store)),
    ]

    text = f"You do not have permission to access the FileSearchStore {store.partition('/')[2]} or it may not exist."
    assert [(one.status_code, error_of(one)["message"]) for one in refused] == [(403, text)] * 7


def test_a_foreign_file_is_not_imported(google: Emulator, caller: Caller, store: str):
    owner, caller.account = caller.account, google.add_account("mallory@example.com", project="mallory-project")
    file = upload(caller, PENGUINS)["name"]
    caller.account = owner

    refused = caller.public(f"{store}:importFile", {"fileName": file})

    assert (refused.status_code, file.removeprefix("files/") in refused.text) == (403, True)


@pytest.mark.parametrize("method", ["createFileSearchStore", "getFileSearchStore", "importFile", "listDocuments"])
def test_every_method_can_be_made_to_fail(google: Emulator, caller: Caller, store: str, method: str):
    google.script("internal", method=method)
    calls = {
        "createFileSearchStore": ("POST", "fileSearchStores", {}),
        "getFileSearchStore": ("GET", store, None),
        "importFile": ("POST", f"{store}:importFile", {"fileName": "files/x"}),
        "listDocuments": ("GET", f"{store}/documents", None),
    }

    assert caller.send(*calls[method]).status_code == 500
    assert caller.send(*calls[method]).status_code != 500


def test_stores_that_are_full_take_nothing_in(google: Emulator, caller: Caller, store: str):
    google.limit_stores(caller.account, len(REFUNDS) + 10)
    filled(google, caller, store, REFUNDS)
    file = upload(caller, PENGUINS)["name"]

    by_upload = upload_to(caller, store, PENGUINS)
    by_import = caller.public(f"{store}:importFile", {"fileName": file})

    assert (by_upload.status_code, by_import.status_code) == (429, 429)
    assert error_of(by_import)["message"] == f"Corpus has reached the storage limit of {len(REFUNDS) + 10} bytes."


def test_a_cached_context_may_bring_the_store(google: Emulator, caller: Caller, store: str):
    filled(google, caller, store, REFUNDS, displayName="rules.txt")
    long = {"role": "user", "parts": [{"text": "The shop has many rules. " * 300}]}
    held = {"model": FLASH, "contents": [long], "tools": search(store)["tools"]}
    cache = caller.public("cachedContents", held).json()["name"]

    body = {"contents": search(store)["contents"], "cachedContent": cache}
    answered = caller.public(f"{FLASH}:generateContent", body).json()

    assert text_of(answered) == "Refunds are paid within thirty days."


def test_a_search_may_want_json(google: Emulator, caller: Caller, store: str):
    filled(google, caller, store, REFUNDS, displayName="rules.txt")
    body = {**search(store), "generationConfig": {"responseMimeType": "application/json"}}

    answered = caller.public(f"{FLASH}:generateContent", body).json()

    assert json.loads(text_of(answered))
    assert answered["candidates"][0]["groundingMetadata"]["groundingChunks"]
