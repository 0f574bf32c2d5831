"""Uploads through the gateway, against the emulator: sessions, chunks, what is repeated, who may go on with one."""

import json
from urllib.parse import urlsplit

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.api_keys import keys
from accounts_app.leasing import upload_sessions
from accounts_app.leasing.upload_sessions import Session
from accounts_app.models import KeyGroup, Resource, SpooledFile, UploadSession
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal, spool
from accounts_app.storage.worker import in_database
from proxy_app.models import UsageRecord
from tests.asgi_client import Client, Reply

MEGABYTE = 1024 * 1024
CHUNK = 8 * MEGABYTE
OLD = 256 * 1024
PLAIN = "text/plain; charset=utf-8"


async def start(client: Client, key: str, metadata: bytes = b"{}", path: str = "/upload/v1beta/files", **more) -> str:
    """The path and query of a new session."""
    reply = await begun(client, key, metadata, path, **more)
    assert reply.status == 200, reply.body
    return below(reply.headers["x-goog-upload-url"])


async def begun(client: Client, key: str, metadata: bytes = b"{}", path: str = "/upload/v1beta/files", **more) -> Reply:
    headers = {"x_goog_upload_protocol": "resumable", "x_goog_upload_command": "start", **more}
    return await client.post(path, metadata, x_goog_api_key=key, **headers)


def below(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def send(
    client: Client, session: str, data: bytes = b"", offset: int = 0, command: str = "upload, finalize", **more
):
    return await client.post(session, data, x_goog_upload_command=command, x_goog_upload_offset=str(offset), **more)


async def test_a_session_starts_with_an_address_that_leads_back_and_holds_no_key(client, projects, key_of):
    key = await key_of("red")

    reply = await begun(client, key, b'{"file":{"display_name":"a"}}', x_goog_upload_header_content_length="5")

    assert reply.status == 200
    assert reply.body == b""
    for header in ("x-goog-upload-url", "x-goog-upload-control-url"):
        url = reply.headers[header]
        assert url.startswith("http://127.0.0.1:8045/upload/v1beta/files?")
        assert "key=" not in url
    assert reply.headers["x-goog-upload-status"] == "active"
    assert not [name for name in reply.headers if name.startswith("x-goog-upload-header-")]
    row = await UploadSession.objects.aget()
    assert (row.size, row.state, row.operation, row.path) == (5, "active", "media.upload", "files")


async def test_a_file_is_uploaded_without_a_key_and_is_the_starters(client, projects, key_of, upstream):
    key, other = await key_of("red"), await key_of("blue")
    session = await start(client, key, b"{'file': {'display_name': 'a'}}")

    reply = await send(client, session, b"hello", content_type="application/json")

    assert reply.status == 200, reply.body
    assert reply.headers["x-goog-upload-status"] == "final"
    file = reply.json()["file"]
    assert (file["sizeBytes"], file["displayName"]) == ("5", "a")
    assert file["uri"] == f"http://127.0.0.1:8045/v1beta/{file['name']}"
    assert (await client.get(f"/v1beta/{file['name']}", x_goog_api_key=key)).status == 200
    assert (await client.get(f"/v1beta/{file['name']}", x_goog_api_key=other)).status == 403
    assert (await Resource.objects.aget()).name == file["name"]
    assert not upstream.requests[-2].headers.get("x-goog-api-key")


async def test_two_files_of_a_tenant_go_to_one_project(client, projects, key_of):
    key = await key_of("red")
    await key_of("blue")

    for _ in range(2):
        assert (await send(client, await start(client, key), b"hello")).status == 200

    assert len({row.project_id async for row in Resource.objects.all()}) == 1


async def test_chunks_go_one_after_the_other_and_the_last_may_be_empty(client, projects, key_of):
    session = await start(client, await key_of("red"))

    first = await send(client, session, b"x" * CHUNK, 0, "upload")
    row = await UploadSession.objects.aget()
    last = await send(client, session, b"", CHUNK)

    assert (first.status, first.headers["x-goog-upload-status"], first.body) == (200, "active", b"")
    assert (row.offset, row.unsure) == (CHUNK, False)
    assert last.json()["file"]["sizeBytes"] == str(CHUNK)


async def test_a_repeated_finalize_gets_the_same_bytes_and_makes_no_second_file(client, projects, key_of, upstream):
    session = await start(client, await key_of("red"))

    first = await send(client, session, b"hello")
    asked = len(upstream.requests)
    again = await send(client, session, b"hello")

    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["x-goog-upload-status"] == "final"
    assert len(upstream.requests) == asked
    assert await Resource.objects.acount() == 1


async def test_a_repeated_chunk_is_read_and_dropped(client, projects, key_of, upstream):
    session = await start(client, await key_of("red"))
    await send(client, session, b"x" * CHUNK, 0, "upload")
    asked = len(upstream.requests)

    again = await send(client, session, b"x" * CHUNK, 0, "upload")
    last = await send(client, session, b"x" * CHUNK + b"end", 0)

    assert (again.status, again.headers["x-goog-upload-status"]) == (200, "active")
    assert again.headers["x-goog-upload-size-received"] == str(CHUNK)
    assert len(upstream.requests) == asked + 1
    assert last.json()["file"]["sizeBytes"] == str(CHUNK + 3)


async def test_a_chunk_whose_answer_was_lost_is_asked_about_before_it_is_repeated(client, projects, key_of, upstream):
    session = await start(client, await key_of("red"))
    upstream.script("reset", method="uploadChunk", after=MEGABYTE)

    lost = await send(client, session, b"x" * CHUNK, 0, "upload")
    row = await UploadSession.objects.aget()
    again = await send(client, session, b"x" * CHUNK, 0, "upload")

    assert lost.status == 503
    assert "x-goog-upload-status" not in lost.headers
    assert (row.offset, row.unsure) == (0, True)
    assert (again.status, again.headers["x-goog-upload-status"]) == (200, "active")
    assert [each.call for each in upstream.requests[-2:]] == ["queryUpload", "uploadChunk"]
    assert upstream.requests[-1].size == CHUNK - MEGABYTE
    assert (await send(client, session, b"end", CHUNK)).json()["file"]["sizeBytes"] == str(CHUNK + 3)


async def test_a_wrong_offset_is_never_answered_as_active(client, projects, key_of):
    session = await start(client, await key_of("red"))

    reply = await send(client, session, b"hello", 77, "upload")

    assert reply.status == 400
    assert "x-goog-upload-status" not in reply.headers
    assert (await UploadSession.objects.aget()).unsure
    assert (await send(client, session, b"hello", 0)).status == 200


async def test_a_client_asks_how_much_has_come(client, projects, key_of):
    session = await start(client, await key_of("red"))
    await send(client, session, b"x" * CHUNK, 0, "upload")

    asked = await send(client, session, command="query")
    await send(client, session, b"", CHUNK)
    then = await send(client, session, command="query")

    assert (asked.headers["x-goog-upload-status"], asked.headers["x-goog-upload-size-received"]) == (
        "active",
        str(CHUNK),
    )
    assert (then.status, then.headers["x-goog-upload-status"]) == (200, "final")


async def test_a_cancelled_session_takes_nothing_more(client, projects, key_of):
    session = await start(client, await key_of("red"))

    cancelled = await send(client, session, command="cancel")
    after = await send(client, session, b"hello")

    assert (cancelled.status, cancelled.headers["x-goog-upload-status"]) == (200, "cancelled")
    assert (after.status, after.headers["x-goog-upload-status"]) == (400, "cancelled")
    assert (after.body, after.headers["content-type"]) == (b"Upload has already been terminated.", PLAIN)


async def test_a_session_that_is_not_there_is_over(client, projects, api_key):
    await api_key()

    reply = await send(client, "/upload/v1beta/files?upload_id=nobody&upload_protocol=resumable", b"hello")

    assert (reply.status, reply.headers["x-goog-upload-status"]) == (400, "final")


async def test_another_groups_key_may_not_go_on_with_a_session(client, projects, key_of):
    key, other = await key_of("red"), await key_of("blue")
    session = await start(client, key)

    refused = await send(client, session, b"hello", x_goog_api_key=other)
    unknown = await send(client, session, b"hello", x_goog_api_key="gw-unknown")

    assert refused.status == 403
    assert unknown.status == 200


async def test_a_revoked_starter_ends_its_sessions(client, projects, key_of):
    session = await start(client, await key_of("red"))
    await key_of("blue")
    await in_database(keys.revoke, "red")
    await roster.refresh()

    reply = await send(client, session, b"hello")

    assert (reply.status, reply.headers["x-goog-upload-status"]) == (400, "cancelled")


async def test_a_session_is_stored_under_a_digest_and_its_address_encrypted(client, projects, key_of):
    session = await start(client, await key_of("red"))
    id_ = dict(pair.split("=", 1) for pair in session.partition("?")[2].split("&"))["upload_id"]

    row = await UploadSession.objects.aget()
    found = await upload_sessions.find(id_)

    assert id_ not in json.dumps({"digest": row.digest, "path": row.path})
    assert found is not None
    assert id_ not in repr(found)


async def test_the_older_protocol_has_a_location_and_ranges(client, projects, key_of):
    key = await key_of("red")
    path = "/upload/v1beta/files?uploadType=resumable&alt=json"

    reply = await client.post(
        f"{path}&key={key}", b"{}", x_upload_content_type="text/plain", x_upload_content_length=str(2 * OLD)
    )
    location = reply.headers["location"]
    session = below(location)
    first = await put(client, session, b"x" * OLD, f"bytes 0-{OLD - 1}/{2 * OLD}")
    again = await put(client, session, b"x" * OLD, f"bytes 0-{OLD - 1}/{2 * OLD}")
    asked = await put(client, session, b"", f"bytes */{2 * OLD}")
    last = await put(client, session, b"x" * OLD, f"bytes {OLD}-{2 * OLD - 1}/{2 * OLD}")
    repeated = await put(client, session, b"x" * OLD, f"bytes {OLD}-{2 * OLD - 1}/{2 * OLD}")
    finished = await put(client, session, b"", f"bytes */{2 * OLD}")

    assert location.startswith("http://127.0.0.1:8045/upload/v1beta/files?")
    assert "key=" not in location
    for reply in (first, again, asked):
        assert (reply.status, reply.headers["range"]) == (308, f"bytes=0-{OLD - 1}")
    assert last.json()["file"]["sizeBytes"] == str(2 * OLD)
    assert last.body == repeated.body == finished.body


async def put(client: Client, session: str, data: bytes, content_range: str) -> Reply:
    return await client.request("PUT", session, data, content_range=content_range)


MULTIPART = b"\r\n".join(
    [
        b"--edge",
        b"Content-Type: application/json",
        b"",
        b'{"file":{"displayName":"two parts"}}',
        b"--edge",
        b"Content-Type: text/plain",
        b"",
        b"hello",
        b"--edge--",
        b"",
    ]
)


@pytest.mark.parametrize(
    ("query", "headers", "body"),
    [
        ("", {"x_goog_upload_protocol": "multipart", "content_type": "multipart/related; boundary=edge"}, MULTIPART),
        ("?uploadType=multipart", {"content_type": "multipart/related; boundary=edge"}, MULTIPART),
        ("", {"x_goog_upload_protocol": "raw", "content_type": "text/plain"}, b"hello"),
        ("?uploadType=media", {"content_type": "text/plain"}, b"hello"),
        ("", {"content_type": "application/x-www-form-urlencoded"}, b"hello"),
    ],
)
@pytest.mark.parametrize("root", ["/upload/v1beta", "/upload/v1", "/v1beta/upload/v1beta"])
async def test_a_file_is_uploaded_in_one_request(client, projects, key_of, root, query, headers, body):
    key = await key_of("red")

    reply = await client.post(f"{root}/files{query}", body, x_goog_api_key=key, **headers)

    assert reply.status == 200, reply.body
    name = reply.json()["file"]["name"]
    assert (await Resource.objects.aget()).name == name
    assert (await client.get(f"/v1beta/{name}", x_goog_api_key=key)).json()["sizeBytes"] == "5"


async def test_a_store_takes_uploads_by_session_and_in_one_request(client, projects, key_of):
    key = await key_of("red")
    await key_of("blue")
    store = (await client.post("/v1beta/fileSearchStores", {"displayName": "s"}, x_goog_api_key=key)).json()["name"]
    path = f"/upload/v1beta/{store}:uploadToFileSearchStore"

    session = await start(client, key, b'{"displayName":"d","mimeType":"text/plain"}', path)
    one = await send(client, session, b"hello")
    two = await client.post(path, b"hello", x_goog_api_key=key, x_goog_upload_protocol="raw", content_type="text/plain")

    for reply in (one, two):
        assert reply.status == 200, reply.body
        name = reply.json()["name"]
        assert name.startswith(f"{store}/upload/operations/")
        assert (await client.get(f"/v1beta/{name}", x_goog_api_key=key)).status == 200


async def test_a_session_may_be_started_by_put(client, projects, key_of):
    key = await key_of("red")
    headers = {"x_goog_upload_protocol": "resumable", "x_goog_upload_command": "start"}

    reply = await client.request("PUT", "/upload/v1beta/files", b"{}", x_goog_api_key=key, **headers)

    assert (await send(client, below(reply.headers["x-goog-upload-url"]), b"hello")).status == 200


async def test_a_start_needs_a_key_and_a_chunk_does_not(client, projects, key_of, operator_sets, upstream):
    await operator_sets(auth_mode="strict")
    key = await key_of("red")

    assert (await begun(client, "")).status == 401
    assert not upstream.requests
    assert (await send(client, await start(client, key), b"hello")).status == 200


async def test_a_file_that_is_too_large_is_refused(client, projects, key_of, settings, upstream):
    settings.GATEWAY_MAX_UPLOAD_MB = 1
    key = await key_of("red")
    session = await start(client, key)
    asked = len(upstream.requests)
    large = b"x" * (MEGABYTE + 1)

    announced = await begun(client, key, x_goog_upload_header_content_length=str(MEGABYTE + 1))
    whole = await client.post("/upload/v1beta/files", large, x_goog_api_key=key, x_goog_upload_protocol="raw")
    chunk = await send(client, session, large)
    late = await send(client, session, b"xx", MEGABYTE - 1)

    assert [reply.status for reply in (announced, whole, chunk, late)] == [413] * 4
    assert len(upstream.requests) == asked


async def test_a_name_that_others_hold_is_asked_for_in_another_project(client, projects, key_of):
    await sync_to_async(projects[1].delete)()  # which nobody knows to be of the same project as another
    red, blue = await key_of("red"), await key_of("blue")
    metadata = b'{"file":{"name":"files/mine"}}'

    for key in (red, blue):
        reply = await send(client, await start(client, key, metadata), b"hello")
        assert reply.json()["file"]["name"] == "files/mine"

    assert len({row.project_id async for row in Resource.objects.filter(name="files/mine")}) == 2
    assert (await begun(client, red, metadata)).status == 409


@pytest.mark.parametrize("metadata", [b'{"file":{"name":"files/mine"}}', b'{"file":{"name":"mine"}}'])
async def test_so_is_a_name_in_an_upload_of_two_parts(client, projects, key_of, metadata):
    await sync_to_async(projects[1].delete)()
    red, blue = await key_of("red"), await key_of("blue")
    body = MULTIPART.replace(b'{"file":{"displayName":"two parts"}}', metadata)
    headers = {"x_goog_upload_protocol": "multipart", "content_type": "multipart/related; boundary=edge"}

    replies = [
        await client.post("/upload/v1beta/files", body, x_goog_api_key=key, **headers) for key in (red, blue, red)
    ]

    assert [reply.status for reply in replies] == [200, 200, 409]
    assert len({row.project_id async for row in Resource.objects.filter(name="files/mine")}) == 2
    for key in (red, blue):
        assert (await client.get("/v1beta/files/mine", x_goog_api_key=key)).json()["sizeBytes"] == "5"


@pytest.mark.parametrize(
    ("setting", "headers", "base"),
    [
        ({"GATEWAY_PUBLIC_URL": "https://gw.example/ai"}, {}, "https://gw.example/ai"),
        ({"GATEWAY_PATH_PREFIX": "/ai"}, {"host": "gw.example"}, "http://gw.example/ai"),
        ({"GATEWAY_TRUSTED_PROXIES": ["127.0.0.1"]}, {"x_forwarded_host": "gw.example"}, "http://gw.example"),
        ({}, {"x_forwarded_host": "evil.example"}, "http://127.0.0.1:8045"),
    ],
)
async def test_addresses_lead_to_where_the_client_finds_the_gateway(
    client, projects, key_of, settings, setting, headers, base
):
    for name, value in setting.items():
        setattr(settings, name, value)
    key = await key_of("red")
    prefix = setting.get("GATEWAY_PATH_PREFIX", "")

    reply = await begun(client, key, path=f"{prefix}/upload/v1beta/files", **headers)
    url = reply.headers["x-goog-upload-url"]
    file = (await send(client, prefix + below(url)[below(url).index("/upload") :], b"hello", **headers)).json()["file"]

    assert url.startswith(f"{base}/upload/v1beta/files?")
    assert file["uri"] == f"{base}/v1beta/{file['name']}"


async def test_a_google_sdk_on_plain_http_keeps_googles_address_of_a_file(client, projects, key_of, upstream):
    sdk = {"x_goog_api_client": "google-genai-sdk/3.6.1 gl-python/3.11"}
    session = await start(client, await key_of("red"), **sdk)

    file = (await send(client, session, b"hello")).json()["file"]

    assert file["uri"] == f"https://generativelanguage.googleapis.com/v1beta/{file['name']}"


async def test_a_page_uploads_without_a_key_where_none_is_needed_for_a_chunk(client, projects, key_of, settings):
    settings.GATEWAY_CORS_ORIGINS = ["https://page.example"]
    page = {"origin": "https://page.example"}
    session = await start(client, await key_of("red"), **page)

    asked = await client.request("OPTIONS", session, access_control_request_method="POST", **page)
    reply = await send(client, session, b"hello", **page)

    assert (asked.status, reply.status) == (200, 200)
    assert "x-goog-upload-offset" in asked.headers["access-control-allow-headers"]
    assert "x-goog-upload-status" in reply.headers["access-control-expose-headers"]
    assert reply.headers["access-control-allow-origin"] == "https://page.example"


LONG = b"A file of several chunks. " * 400_000  # 10 MB


async def test_what_is_uploaded_in_chunks_is_kept_as_it_passes(client, projects, key_of, settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path
    key = await key_of("red")
    session = await start(
        client, key, b'{"file":{"mimeType":"text/plain"}}', x_goog_upload_header_content_length=str(len(LONG))
    )

    await send(client, session, LONG[:CHUNK], command="upload")
    last = await send(client, session, LONG[CHUNK:], CHUNK)

    row = await SpooledFile.objects.aget(resource__name=last.json()["file"]["name"])
    assert await spool.read(row.path, row.size) == LONG
    assert len(list((tmp_path / "spool").iterdir())) == 1


@pytest.mark.parametrize("protocol", ["raw", "multipart"])
async def test_what_is_uploaded_in_one_request_is_kept_too(protocol, client, projects, key_of, settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path
    key, body, kind = await key_of("red"), b"hello", "text/plain"
    if protocol == "multipart":
        kind = "multipart/related; boundary=b"
        body = (
            b"--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--"
        )

    reply = await client.post(
        "/upload/v1beta/files", body, x_goog_api_key=key, x_goog_upload_protocol=protocol, content_type=kind
    )

    assert reply.status == 200, reply.body
    row = await SpooledFile.objects.aget(resource__name=reply.json()["file"]["name"])
    assert await spool.read(row.path, row.size) == b"hello"


async def test_what_upstream_refuses_is_not_kept(client, projects, key_of, upstream, settings, tmp_path):
    settings.GATEWAY_DATA_DIR = tmp_path
    for name in "abcd":
        upstream.limit_storage(f"{name}@example.com", 0)

    reply = await client.post(
        "/upload/v1beta/files", b"hello", x_goog_api_key=await key_of("red"), x_goog_upload_protocol="raw"
    )

    assert reply.status >= 400
    assert not list((tmp_path / "spool").iterdir())


async def test_the_older_protocol_is_cancelled_by_delete(client, projects, key_of):
    reply = await client.post("/upload/v1beta/files?uploadType=resumable", b"{}", x_goog_api_key=await key_of("red"))
    session = below(reply.headers["location"])

    cancelled = await client.request("DELETE", session)
    after = await put(client, session, b"hello", "bytes 0-4/5")

    assert cancelled.status == 499
    assert (after.status, after.headers["x-goog-upload-status"]) == (400, "cancelled")


async def test_requests_of_a_session_are_in_the_request_log_as_its_starters(client, projects, key_of):
    session = await start(client, await key_of("red"))
    file = (await send(client, session, b"hello")).json()["file"]
    await send(client, "/upload/v1beta/files?upload_id=nobody", b"hello")
    await journal.flush(force=True)

    rows = [row async for row in UsageRecord.objects.order_by("pk")]

    assert [(row.method, row.outcome, row.resource) for row in rows[:2]] == [
        ("media.upload", "succeeded", ""),
        ("media.upload", "succeeded", file["name"]),
    ]
    assert rows[0].api_key_id == rows[1].api_key_id is not None
    assert (rows[2].attempt, rows[2].api_key_id, rows[2].status) == (0, None, 400)


async def test_a_whole_file_sent_again_in_the_older_protocol_is_stored_once(client, projects, key_of, upstream):
    reply = await client.post("/upload/v1beta/files?uploadType=resumable", b"{}", x_goog_api_key=await key_of("red"))
    session = below(reply.headers["location"])
    upstream.script("reset", method="finalizeUpload", after=MEGABYTE)

    lost = await client.request("PUT", session, b"x" * 2 * MEGABYTE)
    again = await client.request("PUT", session, b"x" * 2 * MEGABYTE)

    assert lost.status == 503
    assert again.json()["file"]["sizeBytes"] == str(2 * MEGABYTE)


LATE = 1 << 40  # bytes: a fault that plays after these plays when all has come and the file is made
PART = b"x" * CHUNK


@pytest.fixture
def loses_the_last_answer(upstream):
    """The file of the next upload is made, and its client does not hear of it."""

    def script() -> None:
        upstream.script("reset", method="finalizeUpload", after=LATE)

    return script


async def test_a_finalize_whose_answer_was_lost_is_answered_with_the_file_it_made(
    client, projects, key_of, upstream, loses_the_last_answer
):
    key, _ = await key_of("red"), await key_of("blue")
    session = await start(client, key, b'{"file":{"displayName":"mine"}}')
    loses_the_last_answer()

    lost = await send(client, session, b"hello")
    again = await send(client, session, b"hello")
    third = await send(client, session, b"hello")

    assert (lost.status, "x-goog-upload-status" in lost.headers) == (503, False)
    assert (again.status, again.headers["x-goog-upload-status"]) == (200, "final")
    file = again.json()["file"]
    assert (file["displayName"], file["sizeBytes"]) == ("mine", "5")
    assert third.body == again.body
    assert len(upstream.requests_of("finalizeUpload")) == 1
    assert (await Resource.objects.aget()).name == file["name"]
    assert (await client.get(f"/v1beta/{file['name']}", x_goog_api_key=key)).status == 200


async def test_of_a_file_in_chunks_the_spool_has_the_hash(
    client, projects, key_of, loses_the_last_answer, settings, tmp_path
):
    settings.GATEWAY_DATA_DIR = tmp_path
    key, _ = await key_of("red"), await key_of("blue")
    session = await start(client, key)
    loses_the_last_answer()

    await send(client, session, PART, command="upload")
    lost = await send(client, session, b"end", CHUNK)
    again = await send(client, session, b"end", CHUNK)

    assert (lost.status, again.status) == (503, 200)
    row = await SpooledFile.objects.aget(resource__name=again.json()["file"]["name"])
    assert await spool.read(row.path, row.size) == PART + b"end"


@pytest.mark.parametrize(("is_own", "status"), [(True, 200), (False, 400)])
async def test_without_a_hash_a_file_is_told_by_its_size_in_a_project_of_ones_own_alone(
    is_own, status, client, projects, key_of, only_for, settings, loses_the_last_answer
):
    settings.GATEWAY_SPOOL_MB = 0
    key, _ = await key_of("red"), await key_of("blue")
    if is_own:
        await only_for("red", projects)
    session = await start(client, key)
    loses_the_last_answer()

    await send(client, session, PART, command="upload")
    lost = await send(client, session, b"end", CHUNK)
    again = await send(client, session, b"end", CHUNK)

    assert (lost.status, again.status) == (503, status)
    assert again.headers["x-goog-upload-status"] == "final"
    assert await Resource.objects.acount() == is_own


async def test_a_file_that_somebody_has_is_never_taken_for_a_lost_one(client, projects, key_of, loses_the_last_answer):
    key, _ = await key_of("red"), await key_of("blue")
    session = await start(client, key, b'{"file":{"name":"files/mine"}}')
    loses_the_last_answer()
    lost = await send(client, session, b"hello")
    begun = await UploadSession.objects.aget()
    await Resource.objects.acreate(
        project_id=begun.project_id, kind="files", name="files/mine", group=await KeyGroup.objects.aget(name="blue")
    )

    again = await send(client, session, b"hello")

    assert (lost.status, again.status) == (503, 400)


async def test_asking_how_much_has_come_does_not_hide_the_lost_answer(client, projects, key_of, loses_the_last_answer):
    session = await start(client, await key_of("red"))
    loses_the_last_answer()

    await send(client, session, b"hello")
    asked = await send(client, session, command="query")
    again = await send(client, session, b"hello")

    assert (asked.status, asked.headers["x-goog-upload-status"]) == (200, "final")
    assert again.json()["file"]["sizeBytes"] == "5"


async def test_a_request_on_another_node_takes_the_session_over(client, projects, key_of):
    session = await start(client, await key_of("red"))
    row = await UploadSession.objects.aget()
    found = await upload_sessions.claim(Session(row.digest, "", "", None, Tenant(), ""))
    assert found is not None

    reply = await send(client, session, b"hello")

    assert reply.status == 200
    assert not await upload_sessions.sending(found)
