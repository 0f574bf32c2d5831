"""Lists hold what is the tenant's own, whatever project it is in, in pages of Google's sizes."""

import asyncio
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app import roster
from accounts_app.models import Account, Resource
from accounts_app.storage import journal
from proxy_app.api.resources import lists
from tests.factories import a_cache, a_prompt

MODEL = "models/gemini-2.5-flash"
A, C, D = "a@example.com", "c@example.com", "d@example.com"


@pytest.fixture
async def keys(key_of) -> tuple[str, str]:
    """Keys of two groups."""
    return await key_of("red"), await key_of("blue")


async def make_files(client, key: str, *names: str) -> list[str]:
    """Makes files of these names, and tells them in the order of lists: the newest first."""
    for name in names:
        body = {"file": {"name": f"files/{name}", "displayName": name}}
        assert (await client.post("/v1beta/files", body, x_goog_api_key=key)).status == 200
    return [f"files/{name}" for name in names[::-1]]


def names_in(reply, of: str = "files") -> list[str]:
    assert reply.status == 200, reply.body
    return [each["name"] for each in reply.json().get(of, [])]


async def test_a_tenant_sees_its_own_and_nothing_else(client, projects, keys):
    red, blue = keys
    mine = await make_files(client, red, "one", "two", "three")
    theirs = await make_files(client, blue, "four")

    assert names_in(await client.get("/v1beta/files", x_goog_api_key=red)) == mine
    assert names_in(await client.get("/v1beta/files", x_goog_api_key=blue)) == theirs


@pytest.mark.parametrize("kind", ["files", "cachedContents", "batches", "fileSearchStores", "corpora"])
async def test_an_empty_list_is_empty(kind, client, projects, keys):
    reply = await client.get(f"/v1beta/{kind}", x_goog_api_key=keys[0])

    assert (reply.status, reply.json()) == (200, {})


async def test_pages_follow_each_other_and_the_last_has_no_token(client, projects, keys):
    red = keys[0]
    made = await make_files(client, red, "one", "two", "three", "four", "five")

    seen, query = [], ""
    while True:
        page = (await client.get(f"/v1beta/files?pageSize=2{query}", x_goog_api_key=red)).json()
        seen += [each["name"] for each in page["files"]]
        if "nextPageToken" not in page:
            break
        assert len(page["files"]) == 2
        query = f"&pageToken={page['nextPageToken']}"

    assert seen == made


async def test_pages_have_googles_sizes(client, projects, keys):
    red = keys[0]
    await make_files(client, red, *(f"file{number}" for number in range(11)))

    default = (await client.get("/v1beta/files", x_goog_api_key=red)).json()
    most = (await client.get("/v1beta/files?pageSize=100000", x_goog_api_key=red)).json()

    assert (len(default["files"]), "nextPageToken" in default) == (10, True)
    assert (len(most["files"]), "nextPageToken" in most) == (11, False)


@pytest.mark.parametrize("size", ["x", "-1", "1.5"])
async def test_a_size_that_is_none_is_refused(size, client, projects, keys):
    reply = await client.get(f"/v1beta/files?pageSize={size}", x_goog_api_key=keys[0])

    assert (reply.status, reply.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


async def test_a_token_of_others_or_of_nobody_is_refused(client, projects, keys):
    red, blue = keys
    await make_files(client, red, "one", "two")
    token = (await client.get("/v1beta/files?pageSize=1", x_goog_api_key=red)).json()["nextPageToken"]

    refused = [
        await client.get(f"/v1beta/files?pageToken={token}", x_goog_api_key=blue),
        await client.get(f"/v1beta/cachedContents?pageToken={token}", x_goog_api_key=red),
        await client.get("/v1beta/files?pageToken=1", x_goog_api_key=red),
    ]

    assert {reply.status for reply in refused} == {400}
    assert {reply.json()["error"]["status"] for reply in refused} == {"INVALID_ARGUMENT"}
    assert refused[0].json()["error"]["message"] == "* ListFilesRequest.page_token: page token is invalid"


async def test_what_upstream_lists_now_is_told(client, projects, keys, upstream):
    red = keys[0]
    name = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=red)).json()["name"]
    maker = upstream.requests_of("createCachedContent")[0].account
    later = (await client.request("PATCH", f"/v1beta/{name}", {"ttl": "9000s"}, x_goog_api_key=red)).json()
    await Resource.objects.aupdate(last_json='{"name":"old"}')

    (listed,) = (await client.get("/v1beta/cachedContents", x_goog_api_key=red)).json()["cachedContents"]

    assert (listed["name"], listed["expireTime"]) == (name, later["expireTime"])
    assert [each.account for each in upstream.requests_of("listCachedContents")] == [maker]
    await journal.flush(force=True)
    assert "expireTime" in (await Resource.objects.aget()).last_json


async def test_a_project_that_does_not_answer_in_time_is_told_as_it_was(client, projects, keys, upstream, monkeypatch):
    monkeypatch.setattr(lists, "REFRESH_SECONDS", 0.2)
    red = keys[0]
    names = await make_files(client, red, "one", "two")
    upstream.script("stall", method="listFiles", times=None)

    reply = await client.get("/v1beta/files", x_goog_api_key=red)

    assert names_in(reply) == names
    assert reply.json()["files"][0]["displayName"] == "two"
    await asyncio.to_thread(upstream.wait_for_hang_up)


async def test_a_project_that_fails_is_told_as_it_was(client, projects, keys, upstream):
    names = await make_files(client, keys[0], "one", "two")
    upstream.script("invalid_argument", method="listFiles", times=None)

    assert names_in(await client.get("/v1beta/files", x_goog_api_key=keys[0])) == names


async def test_what_upstream_no_longer_lists_is_not_told_and_goes_after_two_days(client, projects, keys, upstream):
    red = keys[0]
    await make_files(client, red, "one")
    hour_ago = timezone.now() - timedelta(hours=1)
    await Resource.objects.aupdate(created_at=hour_ago, expires_at=timezone.now() + timedelta(days=9))
    assert names_in(await client.get("/v1beta/files", x_goog_api_key=red)) == ["files/one"]

    upstream.advance(72 * 3600)
    assert names_in(await client.get("/v1beta/files", x_goog_api_key=red)) == []
    await journal.flush(force=True)
    row = await Resource.objects.aget()
    assert row.not_there_on is not None
    await Resource.objects.aupdate(not_there_on=row.not_there_on - timedelta(days=1))
    await client.get("/v1beta/files", x_goog_api_key=red)
    await journal.flush(force=True)
    assert not await Resource.objects.aexists()


async def test_what_went_with_its_last_account_is_not_listed(client, projects, keys):
    red = keys[0]
    await make_files(client, red, "one")
    maker = (await Resource.objects.aget()).account_id
    await Account.objects.filter(pk=maker).adelete()
    await roster.refresh()

    assert (await client.get("/v1beta/files", x_goog_api_key=red)).json() == {}


async def test_a_tenants_own_projects_are_listed_with_what_nobody_here_knew(
    client, projects, keys, only_for, upstream, ledger
):
    red, blue = keys
    await make_files(client, blue, "theirs")
    await only_for("red", projects[2:])
    upstream.add_file(C, b"a film", id="fromthestudio")
    upstream.add_file(D, b"a film", id="fromelsewhere")
    upstream.add_file(A, b"a film", id="notmine")
    mine = await make_files(client, red, "mine")

    first = await client.get("/v1beta/files", x_goog_api_key=red)
    upstream.script("invalid_argument", method="listFiles", times=None)
    again = await client.get("/v1beta/files", x_goog_api_key=red)

    assert set(names_in(first)) == {*mine, "files/fromthestudio", "files/fromelsewhere"}
    assert names_in(again) == names_in(first)
    row = await Resource.objects.aget(name="files/fromthestudio")
    assert (row.kind, row.state, row.size_bytes) == ("files", "ACTIVE", 6)
    assert [each.attempt for each in await ledger() if each.method == "files.list"][:2] == [1, 2]


async def test_the_list_of_the_only_project_passes_through(client, projects, keys, only_for, upstream):
    red = keys[0]
    await only_for("red", [projects[3]])
    for number in range(3):
        upstream.add_file(D, b"a film", id=f"film{number}")

    first = await client.get("/v1beta/files?pageSize=2", x_goog_api_key=red)
    token = first.json()["nextPageToken"]
    second = await client.get(f"/v1beta/files?pageSize=2&pageToken={token}", x_goog_api_key=red)

    assert token == "2"  # upstream's own
    assert sorted(names_in(first) + names_in(second)) == ["files/film0", "files/film1", "files/film2"]
    assert await Resource.objects.acount() == 3


async def test_batches_are_listed_as_operations_without_their_answers(client, projects, keys, upstream):
    red = keys[0]
    requests = [{"request": a_prompt("What is 6*7?"), "metadata": {"key": "one"}}]
    body = {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}
    made = (await client.post(f"/v1beta/{MODEL}:batchGenerateContent", body, x_goog_api_key=red)).json()
    upstream.advance(60)
    whole = await client.get(f"/v1beta/{made['name']}", x_goog_api_key=red)
    assert "inlinedResponses" in whole.body.decode()

    fresh = await client.get("/v1beta/batches", x_goog_api_key=red)
    upstream.script("invalid_argument", method="listBatches", times=None)
    await journal.flush(force=True)
    stored = await client.get("/v1beta/batches", x_goog_api_key=red)

    for reply in (fresh, stored):
        assert names_in(reply, "operations") == [made["name"]]
        assert reply.json()["operations"][0]["metadata"]["state"] == "BATCH_STATE_SUCCEEDED"
        assert b"inlined" not in reply.body


async def test_operations_of_a_model_are_listed_by_model(client, projects, keys):
    red, blue = keys
    body = {"instances": [{"prompt": "a cat"}]}
    path = "/v1beta/models/veo-3.1-generate-preview"
    made = (await client.post(f"{path}:predictLongRunning", body, x_goog_api_key=red)).json()["name"]

    assert names_in(await client.get(f"{path}/operations", x_goog_api_key=red), "operations") == [made]
    assert names_in(await client.get(f"/v1beta/{MODEL}/operations", x_goog_api_key=red), "operations") == []
    assert names_in(await client.get(f"{path}/operations", x_goog_api_key=blue), "operations") == []


async def test_lists_of_the_home_show_what_is_the_tenants_own(client, projects, keys):
    red, blue = keys
    body = {"instances": [{"prompt": "a cat"}]}
    path = "/v1beta/models/veo-3.1-generate-preview:predictLongRunning"
    made = {}
    for key in keys:
        made[key] = (await client.post(path, body, x_goog_api_key=key)).json()["name"]

    for key in keys:
        assert names_in(await client.get("/v1beta/operations", x_goog_api_key=key), "operations") == [made[key]]
    assert (await client.get("/v1beta/tunedModels", x_goog_api_key=red)).json() == {}
    assert (await client.get("/v1beta/generatedFiles", x_goog_api_key=blue)).json() == {}


async def test_a_mask_is_applied_to_lists_and_addresses_lead_to_the_gateway(client, projects, keys):
    await make_files(client, keys[0], "one")

    masked = await client.get("/v1beta/files?fields=files/displayName", x_goog_api_key=keys[0])
    whole = await client.get("/v1beta/files", x_goog_api_key=keys[0])

    assert masked.json() == {"files": [{"displayName": "one"}]}
    assert whole.json()["files"][0]["uri"] == "http://127.0.0.1:8045/v1beta/files/one"


async def test_lists_ignore_cooldowns_of_models(client, projects, keys, upstream):
    red = keys[0]
    names = await make_files(client, red, "one")
    upstream.script("per_day", times=None)
    await client.post(f"/v1beta/{MODEL}:generateContent", a_prompt(), x_goog_api_key=red)

    assert names_in(await client.get("/v1beta/files", x_goog_api_key=red)) == names


async def test_without_an_account_that_has_lists_the_client_is_told_what_to_connect(client, alice, api_key):
    reply = await client.get("/v1beta/files", x_goog_api_key=await api_key())

    assert reply.status == 501
    assert "Gemini API key" in reply.json()["error"]["message"]


async def test_a_list_needs_the_database(client, projects, keys, database):
    await database.lose()

    reply = await client.get("/v1beta/files", x_goog_api_key=keys[0])

    await database.bring_back()
    assert (reply.status, reply.json()["error"]["status"]) == (503, "UNAVAILABLE")


async def test_a_filter_is_upstreams_to_apply(client, projects, keys, upstream):
    await make_files(client, keys[0], "one", "two")

    reply = await client.get("/v1beta/files?filter=anything", x_goog_api_key=keys[0])

    assert set(names_in(reply)) == {"files/one", "files/two"}
    assert {each.query.get("filter") for each in upstream.requests_of("listFiles")} == {"anything"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("files", {"file": {"displayName": "a"}}, "files"),
        ("models/veo-3.1-generate-preview:predictLongRunning", {"instances": [{"prompt": "a cat"}]}, "operations"),
    ],
)
async def test_what_others_made_before_a_project_was_exclusive_is_left_out(
    path, body, field, client, projects, keys, only_for
):
    red, _ = keys
    await Account.objects.exclude(pk=projects[3].pk).adelete()
    await roster.refresh()
    made = {}
    for key in keys:
        answer = (await client.post(f"/v1beta/{path}", body, x_goog_api_key=key)).json()
        made[key] = answer.get("file", answer)["name"]
    await only_for("red", [projects[3]])

    assert len(set(made.values())) == 2
    assert names_in(await client.get(f"/v1beta/{field}", x_goog_api_key=red), field) == [made[red]]
