"""Pictures at once, videos as long-running operations."""

import base64

import pytest

from emulator import Emulator
from tests.emulator.conftest import Caller, error_of

VEO, IMAGEN = "models/veo-3.1-generate-preview", "models/imagen-4.0-generate-001"
FILM = {"instances": [{"prompt": "A heron takes off"}], "parameters": {"sampleCount": 1}}


@pytest.fixture
def operation(caller: Caller) -> str:
    answered = caller.public(f"{VEO}:predictLongRunning", FILM).json()
    assert list(answered) == ["name"]
    return answered["name"]


def test_pictures_come_at_once(caller: Caller):
    body = {"instances": [{"prompt": "A heron"}], "parameters": {"sampleCount": 2}}

    predictions = caller.public(f"{IMAGEN}:predict", body).json()["predictions"]

    pictures = [base64.b64decode(one["bytesBase64Encoded"]) for one in predictions]
    assert [one["mimeType"] for one in predictions] == ["image/png", "image/png"]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


def test_a_video_takes_a_moment_and_is_a_file_then(google: Emulator, caller: Caller, operation: str):
    assert operation.startswith(f"{VEO}/operations/")
    assert caller.public(operation).json() == {"name": operation}
    assert caller.public("files").json() == {}

    google.advance(2)
    done = caller.public(operation).json()

    (sample,) = done["response"]["generateVideoResponse"]["generatedSamples"]
    uri = sample["video"]["uri"]
    assert (done["done"], uri.endswith(":download?alt=media")) == (True, True)
    (file,) = caller.public("files").json()["files"]
    assert (file["source"], file["mimeType"], file["downloadUri"]) == ("GENERATED", "video/mp4", uri)
    assert caller.public(f"{file['name']}:download?alt=media").content[4:8] == b"ftyp"
    assert caller.public(operation).json() == done
    assert caller.public("generatedFiles").json()["generatedFiles"][0]["mimeType"] == "video/mp4"


def test_a_prompt_that_is_not_allowed_gives_a_reason_and_no_video(google: Emulator, caller: Caller):
    name = caller.public(f"{VEO}:predictLongRunning", {"instances": [{"prompt": "[[safety]]"}]}).json()["name"]
    google.advance(2)

    told = caller.public(name).json()["response"]["generateVideoResponse"]

    assert (told["raiMediaFilteredCount"], len(told["raiMediaFilteredReasons"])) == (1, 1)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"{VEO}:predictLongRunning", {}, 400),
        (f"{VEO}:predictLongRunning", {**FILM, "parameters": {"sampleCount": 9}}, 400),
        (f"{VEO}:predict", FILM, 404),
        (f"{IMAGEN}:predictLongRunning", FILM, 404),
        (f"{VEO}:generateContent", {"contents": [{"parts": [{"text": "Hello"}]}]}, 404),
    ],
)
def test_what_a_model_does_not_do_is_refused(caller: Caller, path: str, body: dict, status: int):
    assert caller.public(path, body).status_code == status


def test_operations_are_listed_by_model_and_by_project_and_deleted(caller: Caller, operation: str):
    of_model = caller.public(f"{VEO}/operations").json()["operations"]

    assert of_model == caller.public("operations", version="v1").json()["operations"] == [{"name": operation}]
    assert caller.public(f"{IMAGEN}/operations").json() == {}
    assert caller.send("DELETE", f"operations/{operation.rpartition('/')[2]}").json() == {}
    assert caller.public("operations").json() == {}


def test_foreign_and_unknown_operations_give_the_same_bytes(google: Emulator, caller: Caller, operation: str):
    unknown = caller.public(f"{VEO}/operations/nothing")
    caller.account = google.add_account("mallory@example.com", project="mallory-project")

    foreign = caller.public(operation)

    assert (foreign.status_code, error_of(foreign)["message"]) == (404, "Requested entity was not found.")
    assert foreign.content == unknown.content


def test_a_recording_names_the_model_of_an_operation(google: Emulator, caller: Caller, operation: str):
    caller.public(operation)

    (recorded,) = google.requests_of("getOperation")
    assert recorded.model == "veo-3.1-generate-preview"


def test_pictures_and_videos_are_counted_by_the_project_s_quota(google: Emulator, caller: Caller):
    caller.account = google.add_account("bob@example.com", project="shared", quota=1)
    assert caller.public(f"{VEO}:predictLongRunning", FILM).status_code == 200
    caller.account = google.add_account("carol@example.com", project="shared")

    refused = caller.public(f"{VEO}:predictLongRunning", FILM)

    assert (refused.status_code, caller.public(f"{IMAGEN}:predict", FILM).status_code) == (429, 200)
    assert "PerDay" in error_of(refused)["details"][0]["violations"][0]["quotaId"]
