"""Files in OpenAI's form, which are Google's own."""

import pytest

from tests.proxy_app.api.openai.conftest import FILE, KEYS, LINES, form
from tests.proxy_app.written import log, rows_of


async def test_a_file_is_taken_told_listed_and_deleted(upload, call, red, blue, upstream):
    made = await upload(red, *FILE)
    file = made.json()
    shown = await call("GET", f"files/{file['id'].replace('/', '%2F')}", red)
    bare = await call("GET", file["id"], red)
    foreign = await call("GET", file["id"], blue)
    listed = await call("GET", "files?limit=1", red)
    deleted = await call("DELETE", file["id"], red)
    gone = await call("GET", file["id"], red)

    assert made.status == 200, made.body
    assert file["id"].startswith("files/")
    assert (file["object"], file["filename"], file["purpose"]) == ("file", "lines.jsonl", "batch")
    assert (file["bytes"], file["status"]) == (len(LINES), "processed")
    assert file["expires_at"] > file["created_at"]
    assert shown.json() == bare.json() == file
    assert (foreign.status, foreign.json()["error"].keys()) == (403, KEYS)
    assert listed.json()["data"] == [file]
    assert (listed.json()["has_more"], listed.json()["last_id"]) == (False, file["id"])
    assert deleted.json() == {"id": file["id"], "object": "file", "deleted": True}
    assert gone.status == 403
    await log()
    assert not await rows_of("files")


async def test_a_list_of_files_goes_on_after_a_file(upload, call, red, upstream):
    ids = {
        (await upload(red, ("purpose", b"user_data"), ("file", f"{n}.txt", "text/plain", b"a"))).json()["id"]
        for n in "ab"
    }

    first = (await call("GET", "files?limit=1", red)).json()
    second = (await call("GET", f"files?limit=1&after={first['last_id']}", red)).json()

    assert (first["has_more"], second["has_more"]) == (True, False)
    assert {first["last_id"], second["last_id"]} == ids


async def test_what_google_keeps_to_itself_is_refused_in_openais_form(upload, call, red, upstream):
    id_ = (await upload(red, *FILE)).json()["id"]

    reply = await call("GET", f"{id_}/content", red)

    assert reply.status == 400
    assert reply.json()["error"].keys() == KEYS


@pytest.mark.parametrize("parts", [(), (("purpose", b"batch"),)])
async def test_a_form_without_a_file_is_refused(parts, upload, red, upstream):
    reply = await upload(red, *parts)

    assert reply.status == 400
    assert "'file' is required" in reply.json()["error"]["message"]
    assert not upstream.requests


async def test_a_form_that_breaks_off_is_its_clients_fault(call, red, upstream):
    body, kind = form(*FILE)

    reply = await call("POST", "files", red, body[:-12], content_type=kind)

    assert (reply.status, reply.json()["error"]["message"]) == (400, "The form breaks off.")
    (row,) = await log()
    assert row.outcome == "rejected"


@pytest.mark.parametrize("query", ["uploadType=resumable", "upload_id=a", "fields=error"])
async def test_the_query_of_a_file_is_not_googles_own(query, upload, call, red, upstream):
    body, kind = form(*FILE)

    made = await call("POST", f"files?{query}", red, body, content_type=kind)
    shown = await call("GET", f"{made.json()['id']}?{query}", red)
    deleted = await call("DELETE", f"{made.json()['id']}?{query}", red)

    assert (made.status, shown.status, deleted.status) == (200, 200, 200)
    assert made.json() == shown.json()


async def test_the_head_of_a_file_is_asked_for(upload, call, red, upstream):
    id_ = (await upload(red, *FILE)).json()["id"]

    assert (await call("HEAD", id_, red)).status == 200
