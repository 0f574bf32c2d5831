"""Uploads: the resumable protocol and its refusals, the older one, multipart and raw, and faults on their way."""

import base64
import hashlib
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Account, Emulator
from tests.emulator.conftest import Caller, error_of
from tests.emulator.uploading import MIB, Session, start, started, target_of

TERMINATED = "Upload has already been terminated."


def is_terminated(answered: httpx.Response) -> bool:
    return (answered.status_code, answered.text) == (400, TERMINATED)


def sent(google: Emulator, request: bytes) -> bytes:
    """The answer to a request to the byte, up to the end of its head."""
    address = urlsplit(google.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(request)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
    return received


# -- the resumable protocol -----------------------------------------------------------------------------------------


def test_a_start_answers_as_google_does(google: Emulator, caller: Caller):
    answered = started(caller, 5)

    assert (answered.status_code, answered.content) == (200, b"")
    assert answered.headers["content-type"] == "text/plain; charset=utf-8"
    assert answered.headers["server"] == "UploadServer"
    assert answered.headers["x-goog-upload-chunk-granularity"] == "8388608"
    assert answered.headers["x-goog-upload-url"] == answered.headers["x-goog-upload-control-url"]
    assert answered.headers["x-goog-upload-url"].startswith(f"{google.url}/upload/v1beta/files?upload_id=")
    assert answered.headers["x-goog-upload-url"].endswith("&upload_protocol=resumable")


def test_upload_headers_have_google_s_capitals(google: Emulator, caller: Caller):
    request = (
        f"POST /upload/v1beta/files?key={caller.account.api_key} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n"
        "X-Goog-Upload-Protocol: resumable\r\nX-Goog-Upload-Command: start\r\n\r\n"
    )
    head = sent(google, request.encode())

    assert b"\r\nX-Goog-Upload-Status: active\r\n" in head
    assert f"\r\nX-Goog-Upload-URL: http://here/upload/v1beta/files?key={caller.account.api_key}".encode() in head


def test_a_file_goes_up_in_chunks_without_a_key(caller: Caller):
    content = bytes(range(256)) * (9 * MIB // 256)
    session = start(caller, len(content), "application/pdf")

    first = session.step("upload", content[: 8 * MIB], 0)
    received = session.received()
    last = session.step("upload, finalize", content[8 * MIB :], 8 * MIB)

    assert (first.status_code, first.headers["x-goog-upload-status"], first.content) == (200, "active", b"")
    assert received == 8 * MIB
    assert (last.status_code, last.headers["x-goog-upload-status"]) == (200, "final")
    assert last.json()["file"]["sizeBytes"] == str(9 * MIB)
    assert base64.b64decode(last.json()["file"]["sha256Hash"]).decode() == hashlib.sha256(content).hexdigest()


def test_an_empty_finalize_ends_a_whole_number_of_chunks(caller: Caller):
    session = start(caller)
    session.step("upload", b"x" * 8 * MIB, 0)

    assert session.step("upload, finalize", b"", 8 * MIB).json()["file"]["sizeBytes"] == str(8 * MIB)


def test_a_chunk_that_is_not_the_last_is_a_multiple_of_the_granularity(caller: Caller):
    session = start(caller)
    refused = session.step("upload", b"x" * 1000, 0)
    streamed = session.http.post(
        session.url,
        content=iter([b"x" * 1000]),
        headers={"x-goog-upload-command": "upload", "x-goog-upload-offset": "0"},
    )

    assert (refused.status_code, refused.headers["x-goog-upload-status"]) == (400, "active")
    assert streamed.status_code == 400
    assert session.received() == 0


def test_a_wrong_offset_is_refused_and_the_session_lives(caller: Caller):
    session = start(caller, 10)
    refused = session.step("upload, finalize", b"x" * 6, 4)

    assert (refused.status_code, refused.headers["x-goog-upload-status"]) == (400, "active")
    assert refused.headers["content-type"] == "text/plain; charset=utf-8"
    assert session.step("upload, finalize", b"x" * 10, 0).status_code == 200


@pytest.mark.parametrize("size", [9, 11])
def test_another_size_than_announced_ends_the_session(caller: Caller, size: int):
    session = start(caller, 10)

    assert is_terminated(session.step("upload, finalize", b"x" * size, 0))
    assert is_terminated(session.step("upload, finalize", b"x" * 10, 0))


def test_a_session_is_used_once(caller: Caller):
    session = start(caller, 1)
    session.step("upload, finalize", b"x", 0)
    again = session.step("upload, finalize", b"x", 0)

    assert is_terminated(again)
    assert again.headers["x-goog-upload-status"] == "final"
    assert session.step("query").headers["x-goog-upload-status"] == "final"


def test_a_cancelled_session_is_over(caller: Caller):
    session = start(caller, 1)

    assert session.step("cancel").headers["x-goog-upload-status"] == "cancelled"
    assert is_terminated(session.step("upload, finalize", b"x", 0))
    assert caller.public("files").json() == {}


def test_a_session_that_never_was_or_is_too_old_is_terminated(google: Emulator, caller: Caller):
    session = start(caller, 1)
    google.advance(4 * 24 * 3600)

    assert is_terminated(session.step("upload, finalize", b"x", 0))
    assert is_terminated(Session(caller.http, f"{google.url}/upload/v1beta/files?upload_id=x").step("query"))


def test_a_name_taken_meanwhile_is_refused_at_the_end(caller: Caller):
    first, second = start(caller, name="files/mine"), start(caller, name="files/mine")
    first.step("upload, finalize", b"x", 0)
    refused = second.step("upload, finalize", b"x", 0)

    assert (refused.status_code, refused.headers["x-goog-upload-status"]) == (409, "final")
    assert error_of(refused)["status"] == "ALREADY_EXISTS"


def test_metadata_in_single_quotes_is_read(google: Emulator, caller: Caller):
    headers = {"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start"}
    url = f"{google.url}/upload/v1beta/files?key={caller.account.api_key}"
    answered = caller.http.post(url, content=b"{'file': {'display_name': 'AUDIO'}}", headers=headers)

    session = Session(caller.http, answered.headers["x-goog-upload-url"])
    assert session.step("upload, finalize", b"x", 0).json()["file"]["displayName"] == "AUDIO"


def test_a_start_needs_one_good_key(google: Emulator, http: httpx.Client):
    headers = {"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start"}

    assert http.post(f"{google.url}/upload/v1beta/files", headers=headers).status_code == 403
    assert http.post(f"{google.url}/upload/v1beta/files?key=oops", headers=headers).status_code == 400


def test_a_newer_request_takes_an_upload_over(google: Emulator, caller: Caller):
    session, address = start(caller, 10), urlsplit(google.url)
    head = (
        f"POST {target_of(session.url)} HTTP/1.1\r\nhost: x\r\nx-goog-upload-command: upload, finalize\r\n"
        "x-goog-upload-offset: 0\r\ncontent-length: 10\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=5) as older:
        older.sendall(head.encode() + b"01234")
        google.wait_for_requests(2)
        while (received := session.received()) < 5:
            pass
        newer = session.step("upload, finalize", b"56789", received)
        older.sendall(b"56789")
        refused = older.recv(65536)

    assert newer.json()["file"]["sizeBytes"] == "10"
    assert refused.startswith(b"HTTP/1.1 400 ")


# -- one request ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("content", [b"", b"\r\n--not it\r\n", b"\x00" * 300_000])
def test_metadata_and_file_in_one_body(
    google: Emulator, alice: Account, http: httpx.Client, newline: str, content: bytes
):
    front = (
        "--edge", "Content-Type: application/json; charset=utf-8", "", '{"file": {"displayName": "both"}}',
        "--edge", "Content-Type: image/png", "", "",
    )  # fmt: skip
    body = newline.join(front).encode() + content + f"{newline}--edge--".encode()
    headers = {
        "x-goog-api-key": alice.api_key,
        "x-goog-upload-protocol": "multipart",
        "content-type": "multipart/related; boundary=edge",
    }
    answered = http.post(f"{google.url}/upload/v1beta/files", content=body, headers=headers).json()["file"]

    assert (answered["displayName"], answered["mimeType"]) == ("both", "image/png")
    assert answered["sizeBytes"] == str(len(content))


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"x-goog-upload-protocol": "raw"}},
        {"params": {"uploadType": "media"}},
        {},
    ],
)
def test_the_body_alone_is_a_file(
    google: Emulator, alice: Account, http: httpx.Client, options: dict[str, dict[str, str]]
):
    headers = {"x-goog-api-key": alice.api_key, "content-type": "text/plain", **options.get("headers", {})}
    url, params = f"{google.url}/upload/v1beta/files", options.get("params")
    file = http.post(url, params=params, content=b"words", headers=headers).json()["file"]

    assert (file["mimeType"], file["sizeBytes"]) == ("text/plain", "5")


def test_a_multipart_body_without_an_end_is_refused(google: Emulator, alice: Account, http: httpx.Client):
    headers = {"x-goog-api-key": alice.api_key, "content-type": "multipart/related; boundary=edge"}
    answered = http.post(f"{google.url}/upload/v1beta/files", content=b"--edge\r\n", headers=headers)

    assert answered.status_code == 400


# -- the older protocol ---------------------------------------------------------------------------------------------


def test_upload_type_resumable_goes_by_location_and_content_range(google: Emulator, alice: Account, http: httpx.Client):
    url, params = f"{google.url}/upload/v1beta/files", {"key": alice.api_key, "uploadType": "resumable"}
    headers = {"x-upload-content-type": "text/plain", "x-upload-content-length": str(MIB)}
    location = http.post(url, params=params, json={"file": {"displayName": "old"}}, headers=headers).headers["location"]

    def put(content: bytes, span: str) -> httpx.Response:
        return http.put(location, content=content, headers={"content-range": f"bytes {span}"})

    nothing = put(b"", f"*/{MIB}")
    first = put(b"x" * 262144, f"0-262143/{MIB}")
    asked = put(b"", f"*/{MIB}")
    last = put(b"x" * (MIB - 262144), f"262144-{MIB - 1}/{MIB}")

    assert (nothing.status_code, "range" in nothing.headers) == (308, False)
    assert (first.status_code, first.headers["range"]) == (308, "bytes=0-262143")
    assert (asked.status_code, asked.headers["range"]) == (308, "bytes=0-262143")
    assert last.json()["file"]["sizeBytes"] == str(MIB)


# -- faults ---------------------------------------------------------------------------------------------------------


def test_a_fault_may_come_in_mid_body_and_what_came_is_kept(google: Emulator, caller: Caller):
    session, content = start(caller, 9 * MIB), b"x" * 9 * MIB
    google.script("reset", method="finalizeUpload", after=3 * MIB)
    with pytest.raises(httpx.TransportError):
        session.step("upload, finalize", content, 0)

    assert session.received() == 3 * MIB
    last = session.step("upload, finalize", content[3 * MIB :], 3 * MIB)
    assert last.json()["file"]["sizeBytes"] == str(9 * MIB)


def test_an_answer_in_mid_body_leaves_the_connection_to_the_next_request(google: Emulator, caller: Caller):
    session = start(caller, 100)
    google.script("unavailable", method="finalizeUpload", after=40)
    body = f"x-goog-upload-offset: 0\r\ncontent-length: 100\r\n\r\n{'x' * 100}"
    head = f"POST {target_of(session.url)} HTTP/1.1\r\nhost: x\r\nx-goog-upload-command: upload, finalize\r\n"
    query = f"POST {target_of(session.url)} HTTP/1.0\r\nhost: x\r\nx-goog-upload-command: query\r\n\r\n"
    address = urlsplit(google.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(f"{head}{body}{query}".encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece

    assert received.startswith(b"HTTP/1.1 503 ")
    assert b"X-Goog-Upload-Size-Received: 40" in received


def test_a_fault_without_after_drops_the_chunk(google: Emulator, caller: Caller):
    session = start(caller, 8 * MIB)
    google.script("unavailable", method="uploadChunk")
    refused = session.step("upload", b"x" * 8 * MIB, 0)

    assert (refused.status_code, "x-goog-upload-status" in refused.headers) == (503, False)
    assert session.received() == 0


def test_an_answer_may_be_lost_after_the_file_is_made(google: Emulator, caller: Caller):
    session = start(caller, 5)
    google.script("hang_up", method="finalizeUpload", after=6)
    with pytest.raises(httpx.RemoteProtocolError):
        session.step("upload, finalize", b"12345", 0)

    assert session.step("query").headers["x-goog-upload-status"] == "final"
    assert len(caller.public("files").json()["files"]) == 1


@pytest.mark.parametrize("method", ["startUpload", "queryUpload", "getFile", "listFiles", "deleteFile", "downloadFile"])
def test_every_step_can_be_made_to_fail(google: Emulator, caller: Caller, method: str):
    google.script("unavailable", method=method)
    session_url = f"{google.url}/upload/v1beta/files"
    if method != "startUpload":
        session_url = start(caller, 5).url
    verbs = {
        "startUpload": lambda: started(caller, 5),
        "queryUpload": lambda: Session(caller.http, session_url).step("query"),
        "getFile": lambda: caller.public("files/a"),
        "listFiles": lambda: caller.public("files"),
        "deleteFile": lambda: caller.http.delete(
            f"{google.url}/v1beta/files/a", headers={"x-goog-api-key": caller.account.api_key}
        ),
        "downloadFile": lambda: caller.public("files/a:download?alt=media"),
    }

    assert verbs[method]().status_code == 503


def test_a_client_that_leaves_in_mid_body_is_seen(google: Emulator, caller: Caller):
    session, address = start(caller, 100), urlsplit(google.url)
    head = f"POST {target_of(session.url)} HTTP/1.1\r\nhost: x\r\nx-goog-upload-command: upload, finalize\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        connection.sendall(f"{head}content-length: 100\r\n\r\n{'x' * 30}".encode())
        google.wait_for_requests(1, call="finalizeUpload")
    left = google.wait_for_hang_up()

    assert (left.call, left.size, left.raw) == ("finalizeUpload", 30, b"")
    assert session.received() == 30


def test_a_client_that_is_refused_after_expect_continue_sends_no_body(google: Emulator):
    head = sent(
        google,
        b"POST /upload/v1beta/files?key=oops HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n",
    )

    assert head.startswith(b"HTTP/1.1 400 ")
