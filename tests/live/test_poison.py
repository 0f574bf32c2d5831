"""One client's bad request, and an outage of a raw upstream, cost the other clients nothing."""

from __future__ import annotations

import json
import socket
import struct
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from emulator import Emulator
from tests.live.running import PATIENCE, Gateway

pytestmark = pytest.mark.live

MODEL = "gemini-2.5-flash"
ANSWER = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "ready"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
}
INTERNAL = {"error": {"code": 500, "message": "Internal error encountered.", "status": "INTERNAL"}}
AWAY = {"error": {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}}


class Upstream(ThreadingHTTPServer):
    """Google as a bare HTTP server: does what the prompt says, or is unreachable."""

    daemon_threads = True
    is_away = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address) -> None:
        """Ignores connections that the gateway has closed."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Upstream

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen += 1
        if b"poison: reset" in body:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if b"poison: empty" in body:
            self.answer(200, b"")
        elif b"poison: 500" in body:
            self.answer(500, json.dumps(INTERNAL).encode())
        elif self.server.is_away:
            self.answer(503, json.dumps(AWAY).encode())
        else:
            self.answer(200, json.dumps(ANSWER).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        if not self.close_connection or not self.wfile.closed:
            with suppress(OSError):
                super().finish()

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""


@pytest.fixture(scope="module")
def google() -> Iterator[Upstream]:
    with Upstream() as upstream:
        thread = threading.Thread(target=upstream.serve_forever, daemon=True)
        thread.start()
        yield upstream
        upstream.shutdown()
        thread.join()


@pytest.fixture(scope="module", params=[1, 2], ids=["one account", "two accounts"])
def gateway(request: pytest.FixtureRequest, google: Upstream) -> Iterator[Gateway]:
    with Emulator() as emulator, Gateway(emulator, {"GEMINI_API_URL": google.url}) as serving:
        for number in range(request.param):
            key = f"AIzaSyAkeyofaccount{number}00000000000000000"
            serving.manage(
                "add_account", "--kind", "gemini_api", "--label", f"key {number}", "--api-key", "-", said=key
            )
        yield serving.start()


def call(gateway: Gateway, text: str) -> int:
    """The status of one plain call."""
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": text}]}]}).encode()
    headers = {"x-goog-api-key": gateway.key, "Content-Type": "application/json"}
    url = f"{gateway.url}/v1beta/models/{MODEL}:generateContent"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@contextmanager
def repeating(gateway: Gateway, text: str) -> Iterator[list[int]]:
    """A client that repeats one request without a pause; the statuses that it gets."""
    told: list[int] = []
    over = threading.Event()

    def repeat() -> None:
        while not over.is_set():
            told.append(call(gateway, text))

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(("poison", "status"), [("500", 500), ("reset", 503), ("empty", 502)])
def test_one_client_that_repeats_a_bad_request_costs_the_others_nothing(poison, status, gateway):
    with repeating(gateway, f"poison: {poison}") as told:
        while len(told) < 3:
            assert call(gateway, f"before {poison} {len(told)}") == 200
        innocent = [call(gateway, f"innocent {poison} {number}") for number in range(20)]

    assert innocent == [200] * 20
    assert set(told) == {status}


def test_after_an_outage_calls_are_answered_at_once(gateway, google):
    google.is_away = True
    try:
        before = google.seen
        with ThreadPoolExecutor(10) as clients:
            during = list(clients.map(lambda number: call(gateway, f"during {number}"), range(40)))
        asked = google.seen - before
    finally:
        google.is_away = False

    after = [call(gateway, f"after {number}") for number in range(20)]

    assert set(during) == {503}
    assert asked <= 1.1 * 40 + 20  # one budget of retries
    assert after == [200] * 20
