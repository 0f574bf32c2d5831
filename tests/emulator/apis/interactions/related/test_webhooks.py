"""Webhooks: secrets that are shown once, messages that are signed with them."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from emulator import Emulator
from tests.emulator.apis.interactions.conftest import Talker
from tests.emulator.conftest import Caller

HOOK = {"uri": "https://example.com/hook", "subscribed_events": ["interaction.completed", "batch.succeeded"]}
A_DAY_LATER = {"revocation_behavior": "revoke_previous_secrets_after_h24"}
AT_ONCE = {"revocation_behavior": "revoke_previous_secrets_immediately"}


def made(talker: Talker, **more: Any) -> dict[str, Any]:
    answered = talker.public("webhooks", {**HOOK, **more})
    assert answered.status_code == 200, answered.text
    return answered.json()


def rotated(talker: Talker, id: str, asked: dict) -> str:
    return talker.send("POST", f"webhooks/{id}:rotateSigningSecret", asked).json()["secret"]


def signed(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()


def test_the_signing_secret_is_shown_once(talker: Talker):
    hook = made(talker, name="mine")
    secret = hook.pop("new_signing_secret")

    assert secret.startswith("whsec_")
    assert (hook["state"], hook["name"], hook["uri"]) == ("enabled", "mine", HOOK["uri"])
    assert hook["signing_secrets"] == [{"truncated_secret": f"whsec_...{secret[-4:]}"}]
    assert talker.public(f"webhooks/{hook['id']}").json() == hook
    assert talker.public("webhooks").json() == {"webhooks": [hook]}


def test_a_message_is_signed_by_every_secret_that_is_good(google: Emulator, talker: Talker):
    hook = made(talker)
    old, new = hook["new_signing_secret"], rotated(talker, hook["id"], A_DAY_LATER)

    assert talker.send("POST", f"webhooks/{hook['id']}:ping").json() == {}
    google.advance(86_400)
    talker.send("POST", f"webhooks/{hook['id']}:ping", {})

    first, second = google.deliveries
    assert (first.webhook, first.uri, first.payload["type"]) == (hook["id"], HOOK["uri"], "ping")
    expected = [signed(secret, first.headers, first.body) for secret in (old, new)]
    assert first.headers["webhook-signature"].split() == expected
    assert second.headers["webhook-signature"] == signed(new, second.headers, second.body)


def test_a_rotation_may_end_the_old_secret_at_once(talker: Talker):
    id = made(talker)["id"]

    new = rotated(talker, id, AT_ONCE)

    kept = talker.public(f"webhooks/{id}").json()["signing_secrets"]
    assert kept == [{"truncated_secret": f"whsec_...{new[-4:]}"}]


def test_all_that_happens_in_a_project_is_told_whoever_made_it(google: Emulator, talker: Talker):
    made(talker)
    made(talker, subscribed_events=["video.generated"])
    colleague = Caller(google, google.add_account("bob@example.com", project=talker.account.project), talker.http)
    asked = {"batch": {"inputConfig": {"requests": {"requests": [{"request": {"contents": []}}]}}}}
    batch = colleague.public("models/gemini-2.5-flash:batchGenerateContent", asked).json()["name"]
    id = talker.made(background=True)["id"]

    google.advance(2)
    talker.get(id)

    told = [(one.payload["type"], one.payload["data"]["id"]) for one in google.deliveries]
    assert told == [("interaction.completed", id), ("batch.succeeded", batch)]


def test_a_disabled_webhook_hears_nothing(google: Emulator, talker: Talker):
    id = made(talker)["id"]

    changed = talker.send("PATCH", f"webhooks/{id}?update_mask=state", {"state": "disabled", "name": "x"}).json()
    talker.made()
    talker.public("webhooks")

    assert (changed["state"], "name" in changed) == ("disabled", False)
    assert google.deliveries == []


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]], threading.Event]]:
    """A server that takes messages: its address, what came, and whether something did."""
    came: list[tuple[dict[str, str], bytes]] = []
    arrived = threading.Event()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", came, arrived
        server.shutdown()
        thread.join()


def test_messages_to_this_machine_are_sent(talker: Talker, receiver: Any):
    uri, came, arrived = receiver
    hook = made(talker, uri=uri)

    talker.send("POST", f"webhooks/{hook['id']}:ping")

    assert arrived.wait(5)
    ((headers, body),) = came
    assert headers["webhook-signature"] == signed(hook["new_signing_secret"], headers, body)


@pytest.mark.parametrize(
    "more",
    [
        {"uri": "http://example.com/hook"},
        {"uri": "ftp://example.com"},
        {"uri": ""},
        {"subscribed_events": []},
        {"subscribed_events": ["file.deleted"]},
        {"subscribedEvents": ["batch.failed"]},
    ],
)
def test_a_webhook_that_cannot_be_is_refused(talker: Talker, more: dict):
    answered = talker.public("webhooks", {**HOOK, **more})

    assert answered.status_code == 400
    assert isinstance(answered.json()["error"]["code"], str)


@pytest.mark.parametrize(
    ("verb", "after"), [("GET", ""), ("DELETE", ""), ("POST", ":ping"), ("POST", ":rotateSigningSecret")]
)
def test_foreign_and_unknown_webhooks_give_the_same_bytes(talker: Talker, stranger: Talker, verb: str, after: str):
    id = made(talker)["id"]

    unknown = talker.send(verb, f"webhooks/nothing{after}")
    foreign = stranger.send(verb, f"webhooks/{id}{after}")

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
