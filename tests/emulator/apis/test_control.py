"""The control endpoint of an emulator that runs alone, used with curl."""

import httpx
import pytest

from emulator import Emulator
from tests.emulator.conftest import Caller, error_of


def test_it_tells_what_there_is(google: Emulator, http: httpx.Client):
    assert "/emulator/scripts" in http.get(f"{google.url}/emulator").text
    assert "quota_exhausted" in http.get(f"{google.url}/emulator/faults").json()["faults"]


def test_accounts_are_added_and_shown_without_their_tokens(google: Emulator, http: httpx.Client):
    added = http.post(f"{google.url}/emulator/accounts", json={"email": "bob@example.com", "quota": 5}).json()

    (shown,) = http.get(f"{google.url}/emulator/accounts").json()["accounts"]
    assert shown["email"] == "bob@example.com"
    assert google.accounts["bob@example.com"].refresh_token == added["refresh_token"]
    assert not {"refresh_token", "access_token", "api_key"} & set(shown)


@pytest.mark.parametrize(
    ("script", "status", "content"),
    [
        ({"fault": "overloaded", "account": "alice@example.com", "model": "gemini-2.5-pro"}, 503, b"overloaded"),
        (
            {"reply": {"status": 418, "chunks": ["a", "b"], "headers": {"x-a": "b"}}, "method": "generateContent"},
            418,
            b"ab",
        ),
        ({"style": {"texts": ["scripted"], "usage": "none"}}, 200, b'"scripted"'),
    ],
)
def test_faults_replies_and_styles_are_scripted(
    google: Emulator, caller: Caller, script: dict, status: int, content: bytes
):
    assert caller.http.post(f"{google.url}/emulator/scripts", json=script).status_code == 200

    answered = caller.internal("generateContent", caller.envelope())

    assert answered.status_code == status
    assert content in answered.content


def test_scripts_are_forgotten(google: Emulator, caller: Caller):
    caller.http.post(f"{google.url}/emulator/scripts", json={"fault": "overloaded", "times": None})
    caller.http.delete(f"{google.url}/emulator/scripts")

    assert caller.generate()


def test_requests_are_shown(google: Emulator, caller: Caller):
    caller.generate("Hello")
    caller.internal("loadCodeAssist", {})

    shown = caller.http.get(f"{google.url}/emulator/requests", params={"call": "generateContent"}).json()["requests"]

    assert [(one["account"], one["model"], one["status"]) for one in shown] == [
        ("alice@example.com", "gemini-2.5-pro", 200)
    ]
    assert len(google.requests) == 2


@pytest.mark.parametrize("act", ["accounts/alice@example.com/expire", "accounts/alice@example.com/revoke", "advance"])
def test_tokens_are_made_to_fail(google: Emulator, caller: Caller, act: str):
    caller.http.post(f"{google.url}/emulator/{act}", json={"seconds": 4000})

    assert caller.internal("generateContent", caller.envelope()).status_code == 401


def test_a_reset_starts_anew(google: Emulator, caller: Caller):
    caller.http.post(f"{google.url}/emulator/reset")

    assert not google.accounts


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("scripts", {"fault": "oops"}, 400),
        ("scripts", {"style": {"colour": "blue"}}, 400),
        ("scripts", {"reply": {"ending": "happy"}}, 400),
        ("accounts", {}, 400),
        ("accounts", {"email": "x@example.com", "shoe_size": 43}, 400),
        ("nothing", {}, 404),
    ],
)
def test_what_cannot_be_done_is_told(google: Emulator, http: httpx.Client, path: str, body: dict, status: int):
    answered = http.post(f"{google.url}/emulator/{path}", json=body)

    assert answered.status_code == status
    assert error_of(answered)["message"]


def test_it_can_be_left_out(http: httpx.Client):
    with Emulator(controllable=False) as google:
        assert http.get(f"{google.url}/emulator/requests").status_code == 404


def test_curls_own_content_type_is_no_obstacle(google: Emulator, caller: Caller):
    form = {"content-type": "application/x-www-form-urlencoded"}

    scripted = caller.http.post(f"{google.url}/emulator/scripts", content=b'{"fault": "overloaded"}', headers=form)

    assert scripted.status_code == 200
