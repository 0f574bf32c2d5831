"""Files at the level of bytes, and a node restarted in the middle; `test_resources` has the clients that upload."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Emulator
from tests.live.raw_client import RawClient, connected
from tests.live.running import Gateway

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

MEGABYTE = 1024 * 1024
CHUNK = 8 * MEGABYTE
CONTENT = bytes(range(256)) * (20 * MEGABYTE // 256)


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    with Emulator() as google:
        yield google


@pytest.fixture(scope="module")
def gateway(google: Emulator) -> Iterator[Gateway]:
    with Gateway(google) as gateway:
        for name in ("one", "two"):
            key = google.add_account(f"{name}@example.com", project=name).api_key
            gateway.manage("add_account", "--kind", "gemini_api", "--label", name, "--api-key", "-", said=key)
        yield gateway.start()


def sha256(content: bytes) -> str:
    """As the API tells it: the base64 of the digest's hexadecimal digits."""
    return base64.b64encode(hashlib.sha256(content).hexdigest().encode()).decode()


def start(gateway: Gateway, **more: str) -> str:
    """The path and query of a new session."""
    headers = {"x-goog-api-key": gateway.key, "X-Goog-Upload-Protocol": "resumable", "X-Goog-Upload-Command": "start"}
    answer = httpx.post(f"{gateway.url}/upload/v1beta/files", headers={**headers, **more}, json={"file": {}})
    assert answer.status_code == 200, answer.text
    parts = urlsplit(answer.headers["X-Goog-Upload-URL"])
    return f"{parts.path}?{parts.query}"


def send(gateway: Gateway, session: str, content: bytes, offset: int = 0, command: str = "upload") -> httpx.Response:
    headers = {"X-Goog-Upload-Command": command, "X-Goog-Upload-Offset": str(offset)}
    return httpx.post(f"{gateway.url}{session}", headers=headers, content=content, timeout=60)


def port_of(gateway: Gateway) -> int:
    return int(gateway.url.rpartition(":")[2])


def test_headers_of_an_upload_are_spelled_as_all_clients_take_them(gateway: Gateway):
    with connected(port_of(gateway)) as client:
        client.get(
            "/upload/v1beta/files",
            *(f"x-goog-api-key: {gateway.key}", "X-Goog-Upload-Protocol: resumable", "X-Goog-Upload-Command: start"),
            "Content-Length: 2",
            method="POST",
        )
        client.send(b"{}")
        begun = client.read_until(b"\r\n\r\n")
        url = urlsplit(begun.partition(b"X-Goog-Upload-URL: ")[2].partition(b"\r\n")[0].decode())
        client.get(
            f"{url.path}?{url.query}",
            *("X-Goog-Upload-Command: upload, finalize", "X-Goog-Upload-Offset: 0", "Content-Length: 5"),
            method="POST",
        )
        client.send(b"hello")
        ended = client.read_until(b"\r\n\r\n")

    for spelled in (b"X-Goog-Upload-URL: ", b"X-Goog-Upload-Control-URL: ", b"X-Goog-Upload-Status: active\r\n"):
        assert begun.count(b"\r\n" + spelled) == 1
    assert ended.count(b"\r\nX-Goog-Upload-Status: final\r\n") == 1


def test_a_session_goes_on_after_a_restart_and_at_another_node(gateway: Gateway):
    session = start(gateway)
    assert send(gateway, session, CONTENT[:CHUNK]).headers["X-Goog-Upload-Status"] == "active"

    assert gateway.stop() == 0
    gateway.start()
    assert send(gateway, session, CONTENT[CHUNK : 2 * CHUNK], CHUNK).headers["X-Goog-Upload-Status"] == "active"
    with gateway.another() as other:
        ended = send(other.start(), session, CONTENT[2 * CHUNK :], 2 * CHUNK, "upload, finalize")
    again = send(gateway, session, CONTENT[2 * CHUNK :], 2 * CHUNK, "upload, finalize")

    assert ended.json()["file"]["sha256Hash"] == sha256(CONTENT)
    assert again.content == ended.content


def test_a_newer_chunk_at_another_node_ends_the_older_one(gateway: Gateway, google: Emulator):
    session, before = start(gateway), len(google.requests_of("uploadChunk"))
    with gateway.another() as other:
        other.start()
        with connected(port_of(gateway)) as older:
            older.get(
                session,
                *("X-Goog-Upload-Command: upload", "X-Goog-Upload-Offset: 0", f"Content-Length: {CHUNK}"),
                method="POST",
            )
            older.send(CONTENT[: 3 * MEGABYTE])
            google.wait_for_requests(before + 1, call="uploadChunk")
            newer = send(other, session, CONTENT[:CHUNK])
            assert older.answer()[0] == 409
    ended = send(gateway, session, CONTENT[CHUNK:], CHUNK, "upload, finalize")

    assert (newer.status_code, newer.headers["X-Goog-Upload-Status"]) == (200, "active")
    assert ended.json()["file"]["sha256Hash"] == sha256(CONTENT)


@pytest.mark.parametrize("leave", [RawClient.close, RawClient.reset])
def test_a_chunk_that_its_client_broke_off_is_repeated_and_no_byte_is_stored_twice(gateway: Gateway, leave):
    session = start(gateway)
    client = RawClient(port_of(gateway))
    client.get(
        session,
        *("X-Goog-Upload-Command: upload", "X-Goog-Upload-Offset: 0", f"Content-Length: {CHUNK}"),
        method="POST",
    )
    client.send(CONTENT[: 3 * MEGABYTE])
    leave(client)

    again = send(gateway, session, CONTENT[:CHUNK])
    assert (again.status_code, again.headers["X-Goog-Upload-Status"]) == (200, "active")
    ended = send(gateway, session, CONTENT[CHUNK:], CHUNK, "upload, finalize")

    assert ended.json()["file"]["sha256Hash"] == sha256(CONTENT)


def test_a_client_that_expects_100_continue_gets_it_for_a_session_that_is_there(gateway: Gateway):
    chunk = (
        *("X-Goog-Upload-Command: upload, finalize", "X-Goog-Upload-Offset: 0"),
        *("Content-Length: 5", "Expect: 100-continue"),
    )
    with connected(port_of(gateway)) as client:
        client.get("/upload/v1beta/files?upload_id=nobody", *chunk, method="POST")
        assert client.answer()[0] == 400
    with connected(port_of(gateway)) as client:
        client.get(start(gateway), *chunk, method="POST")
        assert client.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hello")
        assert client.answer()[0] == 200
