"""The gateway behaves alike under every server: `serve`, several nodes, runserver, plain daphne."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from emulator import Emulator
from tests.live.clients.walkthrough import CLIENTS, ENDLESS_MODEL, HEARD_BEFORE_THE_BREAK, PIECES, PLAIN, SLOW, Call
from tests.live.node import free_port
from tests.live.running import Gateway

pytestmark = pytest.mark.live

SERVERS = ("serve", "serve --processes 2", "runserver", "daphne")
QUESTION = {"contents": [{"parts": [{"text": "Count to 3."}]}]}


@pytest.fixture(scope="module")
def prepared(google: Emulator) -> Iterator[Gateway]:
    """A gateway with Bob's account, to be run by one server after the other."""
    with Gateway(google, {"GATEWAY_MAX_WAIT": "0"}) as gateway:
        gateway.connect(google.accounts["bob@example.com"])
        yield gateway


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest, prepared: Gateway) -> Iterator[Gateway]:
    try:
        yield start(prepared, request.param)
    finally:
        prepared.stop()


def start(gateway: Gateway, server: str) -> Gateway:
    port = free_port()
    match server.split():
        case ["runserver"]:
            return gateway.start_other("manage.py", "runserver", "--noreload", str(port), port=port)
        case ["daphne"]:
            return gateway.start_other("-m", "daphne", "-p", str(port), "gateway_project.asgi:application", port=port)
        case [_, *options]:
            return gateway.start(*options)
    raise ValueError(server)


@dataclass(slots=True)
class Stream:
    """The events of one stream, and whether it ended as it should."""

    events: list[dict] = field(default_factory=list)
    whole: bool = False


def post(gateway: Gateway, target: str) -> httpx.Response:
    return httpx.post(
        f"{gateway.url}/v1beta/models/{target}", json=QUESTION, headers=key_of(gateway), timeout=20, trust_env=False
    )


def stream(gateway: Gateway, model: str) -> Stream:
    url, heard = f"{gateway.url}/v1beta/models/{model}:streamGenerateContent?alt=sse", Stream()
    try:
        with httpx.stream("POST", url, json=QUESTION, headers=key_of(gateway), timeout=20, trust_env=False) as response:
            for line in filter(None, response.iter_lines()):
                heard.events.append(json.loads(line.removeprefix("data: ")))
            heard.whole = True
    except httpx.RemoteProtocolError:
        pass
    return heard


def key_of(gateway: Gateway) -> dict[str, str]:
    return {"x-goog-api-key": gateway.key}


def test_an_answer_arrives(served: Gateway):
    answer = post(served, f"{PLAIN}:generateContent")

    assert answer.json()["candidates"][0]["content"]["parts"] == [{"text": "1, 2, 3"}]
    assert len(answer.headers["x-request-id"]) == 32


def test_a_caller_without_a_key_is_refused(served: Gateway):
    answer = httpx.post(f"{served.url}/v1/models/{PLAIN}:generateContent", json=QUESTION, timeout=20, trust_env=False)

    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_a_stream_arrives_complete(served: Gateway):
    heard = stream(served, SLOW)

    assert heard.whole
    assert len(heard.events) == len(PIECES)


def test_a_broken_stream_does_not_end_cleanly(served: Gateway):
    heard = stream(served, Call("cut", stream=True).model(CLIENTS[0]))

    assert not heard.whole
    assert len(heard.events) == HEARD_BEFORE_THE_BREAK + 1
    assert heard.events[-1]["error"]["code"] == 503


def test_the_first_event_arrives_before_the_last_and_a_client_that_disconnects_ends_the_upstream_call(
    served: Gateway, google: Emulator
):
    left = sum(one.hung_up for one in google.requests)
    url = f"{served.url}/v1beta/models/{ENDLESS_MODEL}:streamGenerateContent?alt=sse"

    with httpx.stream("POST", url, json=QUESTION, headers=key_of(served), timeout=20, trust_env=False) as response:
        assert len(list(itertools.islice(response.iter_lines(), 1))) == 1

    assert google.wait_for_hang_up(left + 1).model == ENDLESS_MODEL


def test_the_console_asks_to_sign_in(served: Gateway):
    answer = httpx.get(f"{served.url}/admin/", follow_redirects=True, timeout=20, trust_env=False)

    assert answer.status_code == 200
    assert answer.url.path == "/admin/login/"
    assert "csrfmiddlewaretoken" in answer.text
