"""Downloads: the bytes and the headers about them, ranges, and redirects that nobody sees."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from emulator import Emulator, Reply
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"


@pytest.fixture
async def results(client, projects, key_of, upstream) -> tuple[str, str, bytes]:
    """A file of a batch's results: its path, the key of who has it, and its bytes."""
    key = await key_of("red")
    await key_of("blue")
    lines = [json.dumps({"key": str(number), "request": a_prompt("What is 6*7?")}) for number in range(3)]
    raw = {"x_goog_upload_protocol": "raw", "content_type": "application/jsonl"}
    file = await client.post("/upload/v1beta/files", "\n".join(lines).encode(), x_goog_api_key=key, **raw)
    body = {"batch": {"displayName": "b", "inputConfig": {"fileName": file.json()["file"]["name"]}}}
    made = await client.post(f"/v1beta/models/{MODEL}:batchGenerateContent", body, x_goog_api_key=key)
    upstream.advance(60)
    batch = (await client.get(f"/v1beta/{made.json()['name']}", x_goog_api_key=key)).json()
    path = f"/v1beta/{batch['response']['responsesFile']}:download?alt=media"
    whole = await client.get(path, x_goog_api_key=key)
    assert whole.status == 200, whole.body
    assert whole.body.count(b"\n") == 3
    return path, key, whole.body


async def test_a_download_has_the_headers_that_are_about_its_bytes(client, results):
    path, key, whole = results

    for url in (path, f"/download{path}", f"/v1{path[7:]}"):
        reply = await client.get(url, x_goog_api_key=key, accept_encoding="gzip")
        assert (reply.status, reply.body) == (200, whole)
        assert reply.headers["content-length"] == str(len(whole))
        assert reply.headers["content-disposition"] == "attachment"
        assert reply.headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in reply.headers


async def test_a_part_is_downloaded_by_its_range(client, results):
    path, key, whole = results
    etag = (await client.get(path, x_goog_api_key=key)).headers["etag"]

    part = await client.get(path, x_goog_api_key=key, range="bytes=2-5")
    same = await client.get(path, x_goog_api_key=key, range="bytes=-4", if_range=etag)
    other = await client.get(path, x_goog_api_key=key, range="bytes=2-5", if_range='"other"')
    beyond = await client.get(path, x_goog_api_key=key, range=f"bytes={len(whole)}-")

    assert (part.status, part.body) == (206, whole[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(whole)}"
    assert (same.status, same.body) == (206, whole[-4:])
    assert (other.status, other.body) == (200, whole)
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")


async def test_a_head_tells_what_a_download_would_be(client, results):
    path, key, whole = results

    reply = await client.request("HEAD", path, x_goog_api_key=key)

    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-length"] == str(len(whole))


async def test_another_group_gets_what_is_told_of_a_file_that_is_not_there(client, results, key_of):
    path, _, _ = results

    assert (await client.get(path, x_goog_api_key=await key_of("green"))).status in (403, 404)


class Elsewhere(ThreadingHTTPServer):
    """The host that media lie on: a file, a redirect without end, and what is not there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Media)
        self.asked: list[dict[str, str]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


class Media(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Elsewhere)
        self.server.asked.append({name.lower(): value for name, value in self.headers.items()})
        body = b"media"
        self.send_response({"/file": 206, "/round": 302}.get(self.path, 403))
        self.send_header("Location", "/round")
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def redirect(upstream: Emulator, url: str) -> None:
    upstream.script(Reply(302, [("Location", url)]), method="downloadFile")


async def test_a_redirect_is_followed_without_the_key_and_never_handed_out(client, results, upstream, elsewhere):
    path, key, _ = results
    redirect(upstream, elsewhere.url("/file"))

    reply = await client.get(path, x_goog_api_key=key, range="bytes=0-4")

    assert (reply.status, reply.body, reply.headers["content-type"]) == (206, b"media", "video/mp4")
    assert "location" not in reply.headers
    (asked,) = elsewhere.asked
    assert asked["range"] == "bytes=0-4"
    assert "x-goog-api-key" not in asked


@pytest.mark.parametrize("where", ["/round", "/forbidden"])
async def test_a_redirect_that_leads_nowhere_is_no_answer_and_costs_no_account(
    where, client, results, upstream, elsewhere
):
    path, key, whole = results
    redirect(upstream, elsewhere.url(where))

    reply = await client.get(path, x_goog_api_key=key)

    assert reply.status == 502
    assert "location" not in reply.headers
    assert (await client.get(path, x_goog_api_key=key)).body == whole
    assert len(elsewhere.asked) <= 5
