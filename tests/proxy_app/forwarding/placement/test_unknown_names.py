"""Names that nobody here knows are asked for in the projects that are the tenant's alone, and in no other."""

import pytest

from accounts_app.models import Resource
from proxy_app.forwarding.placement import unknown_names
from tests.factories import a_prompt

GOOGLE = "generativelanguage.googleapis.com"
NOT_THERE = "You do not have permission to access the File {} or it may not exist."
A, C, D = "a@example.com", "c@example.com", "d@example.com"


@pytest.fixture
def asked(upstream):
    """The accounts that were asked for a file since the last time."""
    seen = 0

    def those() -> list[str]:
        nonlocal seen
        found = [each.account for each in upstream.requests_of("getFile")]
        seen, new = len(found), found[seen:]
        return new

    return those


async def test_the_project_that_has_it_is_found_and_remembered(client, projects, api_key, upstream, asked):
    key = await api_key()
    upstream.add_file(D, b"a film", id="fromthestudio")

    reply = await client.get("/v1beta/files/fromthestudio", x_goog_api_key=key)
    assert reply.status == 200, reply.body
    assert set(asked()) >= {D}
    again = await client.get("/v1beta/files/fromthestudio", x_goog_api_key=key)

    assert again.json() == reply.json()
    assert asked() == [D]
    row = await Resource.objects.aget(name="files/fromthestudio")
    assert (row.state, row.size_bytes) == ("ACTIVE", 6)


async def test_a_call_that_names_it_goes_where_it_is(client, projects, api_key, upstream):
    upstream.add_file(C, b"a text", id="fromthestudio", source="UPLOADED", mime_type="text/plain")
    uri = f"https://{GOOGLE}/v1beta/files/fromthestudio"
    parts = [{"text": "What is it?"}, {"fileData": {"fileUri": uri, "mimeType": "video/mp4"}}]

    reply = await client.post(
        "/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": parts}]},
        x_goog_api_key=await api_key(),
    )

    assert reply.status == 200, reply.body
    assert [each.account for each in upstream.calls] == [C]


async def test_a_name_that_no_project_has_is_asked_for_once_in_a_while(client, projects, api_key, asked):
    key = await api_key()

    first = await client.get("/v1beta/files/nowhere", x_goog_api_key=key)
    assert len(asked()) == 4
    second = await client.get("/v1beta/files/nowhere", x_goog_api_key=key)

    assert asked() == []
    assert (first.status, first.json()) == (second.status, second.json())
    assert (first.status, first.json()["error"]["message"]) == (403, NOT_THERE.format("nowhere"))


async def test_what_is_made_meanwhile_is_found(client, projects, api_key, upstream):
    key = await api_key()
    assert (await client.get("/v1beta/files/nowhere", x_goog_api_key=key)).status == 403
    body = {"file": {"name": "files/nowhere", "displayName": "now"}}

    made = await client.post("/v1beta/files", body, x_goog_api_key=key)

    assert made.status == 200, made.body
    assert (await client.get("/v1beta/files/nowhere", x_goog_api_key=key)).status == 200


async def test_projects_of_others_are_not_asked(client, projects, key_of, only_for, upstream, asked):
    red, blue = await key_of("red"), await key_of("blue")
    await only_for("red", projects[2:])
    upstream.add_file(A, b"a film", id="elsewhere")

    theirs = await client.get("/v1beta/files/elsewhere", x_goog_api_key=red)
    assert set(asked()) == {C, D}
    nobodys = await client.get("/v1beta/files/elsewherf", x_goog_api_key=red)
    assert set(asked()) == {C, D}
    refused = await client.get("/v1beta/files/elsewhere", x_goog_api_key=blue)

    assert asked() == []
    assert theirs.status == nobodys.status == refused.status == 403
    assert theirs.body == refused.body == nobodys.body.replace(b"elsewherf", b"elsewhere")


async def test_a_name_of_others_is_never_sent_along_with_one_of_its_own(client, projects, key_of, only_for, upstream):
    red, blue = await key_of("red"), await key_of("blue")
    mine = (await client.post("/v1beta/files", {"file": {"displayName": "mine"}}, x_goog_api_key=red)).json()["file"]
    theirs = (await client.post("/v1beta/files", {"file": {"displayName": "no"}}, x_goog_api_key=blue)).json()["file"]
    await only_for("red", projects)
    parts = [{"fileData": {"fileUri": f"https://{GOOGLE}/v1beta/{each['name']}"}} for each in (mine, theirs)]

    reply = await client.post(
        "/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": parts}]},
        x_goog_api_key=red,
    )

    assert reply.status == 403
    assert reply.json()["error"]["message"] == NOT_THERE.format(theirs["name"].removeprefix("files/"))
    assert not upstream.calls


async def test_a_project_that_cannot_be_asked_may_have_it(client, projects, api_key, upstream):
    upstream.script("invalid_argument", method="getFile", account=C, times=None)

    reply = await client.get("/v1beta/files/somewhere", x_goog_api_key=await api_key())

    assert reply.status == 400


async def test_what_is_remembered_is_bounded(client, projects, api_key, monkeypatch):
    monkeypatch.setattr(unknown_names, "KEPT_NAMES", 2)
    key = await api_key()

    for number in range(4):
        await client.get(f"/v1beta/files/nowhere{number}", x_goog_api_key=key)

    assert [name for _, name in unknown_names._nowhere] == ["files/nowhere2", "files/nowhere3"]


async def test_one_exclusive_project_is_asked_by_the_call_itself(client, projects, key_of, only_for, upstream, asked):
    red, _ = await key_of("red"), await key_of("blue")
    await only_for("red", [projects[3]])
    upstream.add_file(D, b"a film", id="fromthestudio")

    assert (await client.get("/v1beta/files/fromthestudio", x_goog_api_key=red)).status == 200
    assert (await client.get("/v1beta/files/nowhere", x_goog_api_key=red)).status == 403
    assert asked() == [D, D]
    reply = await client.post(
        "/v1beta/models/gemini-2.5-flash:generateContent",
        {**a_prompt(), "cachedContent": "cachedContents/nowhere"},
        x_goog_api_key=red,
    )
    assert reply.status == 403
    assert [each.account for each in upstream.calls] == [D]
