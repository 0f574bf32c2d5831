"""Files by Google's own SDK, by curl as Google prints it, and at the level of bytes; a node restarted in the middle."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Emulator
from tests.live.clients.install import NotInstalled, install
from tests.live.raw_client import RawClient, connected
from tests.live.running import Gateway

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

MEGABYTE = 1024 * 1024
CHUNK = 8 * MEGABYTE
CONTENT = bytes(range(256)) * (20 * MEGABYTE // 256)
PROGRAM = Path(__file__).parent / "clients" / "python" / "genai_files.py"

CURL = """
set -e
curl "$BASE/upload/v1beta/files" -D headers.tmp \
  -H "x-goog-api-key: $KEY" \
  -H "X-Goog-Upload-Protocol: resumable" \
  -H "X-Goog-Upload-Command: start" \
  -H "X-Goog-Upload-Header-Content-Length: $SIZE" \
  -H "X-Goog-Upload-Header-Content-Type: application/octet-stream" \
  -H "Content-Type: application/json" \
  -d "{'file': {'display_name': 'TEXT'}}" 2> /dev/null
upload_url=$(grep -i "x-goog-upload-url: " headers.tmp | cut -d" " -f2 | tr -d "\\r")
curl "$upload_url" \
  -H "Content-Length: $SIZE" \
  -H "X-Goog-Upload-Offset: 0" \
  -H "X-Goog-Upload-Command: upload, finalize" \
  --data-binary "@$FILE" 2> /dev/null
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Emulator() as google, Gateway(google) as gateway:
        for name in ("one", "two"):
            key = google.add_account(f"{name}@example.com", project=name).api_key
            gateway.manage("add_account", "--kind", "gemini_api", "--label", name, "--api-key", "-", said=key)
        yield gateway.start()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "twenty.bin"
    path.write_bytes(CONTENT)
    return path


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


@pytest.mark.parametrize("how", ["sync", "aiohttp", "httpx"])
@pytest.mark.parametrize("sdk", ["google-genai-2", "google-genai-3"])
def test_googles_sdk_uploads_20_mb(gateway: Gateway, file: Path, sdk: str, how: str):
    try:
        python = install(sdk) / "bin" / "python"
    except NotInstalled as reason:
        pytest.skip(str(reason))
    plan = json.dumps({"url": gateway.url, "key": gateway.key, "path": str(file)})

    done = subprocess.run([python, PROGRAM, how], input=plan, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr[-2000:]
    got = json.loads(done.stdout)
    assert (got["size"], got["sha256"]) == (len(CONTENT), sha256(CONTENT))
    # On plain http Google's SDKs know a file by Google's own address only.
    assert got["uri"] == f"https://generativelanguage.googleapis.com/v1beta/{got['name']}"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on this machine")
def test_curl_uploads_as_google_prints_it(gateway: Gateway, file: Path, tmp_path: Path):
    environment = {
        "BASE": gateway.url,
        "KEY": gateway.key,
        "SIZE": str(len(CONTENT)),
        "FILE": str(file),
        "PATH": "/usr/bin:/bin",
    }

    done = subprocess.run(
        ["bash", "-c", CURL], env={**os.environ, **environment}, cwd=tmp_path, capture_output=True, timeout=60
    )

    made = json.loads(done.stdout)["file"]
    assert (made["sizeBytes"], made["sha256Hash"], made["displayName"]) == (str(len(CONTENT)), sha256(CONTENT), "TEXT")
    assert made["uri"] == f"{gateway.url}/v1beta/{made['name']}"


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
