"""Environments: made, listed, worked in, and the files in them."""

import io
import tarfile
import uuid
from typing import Any

import httpx

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import Talker
from tests.emulator.conftest import error_of

HANDY = "antigravity-preview-05-2026"
INLINE = [
    {"type": "inline", "target": "README.md", "content": "# Hello"},
    {"type": "inline", "target": "src/main.py", "content": "print(1)"},
    {
        "type": "inline",
        "target": "src/lib/deep.bin",
        "content": "AAE=",
        "encoding": "base64",
    },
]


def new(talker: Talker, **asked: Any) -> dict[str, Any]:
    answered = talker.public("environments", asked)
    assert answered.status_code == 200, answered.text
    return answered.json()


def listed(talker: Talker, environment: str, path: str = "", **query: Any) -> list[str]:
    answered = talker.public(f"environments/{environment}/files/{path}", params=query)
    return [f"{one['type']} {one['path']}" for one in answered.json().get("files", ())]


def upload(talker: Talker, path: str, content: bytes, **query: str) -> httpx.Response:
    """As Google's SDK does it: a PUT without a body, then the bytes in one piece, without a key."""
    headers = {
        "x-goog-api-key": talker.account.api_key,
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": str(len(content)),
        "x-goog-upload-header-content-type": "application/octet-stream",
    }
    start = talker.http.put(f"{talker.google.url}/upload/v1beta/{path}", headers=headers, params=query)
    if start.status_code != 200:
        return start
    headers = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}
    return talker.http.post(start.headers["x-goog-upload-url"], headers=headers, content=content)


def test_an_environment_has_an_id_and_what_was_mounted(talker: Talker):
    made = new(talker, sources=INLINE)

    uuid.UUID(made["id"])
    assert (made["mode"], made["status"], made["file_count"], made["size_bytes"]) == ("on_demand", "active", 3, 17)
    assert talker.public(f"environments/{made['id']}").json() == made
    assert "environment_key" not in made


def test_the_key_of_a_self_hosted_one_is_told_once(talker: Talker):
    made = new(talker, mode="self_hosted", custom_config={"size": 1})

    assert made.pop("environment_key")
    assert talker.public(f"environments/{made['id']}").json() == made
    assert talker.public("environments", {"custom_config": {}}).status_code == 400


def test_environments_are_listed_by_mode_and_have_another_spelling(talker: Talker, stranger: Talker):
    one, two = new(talker)["id"], talker.public("environments:create", {"mode": "self_hosted"}).json()["id"]

    both = talker.public("environments:list").json()["environments"]
    hosted = talker.public("environments", params={"mode": "self_hosted"}).json()["environments"]

    assert ([each["id"] for each in both], [each["id"] for each in hosted]) == ([two, one], [two])
    assert talker.public(f"environments/{one}:get").json()["id"] == one
    assert stranger.public("environments").json() == {}
    assert stranger.public(f"environments/{one}").content == stranger.public("environments/unknown").content
    assert talker.send("DELETE", f"environments/{one}:delete").json() == {}
    assert talker.send("DELETE", f"environments/{one}").status_code == 404


def test_a_copy_has_the_files_and_its_own_life(talker: Talker):
    origin = new(talker, sources=INLINE)["id"]
    copy = new(talker, from_environment=f"environments/{origin}")["id"]

    talker.send("DELETE", f"environments/{origin}")

    assert listed(talker, copy) == ["file README.md", "directory src"]
    assert talker.public("environments", {"from_environment": copy, "sources": INLINE}).status_code == 400
    assert talker.public("environments", {"from_environment": origin}).status_code == 404


def test_files_are_listed_by_folder_or_all(talker: Talker):
    id = new(talker, sources=INLINE)["id"]

    assert listed(talker, id) == ["file README.md", "directory src"]
    assert listed(talker, id, "src") == ["directory src/lib", "file src/main.py"]
    assert listed(talker, id, recursive="true") == ["file README.md", "file src/lib/deep.bin", "file src/main.py"]
    assert listed(talker, id, "src/main.py") == ["file src/main.py"]
    assert talker.public(f"environments/{id}/files").json()["files"][0]["mime_type"] == "text/markdown"
    assert error_of(talker.public(f"environments/{id}/files/nowhere"))["code"] == "not_found"


def test_files_come_in_pages(talker: Talker):
    id = new(talker, sources=INLINE)["id"]
    path, query = f"environments/{id}/files", {"recursive": "true", "page_size": 2}

    first = talker.public(path, params=query).json()
    second = talker.public(path, params={**query, "page_token": first["next_page_token"]}).json()

    assert (len(first["files"]), len(second["files"])) == (2, 1)
    assert "next_page_token" not in second


def test_a_files_bytes_are_read_whole_or_in_part(talker: Talker, stranger: Talker):
    id = new(talker, sources=INLINE)["id"]
    path, media = f"environments/{id}/files/src/main.py", {"alt": "media"}

    whole = talker.public(path, params=media)
    headers = {"x-goog-api-key": talker.account.api_key, "range": "bytes=0-4"}
    part = talker.http.get(f"{talker.google.url}/v1/{path}", params=media, headers=headers)

    assert (whole.content, whole.headers["content-type"]) == (b"print(1)", "text/x-python")
    assert (part.status_code, part.content) == (206, b"print")
    assert talker.public(f"environments/{id}/files/src", params=media).status_code == 404
    assert stranger.public(path, params=media).status_code == 404


def test_a_file_is_uploaded_and_overwritten_when_asked_for(talker: Talker, stranger: Talker):
    path = f"environments/{new(talker)['id']}/files/data/big.csv"

    first = upload(talker, path, b"a,b\n" * 50_000)
    taken = upload(talker, path, b"new")
    again = upload(talker, path, b"new", overwrite="true")

    assert first.headers["x-goog-upload-status"] == "final"
    assert (first.json()["files"][0]["path"], first.json()["files"][0]["size_bytes"]) == ("data/big.csv", 200_000)
    assert (taken.status_code, error_of(taken)["code"]) == (409, "already_exists")
    assert again.status_code == 200
    assert talker.public(path, params={"alt": "media"}).content == b"new"
    assert upload(stranger, path, b"x").status_code == 404
    assert upload(talker, path.replace("data/", "../"), b"x").status_code in {400, 404}


def test_an_archive_is_unpacked(talker: Talker):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        head = tarfile.TarInfo("src/a.txt")
        head.size = 1
        tar.addfile(head, io.BytesIO(b"a"))
    id = new(talker)["id"]

    unpacked = upload(talker, f"environments/{id}/files/work", packed.getvalue(), extract="true")
    refused = upload(talker, f"environments/{id}/files/work", b"no archive", extract="true")

    assert [one["path"] for one in unpacked.json()["files"]] == ["work/src/a.txt"]
    assert (refused.status_code, error_of(refused)["code"]) == (400, "invalid_request")
    assert listed(talker, id, recursive="true") == ["file work/src/a.txt"]


def test_all_files_come_in_a_tar(talker: Talker, stranger: Talker):
    path = f"files/environment-{new(talker, sources=INLINE)['id']}:download"

    answered = talker.public(path, params={"alt": "media"})

    with tarfile.open(fileobj=io.BytesIO(answered.content)) as tar:
        assert sorted(tar.getnames()) == ["README.md", "src/lib/deep.bin", "src/main.py"]
    assert stranger.public(path, params={"alt": "media"}).status_code == 403


def test_an_agent_works_in_a_new_environment_and_goes_on_in_it(talker: Talker, stranger: Talker):
    first = talker.made("Write a report on lamps", agent=HANDY, environment="remote")
    id = first["environment_id"]
    second = talker.made("Write more", agent=HANDY, environment=id, previous_interaction_id=first["id"])

    assert second["environment_id"] == id
    assert "code_execution_call" in [step["type"] for step in first["steps"]]
    assert listed(talker, id) == ["file report.md"]
    assert stranger.create("Hello", agent=HANDY, environment=id).status_code == 404
    assert talker.streamed("Hello", environment=id)[0]["interaction"]["environment_id"] == id


def test_an_environment_may_be_described(talker: Talker):
    described = {"type": "remote", "sources": INLINE}
    id = talker.made("Hello", agent=HANDY, environment=described)["environment_id"]
    same = talker.made("Hello", agent=HANDY, environment={"type": "remote", "environment_id": id})["environment_id"]

    assert same == id
    assert "file README.md" in listed(talker, id)
    assert talker.create("Hello", agent=HANDY, environment={"type": "local"}).status_code == 400


def test_an_agents_environment_is_used_where_none_is_named(talker: Talker):
    id = new(talker)["id"]
    talker.public("agents", {"id": "mine", "base_environment": id})

    assert talker.made("Hello", agent="mine")["environment_id"] == id


def test_an_environment_expires_when_nobody_uses_it(google: Emulator, talker: Talker):
    id = new(talker)["id"]
    google.advance(8 * 86_400.0)

    assert talker.public(f"environments/{id}").json()["status"] == "expired"
    assert error_of(talker.create("Hello", agent=HANDY, environment=id))["code"] == "failed_precondition"
