"""Files whose bytes can be had do not bind their calls: each account gets a copy, and what cannot be copied decides."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts_app import roster
from accounts_app.leasing import copies as rows
from accounts_app.leasing import owners
from accounts_app.models import Account, ApiKey, FileCopy, Resource, SpooledFile
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import spool
from proxy_app.forwarding.placement import copies
from proxy_app.forwarding.placement.copies import Room
from tests.factories import a_cache, make_account

MODEL = "gemini-2.5-flash"
GENERATE = f"/v1beta/models/{MODEL}:generateContent"
TEXT = b"All work and no play makes Jack a dull boy. " * 100
LARGE = TEXT * 2800  # 12 MB, and 16 MB in base64
GOOGLES = "https://generativelanguage.googleapis.com/v1beta"

MakesFile = Callable[..., Awaitable[str]]


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path
    yield
    assert Room.taken == 0


@pytest.fixture
async def key(projects, key_of) -> str:
    await key_of("blue")
    return await key_of("red")


@pytest.fixture
def a_file(upstream, projects, key) -> MakesFile:
    """Makes a file of the key `red`: uploaded by an account, and kept in the spool unless it `is_kept` not."""

    async def make(content: bytes = TEXT, account: str = "a", *, is_kept: bool = True, **traits: str) -> str:
        traits = {"mime_type": "text/plain", "source": "UPLOADED", "display_name": "Jack", **traits}
        name = upstream.add_file(f"{account}@example.com", content, **traits)
        red = await ApiKey.objects.aget(name="red")
        maker = await Account.objects.aget(email=f"{account}@example.com")
        shown = {"mimeType": traits["mime_type"], "displayName": traits["display_name"], "source": traits["source"]}
        shown = json.dumps({"name": name, "sizeBytes": str(len(content)), **shown})
        await owners.made(name, maker.pk, Tenant(red.pk, red.group_id), last_json=shown)
        if is_kept:
            taking = spool.Tee(size=len(content))
            await taking.feed(content)
            digest = base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()
            await rows.keep(taking, name, maker.pk, digest, len(content))
            assert await SpooledFile.objects.filter(resource__name=name).aexists()
        return name

    return make


async def only(*names: str) -> None:
    """Only these accounts are in service."""
    emails = [f"{name}@example.com" for name in names]
    await sync_to_async(lambda: Account.objects.exclude(email__in=emails).update(enabled=False))()
    await sync_to_async(lambda: Account.objects.filter(email__in=emails).update(enabled=True))()
    await roster.refresh()


def asks(*files: str, question: str = "What is it?", **more) -> dict:
    parts = [{"fileData": {"mimeType": "text/plain", "fileUri": f"{GOOGLES}/{name}"}} for name in files]
    return {"contents": [{"role": "user", "parts": [*parts, {"text": question}]}], **more}


def parts_of(request) -> list[dict]:
    return request.body["contents"][0]["parts"]


async def test_a_kept_file_goes_with_a_call_to_any_project_as_bytes(client, upstream, key, a_file, operator_sets):
    await operator_sets(strategy="round_robin")
    name = await a_file()

    asked = [await client.post(GENERATE, asks(name), x_goog_api_key=key, x_session_affinity=f"{n}") for n in range(12)]

    assert {reply.status for reply in asked} == {200}
    assert not upstream.requests_of("uploadFile")
    for request in upstream.calls:
        part = parts_of(request)[0]
        if request.account == "a@example.com":  # that b is of the same project nobody knows yet
            assert part == {"fileData": {"mimeType": "text/plain", "fileUri": f"{GOOGLES}/{name}"}}
        else:
            assert part["inlineData"]["mimeType"] == "text/plain"
            assert base64.b64decode(part["inlineData"]["data"]) == TEXT
    assert {request.account[0] for request in upstream.calls} == set("abcd")
    assert not await FileCopy.objects.aexists()


async def test_a_stream_and_a_count_take_a_file_along_too(client, upstream, key, a_file):
    name = await a_file()
    await only("c")

    streamed = await client.post(
        f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse", asks(name), x_goog_api_key=key
    )
    counted = await client.post(f"/v1beta/models/{MODEL}:countTokens", asks(name), x_goog_api_key=key)

    assert streamed.events()
    assert counted.json()["totalTokens"] > 0


async def test_a_large_file_is_copied_once_for_a_project_and_the_copy_survives_a_restart(client, upstream, key, a_file):
    name = await a_file(LARGE, mime_type="application/pdf")
    await only("c")

    first = await asyncio.gather(
        *(client.post(GENERATE, asks(name), x_goog_api_key=key, x_session_affinity=f"{n}") for n in range(3))
    )
    rows.reset()
    owners.reset()
    last = await client.post(GENERATE, asks(name), x_goog_api_key=key)

    assert [reply.status for reply in (*first, last)] == [200] * 4, last.body
    (upload,) = [one for one in upstream.requests if one.path.startswith("/upload/")]
    assert upload.account == "c@example.com"
    copy = await FileCopy.objects.select_related("resource").aget()
    assert copy.resource.name == name != copy.name
    named = {parts_of(request)[0]["fileData"]["fileUri"] for request in upstream.calls}
    assert named == {f"{GOOGLES}/{copy.name}"}
    assert not await Resource.objects.filter(name=copy.name).aexists()


async def test_a_copy_that_another_node_makes_is_waited_for(client, projects, upstream, key, a_file):
    name = await a_file(LARGE, mime_type="application/pdf")
    await only("c")
    file = (await Resource.objects.aget(name=name)).pk
    account, owner = projects[2].pk, -projects[2].pk
    theirs = upstream.add_file("c@example.com", LARGE, mime_type="application/pdf")
    assert await rows.claim(file, owner, account) == ""
    owner = (await Account.objects.aget(pk=account)).owner_project_id
    await roster.refresh()

    asking = asyncio.create_task(client.post(GENERATE, asks(name), x_goog_api_key=key))
    while not copies._copying.is_running((file, owner)):  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0)
    await FileCopy.objects.aupdate(name=theirs, expires_at=timezone.now() + timedelta(hours=1))
    reply = await asking

    assert reply.status == 200, reply.body
    assert not upstream.requests_of("upload")
    (request,) = upstream.calls
    assert parts_of(request)[0]["fileData"]["fileUri"] == f"{GOOGLES}/{theirs}"


async def test_a_copy_that_upstream_has_to_read_is_waited_for(client, upstream, key, a_file):
    name = await a_file(LARGE, mime_type="video/mp4")
    await only("c")

    asking = asyncio.create_task(client.post(GENERATE, asks(name), x_goog_api_key=key))
    await asyncio.to_thread(upstream.wait_for_requests, 1, call="getFile", timeout=20)
    upstream.advance(5)
    reply = await asking

    assert reply.status == 200, reply.body


async def test_a_copy_that_has_expired_or_is_gone_is_made_anew(client, upstream, key, a_file):
    name = await a_file(LARGE, mime_type="application/pdf")
    await only("c", "d")
    await client.post(GENERATE, asks(name), x_goog_api_key=key)
    copy = await FileCopy.objects.aget()
    used = upstream.calls[-1].account
    upstream._google.project_of(used).files.delete(copy.name.removeprefix("files/"))

    replies = [await client.post(GENERATE, asks(name), x_goog_api_key=key) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert copy.name not in await sync_to_async(lambda: list(FileCopy.objects.values_list("name", flat=True)))()


async def test_a_failed_copy_is_that_accounts_failure_and_the_call_goes_on(client, upstream, key, a_file, ledger):
    name = await a_file(LARGE, mime_type="application/pdf")
    upstream.limit_storage("c@example.com", 0)
    upstream.limit_storage("d@example.com", 0)

    for n in range(6):
        reply = await client.post(GENERATE, asks(name), x_goog_api_key=key, x_session_affinity=f"{n}")
        assert reply.status == 200, reply.body

    assert {request.account[0] for request in upstream.calls} <= {"a", "b"}
    outcomes = {row.outcome for row in await ledger() if row.method == "generateContent" and not row.delivered}
    assert outcomes <= {"not_copied"}


async def test_without_another_account_the_client_is_told_why(client, upstream, key, a_file):
    name = await a_file(LARGE, mime_type="application/pdf")
    await only("c")
    upstream.limit_storage("c@example.com", 0)

    reply = await client.post(GENERATE, asks(name), x_goog_api_key=key)

    assert reply.status in (429, 503)
    assert "could not be copied" in reply.json()["error"]["message"]


async def test_a_file_that_is_not_kept_binds(client, upstream, key, a_file, settings):
    plain = await a_file(is_kept=False)
    lost = await a_file(account="c")
    row = await SpooledFile.objects.aget()
    (settings.GATEWAY_DATA_DIR / row.path).unlink()

    for n in range(5):
        for name in (plain, lost):
            reply = await client.post(GENERATE, asks(name), x_goog_api_key=key, x_session_affinity=f"{n}")
            assert reply.status == 200, reply.body

    assert {request.account[0] for request in upstream.calls} <= {"a", "b", "c"}
    assert all("fileData" in parts_of(request)[0] for request in upstream.calls)


async def test_what_cannot_be_copied_decides_and_files_go_there(client, upstream, key, a_file):
    kept, plain = await a_file(account="c"), await a_file(account="d", is_kept=False)

    for files in ((kept, plain), (plain, kept)):
        reply = await client.post(GENERATE, asks(*files), x_goog_api_key=key)
        assert reply.status == 200, reply.body

    assert {request.account for request in upstream.calls} == {"d@example.com"}
    assert [["inlineData" in part for part in parts_of(request)[:2]] for request in upstream.calls] == [
        [True, False],
        [False, True],
    ]


async def test_two_files_that_cannot_be_copied_are_refused_in_the_seconds_name(client, upstream, key, a_file):
    one, two = await a_file(account="c", is_kept=False), await a_file(account="d", is_kept=False)

    reply = await client.post(GENERATE, asks(one, two), x_goog_api_key=key)

    assert (reply.status, reply.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert two.removeprefix("files/") in reply.json()["error"]["message"]
    assert not upstream.calls


async def test_a_file_goes_to_the_cache_that_a_call_names_and_into_the_cache_that_it_makes(
    client, upstream, key, a_file
):
    cache = (await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key)).json()["name"]
    home = upstream.requests_of("createCachedContent")[0].account
    name = await a_file(account="d" if home[0] in "abc" else "c")

    reply = await client.post(GENERATE, asks(name, cachedContent=cache), x_goog_api_key=key)
    assert reply.status == 200, reply.body
    assert "inlineData" in parts_of(upstream.calls[-1])[0]

    long = {"model": f"models/{MODEL}", **asks(name, question=a_cache()["contents"][0]["parts"][0]["text"])}
    made = await client.post("/v1beta/cachedContents", long, x_goog_api_key=key)
    assert made.status == 200, made.body
    created = upstream.requests_of("createCachedContent")[-1]
    assert "fileData" in parts_of(created)[0]  # it is made where its file is


async def test_what_google_has_made_is_fetched_and_goes_along(client, upstream, key, a_file):
    name = await a_file(source="GENERATED", is_kept=False)
    await only("c")
    await sync_to_async(lambda: Account.objects.filter(email="a@example.com").update(enabled=True))()
    await roster.refresh()

    for n in range(6):
        reply = await client.post(GENERATE, asks(name), x_goog_api_key=key, x_session_affinity=f"{n}")
        assert reply.status == 200, reply.body

    assert {request.account[0] for request in upstream.requests_of("downloadFile")} <= {"a"}
    for request in upstream.calls:
        assert ("inlineData" in parts_of(request)[0]) is (request.account == "c@example.com")


async def test_when_the_last_account_of_its_project_is_gone_a_kept_file_is_still_served(client, upstream, key, a_file):
    name = await a_file(account="d")
    await sync_to_async(lambda: Account.objects.filter(email="d@example.com").delete())()
    await roster.refresh()

    reply = await client.post(GENERATE, asks(name), x_goog_api_key=key)

    assert reply.status == 200, reply.body


async def test_another_tenants_kept_file_is_not_there(client, upstream, key, key_of, a_file):
    name = await a_file()
    other = await key_of("blue-2")

    reply = await client.post(GENERATE, asks(name), x_goog_api_key=other)
    unknown = await client.post(GENERATE, asks("files/unknown"), x_goog_api_key=other)

    assert reply.status == unknown.status == 403
    assert reply.json()["error"]["message"].replace(name[6:], "unknown") == unknown.json()["error"]["message"]
    assert not upstream.calls


async def test_a_file_of_an_interaction_without_state_goes_to_any_account_as_bytes(
    client, upstream, key, a_file, pool_of
):
    name = await a_file()
    await pool_of("code")
    content = {"type": "document", "uri": f"{GOOGLES}/{name}"}
    body = {"model": MODEL, "store": False, "input": [{"type": "text", "text": "What is this?"}, content]}

    for account, steps in (("code", ("request", "contents", 0, "parts", 1)), ("c", ("input", 1))):
        await only(account)
        reply = await client.post("/v1beta/interactions", body, x_goog_api_key=key)
        assert reply.status == 200, reply.body
        given = upstream.requests[-1].body
        for step in steps:
            given = given[step]
        blob = given.get("inlineData", given)
        assert {"mimeType": "text/plain", "mime_type": "text/plain"}.items() & blob.items()
        assert base64.b64decode(blob["data"]) == TEXT


async def test_a_cloud_code_account_gets_bytes_and_no_file_that_is_too_large(client, upstream, key, a_file):
    name, large = await a_file(), await a_file(LARGE, mime_type="application/pdf")

    def connect() -> None:
        row = make_account("code@example.com")
        upstream.add_account(
            row.email, refresh_token="r", access_token=row.credential.access_token, project=row.project or None
        )

    await sync_to_async(connect)()
    await only("code")
    reply = await client.post(GENERATE, asks(name), x_goog_api_key=key)
    assert reply.status == 200, reply.body
    part = upstream.calls[-1].body["request"]["contents"][0]["parts"][0]
    assert base64.b64decode(part["inlineData"]["data"]) == TEXT

    await only("code", "c")
    for n in range(6):
        reply = await client.post(GENERATE, asks(large), x_goog_api_key=key, x_session_affinity=f"{n}")
        assert reply.status == 200, reply.body
    assert {request.account for request in upstream.calls[1:]} == {"c@example.com"}


async def test_a_file_is_imported_into_a_store_of_another_project(client, upstream, key, a_file):
    store = (await client.post("/v1beta/fileSearchStores", {}, x_goog_api_key=key)).json()["name"]
    home = upstream.requests_of("createFileSearchStore")[0].account
    name = await a_file(account="d" if home[0] in "abc" else "c")

    reply = await client.post(f"/v1beta/{store}:importFile", {"fileName": name}, x_goog_api_key=key)

    assert reply.status == 200, reply.body
    copy = await FileCopy.objects.aget()
    (imported,) = upstream.requests_of("importFile")
    assert imported.body == {"fileName": copy.name}


async def test_files_in_memory_are_bounded(client, upstream, key, a_file, settings):
    settings.GATEWAY_BUFFER_MB = 1
    name = await a_file(TEXT * 100)  # 440 kB
    await only("c")

    reply = await client.post(GENERATE, asks(name), x_goog_api_key=key)

    assert reply.status == 503
    assert "too many files in memory" in reply.json()["error"]["message"]


async def test_when_a_file_is_deleted_its_bytes_and_its_copies_go(client, upstream, key, a_file, settings):
    name = await a_file(LARGE, mime_type="application/pdf")
    await only("c")
    await client.post(GENERATE, asks(name), x_goog_api_key=key)
    await only("a", "c")

    reply = await client.request("DELETE", f"/v1beta/{name}", x_goog_api_key=key)

    assert reply.status == 200, reply.body
    assert {request.account for request in upstream.requests_of("deleteFile")} == {"a@example.com", "c@example.com"}
    assert not list((settings.GATEWAY_DATA_DIR / "spool").iterdir())
    assert not await FileCopy.objects.aexists()


async def test_what_is_uploaded_is_served_by_every_project(client, upstream, key):
    reply = await client.post(
        "/upload/v1beta/files", TEXT, x_goog_api_key=key, x_goog_upload_protocol="raw", content_type="text/plain"
    )
    file = reply.json()["file"]

    for account in "abcd":
        await only(account)
        asked = asks()
        asked["contents"][0]["parts"].insert(0, {"fileData": {"fileUri": file["uri"]}})
        reply = await client.post(GENERATE, asked, x_goog_api_key=key)
        assert reply.status == 200, reply.body

    assert {request.account[0] for request in upstream.calls} == set("abcd")
