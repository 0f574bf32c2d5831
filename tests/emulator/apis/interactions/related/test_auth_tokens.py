"""Tokens for one interaction."""

import re

import pytest

from tests.emulator.apis.interactions.conftest import Talker


def test_a_token_is_made_for_half_an_hour_and_taken_back_once(talker: Talker):
    id = talker.made()["id"]

    made = talker.public(f"interactions/{id}/auth_tokens", {}).json()
    name = f"interactions/{id}/{made['auth_token']}"

    assert re.fullmatch(r"auth_tokens/[0-9a-f]{64}", made["auth_token"])
    assert made["expires_at"] == "2027-01-15T12:30:00Z"
    assert talker.send("DELETE", name).json() == {}
    assert talker.send("DELETE", name).status_code == 404


def test_a_token_may_be_asked_for_until_a_time(talker: Talker):
    path = f"interactions/{talker.made()['id']}/auth_tokens"

    asked = talker.public(path, {"expire_time": "2027-01-15T14:00:00+01:00"})

    assert asked.json()["expires_at"] == "2027-01-15T13:00:00Z"


@pytest.mark.parametrize("time", ["2027-01-15T11:59:59Z", "tomorrow", "2027-01-15T14:00:00"])
def test_a_time_that_cannot_be_is_refused(talker: Talker, time: str):
    refused = talker.public(f"interactions/{talker.made()['id']}/auth_tokens", {"expire_time": time})

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_request")


def test_tokens_are_for_ones_own_interactions(talker: Talker, stranger: Talker):
    one, other = talker.made()["id"], talker.made()["id"]
    token = talker.public(f"interactions/{one}/auth_tokens", {}).json()["auth_token"]
    assert talker.send("DELETE", f"interactions/{other}/{token}").status_code == 404

    unknown = talker.public("interactions/v1_nothing/auth_tokens", {})
    foreign = stranger.public(f"interactions/{one}/auth_tokens", {})

    assert (foreign.status_code, foreign.content) == (404, unknown.content)
