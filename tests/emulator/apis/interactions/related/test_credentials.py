"""Credentials: chosen ids, and secrets that go in and never come out."""

import pytest

from tests.emulator.apis.interactions.conftest import Talker

BEARER = {"id": "github", "type": "bearer_token", "token": "s3cret-token", "header_name": "X-Auth"}
OAUTH = {
    "id": "drive",
    "type": "oauth2",
    "client_id": "client-1",
    "client_secret": "s3cret-client",
    "refresh_token": "s3cret-refresh",
    "token_url": "https://example.com/token",
}
VARIABLE = {"id": "KEY_1", "type": "environment_variable", "value": "s3cret-value", "injection_location": "header"}


@pytest.mark.parametrize("asked", [BEARER, OAUTH, VARIABLE], ids=lambda asked: asked["type"])
def test_what_a_credential_holds_is_never_told(talker: Talker, asked: dict):
    made = talker.public("credentials", asked)
    got = talker.public(f"credentials/{asked['id']}").json()
    (listed,) = talker.public("credentials").json()["credentials"]

    assert made.status_code == 200
    assert made.json() == got == listed
    assert set(listed) == {"id", "type", "status", "create_time", "update_time"}
    assert (listed["id"], listed["type"], listed["status"]) == (asked["id"], asked["type"], "active")


def test_a_secret_can_be_replaced_but_not_its_kind(talker: Talker):
    talker.public("credentials", BEARER)

    changed = talker.send("PATCH", "credentials/github?update_mask=token", {"type": "bearer_token", "token": "new"})
    other = talker.send("PATCH", "credentials/github", {"type": "oauth2", "client_id": "x"})
    unknown = talker.send("PATCH", "credentials/github?update_mask=speed", {"type": "bearer_token", "token": "new"})

    assert changed.status_code == 200
    assert "new" not in changed.text
    assert (other.status_code, unknown.status_code) == (400, 400)
    assert other.json()["error"]["code"] == unknown.json()["error"]["code"] == "invalid_request"


def test_an_id_is_taken_once_in_a_project_and_free_in_another(talker: Talker, stranger: Talker):
    talker.public("credentials", BEARER)
    again = talker.public("credentials", BEARER)

    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_exists")
    assert stranger.public("credentials", BEARER).status_code == 200


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"token": None}, "invalid_request"),
        ({"id": None}, "invalid_request"),
        ({"id": "-no"}, "invalid_request"),
        ({"type": "password"}, "invalid_request"),
        ({"headerName": "X"}, "parameter_unknown"),
    ],
)
def test_a_credential_that_cannot_be_is_refused_without_its_secret(talker: Talker, change: dict, code: str):
    answered = talker.public("credentials", {**BEARER, **change})

    assert (answered.status_code, answered.json()["error"]["code"]) == (400, code)
    assert "s3cret" not in answered.text


@pytest.mark.parametrize("verb", ["GET", "DELETE", "PATCH"])
def test_foreign_and_unknown_credentials_give_the_same_bytes(talker: Talker, stranger: Talker, verb: str):
    talker.public("credentials", BEARER)
    body = {"type": "bearer_token", "token": "new"} if verb == "PATCH" else None

    unknown = talker.send(verb, "credentials/nothing", body)
    foreign = stranger.send(verb, "credentials/github", body)

    assert (foreign.status_code, foreign.json()["error"]["code"]) == (404, "not_found")
    assert foreign.content == unknown.content


def test_lists_come_in_pages_by_names_in_snake_case(talker: Talker):
    assert talker.public("credentials").json() == {}
    for number in range(3):
        talker.public("credentials", {**BEARER, "id": f"c{number}"})

    first = talker.public("credentials", params={"page_size": "2"}).json()
    second = talker.public("credentials", params={"page_size": "2", "page_token": first["next_page_token"]}).json()

    assert [one["id"] for one in [*first["credentials"], *second["credentials"]]] == ["c2", "c1", "c0"]
    assert "next_page_token" not in second


def test_an_environment_may_name_only_its_projects_own(talker: Talker, stranger: Talker):
    talker.public("credentials", BEARER)
    network = {"allowlist": [{"domain": "api.github.com", "credential": "github"}]}
    asked = {"agent": "antigravity-preview-05-2026", "environment": {"type": "remote", "network": network}}

    assert talker.create(**asked).status_code == 200
    assert stranger.create(**asked).json()["error"]["code"] == "not_found"
    assert talker.public("environments", {"network": network}).status_code == 200
    assert stranger.public("environments", {"network": network}).json()["error"]["code"] == "not_found"


def test_a_deleted_credential_is_gone(talker: Talker):
    talker.public("credentials", BEARER)

    assert talker.send("DELETE", "credentials/github").json() == {}
    assert talker.public("credentials/github").status_code == 404
