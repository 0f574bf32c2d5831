"""The API by curl: its requests, and the exact bytes of the answers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests.live.clients.walkthrough import CLIENTS, ENDLESS_MODEL, PIECES, PLAIN, SLOW, Call
from tests.live.running import Gateway

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not on this machine"),
]

VERSIONS = ("v1", "v1beta", "v1alpha")
BODY = '{"contents": [{"parts": [{"text": "Count to 3."}]}]}'
CUT_SHORT = 18  # curl's exit status for a body that ends too early


@dataclass(frozen=True, slots=True)
class Got:
    """What curl printed, and its exit status."""

    body: bytes
    exit_status: int
    said: str = field(repr=False)

    def json(self) -> Any:
        return json.loads(self.body)


def curl(*arguments: str, said: bytes = BODY.encode()) -> Got:
    """Runs curl; the request's body is on its standard input."""
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "--noproxy", "*", *arguments]
    done = subprocess.run(command, input=said, capture_output=True)
    return Got(done.stdout, done.returncode, done.stderr.decode())


def post(url: str, *arguments: str, said: bytes = BODY.encode()) -> Got:
    return curl("--header", "Content-Type: application/json", "--data-binary", "@-", *arguments, url, said=said)


def text_of(response: dict[str, Any]) -> str:
    return "".join(part["text"] for part in response["candidates"][0]["content"]["parts"])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_of_the_api_answers_alike(gateway: Gateway, version: str):
    got = post(f"{gateway.url}/{version}/models/{PLAIN}:generateContent", "-H", f"x-goog-api-key: {gateway.key}")

    assert text_of(got.json()) == "1, 2, 3"


@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "x-api-key: {}", "x-goog-api-key: {}"])
def test_a_key_is_taken_from_its_header(gateway: Gateway, header: str):
    got = post(f"{gateway.url}/v1beta/models/{PLAIN}:generateContent", "-H", header.format(gateway.key))

    assert text_of(got.json()) == "1, 2, 3"


def test_a_key_in_the_url_is_taken_and_not_logged(gateway: Gateway):
    got = post(f"{gateway.url}/v1beta/models/{PLAIN}:generateContent?key={gateway.key}")

    assert text_of(got.json()) == "1, 2, 3"
    assert gateway.key not in gateway.log()


def test_without_a_key_the_call_is_refused_in_googles_shape(gateway: Gateway):
    got = post(f"{gateway.url}/v1beta/models/{PLAIN}:generateContent", "--write-out", "%{stderr}%{http_code}")

    error = got.json()["error"]
    assert got.said == "401"
    assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_stream_is_events_as_they_arrive(gateway: Gateway, version: str):
    got = post(f"{gateway.url}/{version}/models/{SLOW}:streamGenerateContent?alt=sse&key={gateway.key}")

    events = got.body.split(b"\r\n\r\n")
    assert events.pop() == b""
    assert all(event.startswith(b"data: {") and b"\n" not in event for event in events)
    assert [text_of(json.loads(event[6:])) for event in events] == list(PIECES)


def test_a_json_array_is_streamed_too_and_ends_with_its_bracket(gateway: Gateway):
    got = post(f"{gateway.url}/v1beta/models/{SLOW}:streamGenerateContent?alt=json&key={gateway.key}")

    assert got.body.startswith(b"[{") and got.body.endswith(b"}\n]")
    assert [text_of(element) for element in got.json()] == list(PIECES)


@pytest.mark.parametrize("form", ["sse", "json"])
def test_a_stream_that_breaks_off_does_not_end_cleanly(gateway: Gateway, google: Emulator, form: str):
    cut = Call("cut", stream=True).model(CLIENTS[0])

    got = post(f"{gateway.url}/v1beta/models/{cut}:streamGenerateContent?alt={form}&key={gateway.key}")

    assert got.exit_status == CUT_SHORT
    assert PIECES[1].encode() in got.body and b'"error"' in got.body


def test_an_upstreams_done_mark_is_passed_on_to_clients_that_can_read_it(gateway: Gateway):
    model = Call("done mark", stream=True).model(CLIENTS[0])

    got = post(f"{gateway.url}/v1beta/models/{model}:streamGenerateContent?alt=sse&key={gateway.key}")

    assert got.body.endswith(b"}\r\n\r\ndata: [DONE]\r\n\r\n")


def test_an_exhausted_quota_says_when_to_retry(gateway: Gateway, google: Emulator):
    spent = Call("spent", stream=False).model(CLIENTS[0])

    got = post(f"{gateway.url}/v1beta/models/{spent}:generateContent?key={gateway.key}", "--include")

    head, _, body = got.body.partition(b"\r\n\r\n")
    (retry_after,) = re.findall(rb"(?mi)^retry-after: (\d+)", head)
    delays = [one["retryDelay"] for one in json.loads(body)["error"]["details"] if "RetryInfo" in one["@type"]]
    assert head.startswith(b"HTTP/1.1 429 ")
    assert 0 < int(retry_after) <= 24 * 3600
    assert [abs(float(delay.removesuffix("s")) - int(retry_after)) <= 1 for delay in delays] == [True]


@pytest.mark.parametrize(("form", "begins"), [("sse", b"data: {"), ("json", b"[{")])
def test_the_first_event_arrives_before_the_last_and_a_client_that_disconnects_ends_the_upstream_call(
    gateway: Gateway, google: Emulator, form: str, begins: bytes
):
    left = sum(one.hung_up for one in google.requests)
    url = f"{gateway.url}/v1beta/models/{ENDLESS_MODEL}:streamGenerateContent?alt={form}&key={gateway.key}"

    with subprocess.Popen(["curl", "-sN", "--noproxy", "*", "-d", BODY, url], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.read(len(begins)) == begins
        process.kill()

    assert google.wait_for_hang_up(left + 1).model == ENDLESS_MODEL


def test_a_large_body_is_sent_after_a_100_continue(gateway: Gateway, google: Emulator, tmp_path: Path):
    """curl asks first when a body is larger than 1 MB; without the interim answer it would wait a second."""
    body = json.dumps({"contents": [{"parts": [{"text": "Count to 3. " + "la " * 1_000_000}]}]}).encode()

    got = post(
        f"{gateway.url}/v1beta/models/{PLAIN}:generateContent",
        *("-H", f"x-goog-api-key: {gateway.key}", "-H", "Expect: 100-continue", "--verbose"),
        said=body,
    )

    assert "< HTTP/1.1 100" in got.said
    assert text_of(got.json()) == "1, 2, 3"
    assert len(google.calls[-1].raw) > len(body)


def test_an_encoded_colon_is_a_colon(gateway: Gateway):
    got = post(f"{gateway.url}/v1beta/models/{PLAIN}%3AgenerateContent?key={gateway.key}")

    assert text_of(got.json()) == "1, 2, 3"


def test_any_content_type_will_do(gateway: Gateway):
    got = curl("--data-binary", "@-", f"{gateway.url}/v1beta/models/{PLAIN}:generateContent?key={gateway.key}")

    assert text_of(got.json()) == "1, 2, 3"


def test_health_needs_no_key(gateway: Gateway):
    assert curl(f"{gateway.url}/healthz").json() == {"status": "ok"}
