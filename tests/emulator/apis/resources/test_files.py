"""Files of the public API: names, lives, lists, downloads, and their use in calls."""

import base64
import hashlib
import re

import httpx
import pytest

from emulator import Account, Emulator, Style
from tests.emulator.conftest import Caller, error_of, text_of
from tests.emulator.uploading import started, upload

FOREIGN = "You do not have permission to access the File {} or it may not exist."


@pytest.fixture
def bob(google: Emulator, http: httpx.Client) -> Caller:
    return Caller(google, google.add_account("bob@example.com", api_key="AQ.bob"), http)


def delete(caller: Caller, name: str) -> httpx.Response:
    return caller.http.delete(f"{caller.google.url}/v1beta/{name}", headers={"x-goog-api-key": caller.account.api_key})


def asking_about(file: dict[str, str], prompt: str = "What is this?") -> dict[str, object]:
    data = {"fileData": {"fileUri": file["uri"], "mimeType": file["mimeType"]}}
    return {"contents": [{"parts": [data, {"text": prompt}]}]}


def test_a_file_is_told_as_google_tells_it(caller: Caller):
    file = upload(caller, b"Once upon a time", displayName="story.txt")

    digest = base64.b64encode(hashlib.sha256(b"Once upon a time").hexdigest().encode()).decode()
    assert re.fullmatch(r"files/[a-z0-9]{12}", file["name"])
    assert file["uri"] == f"https://generativelanguage.googleapis.com/v1beta/{file['name']}"
    assert (file["displayName"], file["mimeType"], file["sizeBytes"]) == ("story.txt", "text/plain", "16")
    assert (file["state"], file["source"], file["sha256Hash"]) == ("ACTIVE", "UPLOADED", digest)
    assert "downloadUri" not in file
    assert caller.public(file["name"]).json() == file


def test_snake_case_metadata_and_unknown_fields(caller: Caller):
    assert upload(caller, b"x", display_name="a", mime_type="text/csv", size_bytes=1)["mimeType"] == "text/csv"

    refused = started(caller, colour="red")
    assert refused.status_code == 400
    assert "Unknown name \"colour\" at 'file'" in error_of(refused)["message"]


def test_metadata_alone_makes_a_file(caller: Caller):
    file = caller.public("files", {"file": {"name": "files/empty", "mimeType": "text/plain"}}).json()["file"]

    assert caller.public("files/empty").json() == file


def test_a_file_lives_for_two_days(google: Emulator, caller: Caller):
    file = upload(caller, b"x", name="files/short-lived")
    google.advance(48 * 3600 - 5)
    assert caller.public(file["name"]).status_code == 200
    google.advance(10)

    assert caller.public(file["name"]).status_code == 403
    assert upload(caller, b"y", name="files/short-lived")["sizeBytes"] == "1"


@pytest.mark.parametrize("name", ["-a", "a-", "A", "a_b", "a.b"])
def test_a_chosen_name_keeps_to_its_alphabet(caller: Caller, name: str):
    refused = started(caller, name=f"files/{name}")

    assert refused.status_code == 400
    assert error_of(refused)["message"].startswith(
        "* CreateFileRequest.file.name: File name may only contain lowercase"
    )


def test_a_chosen_name_is_at_most_forty_characters(caller: Caller):
    assert started(caller, name="files/" + "a" * 40).status_code == 200
    assert started(caller, name="files/" + "a" * 41).status_code == 400
    refused = caller.public("files/batch-" + "a" * 36)
    assert refused.status_code == 400
    assert "cannot be more than 40 characters" in error_of(refused)["message"]


def test_a_name_that_exists_is_refused_in_its_project_only(caller: Caller, bob: Caller):
    upload(caller, b"x", name="files/mine")

    assert (started(caller, name="files/mine").status_code, error_of(started(caller, name="mine"))["status"]) == (
        409,
        "ALREADY_EXISTS",
    )
    assert started(bob, name="files/mine").status_code == 200


def test_foreign_deleted_and_unknown_files_are_refused_alike(caller: Caller, bob: Caller):
    gone, foreign = upload(caller, b"x"), upload(bob, b"x")
    assert delete(caller, gone["name"]).json() == {}

    for name in (gone["name"], foreign["name"], "files/never"):
        for answered in (caller.public(name), delete(caller, name), caller.public(f"{name}:download?alt=media")):
            assert answered.status_code == 403
            assert error_of(answered)["message"] == FOREIGN.format(name.removeprefix("files/"))


def test_keys_of_one_project_share_its_files(google: Emulator, caller: Caller, http: httpx.Client):
    other = google.add_account("alan@example.com", api_key="AQ.alan", project=caller.account.project)
    file = upload(caller, b"x")

    assert Caller(google, other, http).public(file["name"]).json() == file


def test_files_are_listed_newest_first_in_pages(caller: Caller, bob: Caller):
    assert caller.public("files").json() == {}
    names = [upload(caller, b"x")["name"] for _ in range(12)]
    upload(bob, b"x")

    first = caller.public("files").json()
    second = caller.public("files", params={"pageSize": "100", "pageToken": first["nextPageToken"]}).json()
    assert [file["name"] for page in (first, second) for file in page["files"]] == names[::-1]
    assert len(first["files"]) == 10
    assert "nextPageToken" not in second


def test_a_video_is_processed_before_it_may_be_used(google: Emulator, caller: Caller):
    file = upload(caller, b"x" * 1000, mime_type="video/mp4")
    path, asked = "models/gemini-2.5-flash:generateContent", asking_about(file)

    refused = caller.public(path, asked)
    google.advance(3)

    assert file["state"] == "PROCESSING"
    assert (refused.status_code, error_of(refused)["status"]) == (400, "FAILED_PRECONDITION")
    id = file["name"].removeprefix("files/")
    assert error_of(refused)["message"] == f"The File {id} is not in an ACTIVE state and usage is not allowed."
    assert caller.public(file["name"]).json()["videoMetadata"] == {"videoDuration": "1s"}
    assert caller.public(path, asked).status_code == 200


def test_processing_may_fail(google: Emulator, caller: Caller):
    file = upload(caller, b"x", mime_type="video/mp4", displayName="[[failed]]")
    google.advance(3)

    assert caller.public(file["name"]).json()["state"] == "FAILED"
    assert caller.public("models/gemini-2.5-flash:generateContent", asking_about(file)).status_code == 400


def test_answers_tell_of_the_file(caller: Caller):
    file = upload(caller, b"Call me Ishmael. Some years ago", displayName="moby.txt")
    answered = caller.public("models/gemini-2.5-flash:generateContent", asking_about(file)).json()

    assert "the text/plain file “moby.txt” of 31 bytes, which begins “Call me Ishmael. Some years ago”" in text_of(
        answered
    )


def test_a_file_counts_by_its_text(caller: Caller):
    path = "models/gemini-2.5-flash:countTokens"
    short, long = (caller.public(path, asking_about(upload(caller, b"word " * size))).json() for size in (10, 1000))

    assert long["totalTokens"] - short["totalTokens"] == 990


@pytest.mark.parametrize("method", ["generateContent", "countTokens"])
def test_a_call_may_not_use_a_file_of_another_project(caller: Caller, bob: Caller, method: str):
    foreign = upload(bob, b"x")
    refused = caller.public(f"models/gemini-2.5-flash:{method}", asking_about(foreign))

    assert refused.status_code == 403
    assert error_of(refused)["message"] == FOREIGN.format(foreign["name"].removeprefix("files/"))


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("https://www.youtube.com/watch?v=9hE5-98ZeCg", 200),
        ("https://example.com/paper.pdf", 200),
        ("https://gateway.example.com/v1beta/files/abc", 400),
        ("https://generativelanguage.googleapis.com/v1beta/cats/abc", 400),
    ],
)
def test_other_uris_are_pages_unless_they_look_like_a_files_api(caller: Caller, uri: str, status: int):
    asked = asking_about({"uri": uri, "mimeType": "application/pdf"})

    assert caller.public("models/gemini-2.5-flash:generateContent", asked).status_code == status


def test_a_full_project_takes_no_more_files(google: Emulator, caller: Caller):
    google.limit_storage(caller.account, 100)
    file = upload(caller, b"x" * 60)

    refused = started(caller, 60)
    violation = error_of(refused)["details"][0]["violations"][0]
    assert (refused.status_code, violation["quotaId"]) == (429, "FileStorageBytesPerProject")
    assert violation["quotaValue"] == "21474836480"
    assert error_of(refused)["details"][1]["retryDelay"] == "9223372036854775807s"
    assert caller.say("Hello")

    delete(caller, file["name"])
    assert started(caller, 60).status_code == 200


# -- downloads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["v1beta", "download/v1beta"])
def test_generated_files_are_downloaded_under_both_roots(google: Emulator, caller: Caller, alice: Account, root: str):
    name = google.add_file(alice, bytes(range(256)) * 4000, mime_type="video/mp4")
    answered = caller.public(f"{name}:download", params={"alt": "media"}, version=root)

    assert answered.content == bytes(range(256)) * 4000
    assert answered.headers["content-type"] == "video/mp4"
    assert answered.headers["content-length"] == "1024000"
    assert caller.public(name).json()["downloadUri"].endswith(f"/v1beta/{name}:download?alt=media")


@pytest.mark.parametrize(
    ("asked", "told", "content"),
    [
        ("bytes=2-5", "bytes 2-5/10", b"2345"),
        ("bytes=7-", "bytes 7-9/10", b"789"),
        ("bytes=-2", "bytes 8-9/10", b"89"),
        ("bytes=5-99", "bytes 5-9/10", b"56789"),
    ],
)
def test_a_range_is_a_206(google: Emulator, caller: Caller, alice: Account, asked: str, told: str, content: bytes):
    name = google.add_file(alice, b"0123456789")
    headers = {"x-goog-api-key": alice.api_key, "range": asked}
    answered = caller.http.get(f"{google.url}/v1beta/{name}:download?alt=media", headers=headers)

    assert (answered.status_code, answered.headers["content-range"]) == (206, told)
    assert answered.content == content


def test_a_range_beyond_the_end_is_a_416(google: Emulator, caller: Caller, alice: Account):
    name = google.add_file(alice, b"0123456789")
    headers = {"x-goog-api-key": alice.api_key, "range": "bytes=10-"}
    answered = caller.http.get(f"{google.url}/v1beta/{name}:download?alt=media", headers=headers)

    assert (answered.status_code, answered.headers["content-range"]) == (416, "bytes */10")


def test_a_head_tells_the_size_and_no_more(google: Emulator, caller: Caller, alice: Account):
    name = google.add_file(alice, b"0123456789", id="batch-" + "a" * 36, mime_type="application/jsonl")
    url, headers = f"{google.url}/v1beta/{name}:download?alt=media", {"x-goog-api-key": alice.api_key}
    answered = caller.http.head(url, headers=headers)
    again = caller.http.head(url, headers=headers)

    assert (answered.status_code, answered.headers["content-length"], answered.content) == (200, "10", b"")
    assert again.headers["etag"] == answered.headers["etag"]


def test_what_was_uploaded_is_not_downloaded(caller: Caller):
    file = upload(caller, b"x")

    assert caller.public(f"{file['name']}:download", params={"alt": "media"}).status_code == 400


def test_a_download_may_be_cut(google: Emulator, caller: Caller, alice: Account):
    name = google.add_file(alice, b"x" * 1_000_000)
    google.script(Style(cut_after=1), method="downloadFile")

    with pytest.raises(httpx.RemoteProtocolError):
        caller.public(f"{name}:download", params={"alt": "media"})


# -- register -------------------------------------------------------------------------------------------------------


def test_registering_needs_a_token_and_takes_a_key_beside_it(google: Emulator, alice: Account, http: httpx.Client):
    url, body = f"{google.url}/v1beta/files:register", {"uris": ["gs://bucket/a"]}
    key = {"x-goog-api-key": alice.api_key}
    bearer = {"authorization": f"Bearer {alice.access_token}"}

    assert http.post(url, json=body, headers=key).status_code == 401
    registered = http.post(url, json=body, headers=key | bearer).json()
    assert [file["source"] for file in registered["files"]] == ["REGISTERED"]
