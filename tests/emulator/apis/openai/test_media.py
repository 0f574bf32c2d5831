"""Pictures at once, videos after a moment."""

import base64

import pytest

from emulator import Emulator
from tests.emulator.apis.openai.conftest import Client
from tests.emulator.conftest import Caller

VEO = "veo-3.1-generate-preview"


@pytest.mark.parametrize("model", ["imagen-4.0-generate-001", "gemini-2.5-flash-image"])
def test_pictures_come_in_base64(client: Client, model: str):
    told = client.post("images/generations", {"model": model, "prompt": "A bee", "n": 2, "response_format": "b64_json"})

    pictures = [base64.b64decode(one["b64_json"]) for one in told["data"]]
    assert told["created"] == 1_800_014_400
    assert len(set(pictures)) == 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.parametrize(
    ("more", "status"),
    [({"n": 5}, 400), ({"prompt": ""}, 400), ({"response_format": "url"}, 400), ({"model": "gemini-2.5-flash"}, 404)],
)
def test_a_picture_that_cannot_be_is_refused(client: Client, more: dict, status: int):
    asked = {"model": "imagen-4.0-generate-001", "prompt": "A bee", **more}

    assert client.send("POST", "images/generations", asked).status_code == status


def test_a_video_takes_a_moment_and_is_a_file_of_the_native_api(google: Emulator, client: Client, caller: Caller):
    video = client.post("videos", {"model": VEO, "prompt": "A bee flies", "seconds": 8, "size": "1280x720"})
    assert (video["object"], video["status"], video["model"]) == ("video", "queued", VEO)
    assert (video["seconds"], video["size"]) == ("8", "1280x720")
    assert video["id"].startswith(f"models/{VEO}/operations/")

    google.advance(1)
    assert client.get(f"videos/{video['id']}")["status"] == "in_progress"
    google.advance(1)
    done = client.get(f"videos/{video['id'].replace('/', '%2F')}")

    assert (done["status"], done["progress"]) == ("completed", 100)
    assert caller.public(video["id"]).json()["done"]
    path = done["url"].partition("/v1beta/")[2]
    assert caller.public(path).content[4:8] == b"ftyp"


def test_a_video_may_be_asked_for_by_a_form(client: Client, google: Emulator):
    headers = {"authorization": f"Bearer {client.account.api_key}"}
    fields = {"model": (None, VEO), "prompt": (None, "A bee"), "input_reference": ("bee.png", b"\x89PNG", "image/png")}

    answered = client.http.post(f"{google.url}/v1beta/openai/videos", files=fields, headers=headers)

    assert answered.json()["status"] == "queued"
    assert (google.requests[-1].model, google.requests[-1].body["input_reference"]) == (VEO, "bee.png")


def test_a_prompt_that_may_not_be_filmed_fails_in_the_end(google: Emulator, client: Client):
    video = client.post("videos", {"model": VEO, "prompt": "[[safety]]"})
    google.advance(2)

    assert client.get(f"videos/{video['id']}")["status"] == "failed"


def test_another_projects_video_is_not_there(google: Emulator, client: Client):
    video = client.post("videos", {"model": VEO, "prompt": "A bee"})["id"]
    unknown = client.send("GET", f"videos/models/{VEO}/operations/none")
    client.account = google.add_account("mallory@example.com", project="mallorys")

    foreign = client.send("GET", f"videos/{video}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
