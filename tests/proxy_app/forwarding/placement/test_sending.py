"""What a project cannot make is made in another: where others hold the chosen name, and where its storage is full."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from accounts_app import leasing, roster
from accounts_app.models import Account, Resource, Rest
from accounts_app.storage import journal
from tests.factories import a_prompt

EMAILS = ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]
FULL = "/files"
FILLED = -1  # bytes that may be stored; a file without bytes takes none


@pytest.fixture
async def red(key_of) -> str:
    """A key of one of two groups."""
    await key_of("blue")
    return await key_of("red")


@pytest.fixture
def create(client, red):
    """Makes a file for the group `red`, by a name of its choice."""

    async def make(name: str = ""):
        file = {"displayName": "a file", **({"name": f"files/{name}"} if name else {})}
        return await client.post("/v1beta/files", {"file": file}, x_goog_api_key=red)

    return make


def creators(upstream) -> list[str]:
    return [each.account for each in upstream.requests_of("createFile")]


async def test_a_name_that_only_upstream_knows_to_be_taken_is_made_elsewhere(client, projects, create, red, upstream):
    await create()
    (home,) = creators(upstream)
    upstream.add_file(home, b"from the studio", id="taken")

    reply = await create("taken")

    assert reply.status == 200, reply.body
    assert reply.json()["file"]["name"] == "files/taken"
    assert creators(upstream)[1] == home != creators(upstream)[-1]
    assert (await client.get("/v1beta/files/taken", x_goog_api_key=red)).json()["displayName"] == "a file"


async def test_an_upload_begins_elsewhere_when_its_name_is_taken(client, projects, create, red, upstream):
    await create()
    (home,) = creators(upstream)
    upstream.add_file(home, b"from the studio", id="taken")

    begun = await client.post(
        "/upload/v1beta/files",
        {"file": {"name": "files/taken"}},
        x_goog_api_key=red,
        x_goog_upload_protocol="resumable",
        x_goog_upload_command="start",
        x_goog_upload_header_content_length="5",
        x_goog_upload_header_content_type="text/plain",
    )
    assert begun.status == 200, begun.body
    ended = await client.post(
        begun.headers["x-goog-upload-url"].removeprefix("http://127.0.0.1:8045"),
        b"bytes",
        x_goog_upload_command="upload, finalize",
        x_goog_upload_offset="0",
    )

    assert ended.json()["file"]["name"] == "files/taken"
    assert (await client.get("/v1beta/files/taken", x_goog_api_key=red)).json()["sizeBytes"] == "5"


async def test_a_name_that_another_group_holds_is_made_elsewhere(client, projects, create, key_of, upstream):
    body = {"file": {"name": "files/taken", "displayName": "theirs"}}
    blue = await key_of("blue")
    assert (await client.post("/v1beta/files", body, x_goog_api_key=blue)).status == 200

    mine = await create("taken")
    again = await create("taken")

    assert (mine.status, again.status) == (200, 409)
    assert again.json()["error"]["status"] == "ALREADY_EXISTS"
    assert (await client.get("/v1beta/files/taken", x_goog_api_key=blue)).json()["displayName"] == "theirs"
    assert len(creators(upstream)) in (2, 3)  # two keys of one project, which nobody here knows to be one


async def test_googles_refusal_of_a_name_passes_when_no_project_is_left(projects, create, upstream):
    for email in ("a@example.com", "c@example.com", "d@example.com"):
        upstream.add_file(email, b"from the studio", id="taken")

    reply = await create("taken")

    assert (reply.status, reply.json()["error"]["message"]) == (409, "Requested entity already exists")
    assert sorted(creators(upstream)) == EMAILS


async def test_a_file_goes_to_another_project_when_a_storage_is_full(client, projects, create, red, upstream):
    first = await create()
    home = creators(upstream)[0]
    upstream.limit_storage(home, FILLED)

    assert (await create()).status == 200
    before = len(creators(upstream))
    assert (await create()).status == 200
    assert home not in creators(upstream)[before:]  # nothing is tried there any more
    for number in range(3):  # everything else goes on there
        assert (await client.get(f"/v1beta/{first.json()['file']['name']}", x_goog_api_key=red)).status == 200
        path = "/v1beta/models/gemini-2.5-flash:generateContent"
        assert (await client.post(path, a_prompt(f"Number {number}"), x_goog_api_key=red)).status == 200
    assert {model for _, model, _ in leasing.cooldowns(time.time())} == {FULL}


async def test_a_full_storage_is_tried_again_after_a_day(projects, create, upstream):
    await create()
    home = creators(upstream)[0]
    upstream.limit_storage(home, FILLED)

    await create()

    ends = [cooldown.until for _, model, cooldown in leasing.cooldowns(time.time()) if model == FULL]
    assert ends[0] == pytest.approx(time.time() + 24 * 3600, abs=60)  # it lives for 48 hours, a day is the most
    await journal.flush(force=True)
    assert await Rest.objects.filter(model=FULL).aexists()


async def test_a_full_storage_is_tried_again_when_the_first_file_there_expires(projects, create, upstream):
    await create()
    home = creators(upstream)[0]
    soon = datetime.now(UTC) + timedelta(hours=2)
    await Resource.objects.aupdate(expires_at=soon)
    upstream.limit_storage(home, FILLED)

    await create()

    ends = [cooldown.until for _, model, cooldown in leasing.cooldowns(time.time()) if model == FULL]
    assert ends[0] == pytest.approx(soon.timestamp(), abs=2)


async def test_a_deleted_file_lets_the_next_create_find_out(client, projects, create, red, upstream):
    name = (await create()).json()["file"]["name"]
    home = creators(upstream)[0]
    upstream.limit_storage(home, FILLED)
    await create()
    upstream.limit_storage(home, 1000)

    await client.request("DELETE", f"/v1beta/{name}", x_goog_api_key=red)
    await create()

    assert creators(upstream)[-1] == home


async def test_when_all_storages_are_full_the_client_is_told_when_to_come_back(projects, create, upstream):
    for email in EMAILS:
        upstream.limit_storage(email, FILLED)

    for _ in range(2):
        reply = await create()
        assert reply.status == 429, reply.body
        assert 60 < int(reply.headers["retry-after"]) <= 24 * 3600 * 1.1
        assert b"9223372036854775807" not in reply.body
    assert sorted(creators(upstream)) == EMAILS


async def test_accounts_that_may_serve_some_models_only_take_files(client, projects, create, upstream):
    await Account.objects.aupdate(allowed_models=["gemini-2.5-*"])
    await roster.refresh()

    assert (await create()).status == 200
