"""Files that hold accounts, in the forms people have them."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts_app.account_files import Entry, read
from accounts_app.accounts import Newcomer

ALICE = Newcomer(email="alice@example.com", refresh_token="1//alice")
MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
ID_TOKEN = "e30." + base64.urlsafe_b64encode(b'{"email":"Alice@example.com"}').decode().rstrip("=") + ".sig"


def newcomers(text: Any) -> list[Newcomer | None]:
    return [entry.newcomer for entry in read(text if isinstance(text, str) else json.dumps(text))]


@pytest.mark.parametrize(
    "found",
    [
        [{"email": "alice@example.com", "refresh_token": "1//alice"}],
        {"email": "Alice@Example.com", "refresh_token": "1//alice"},
        {"accounts": [{"email": "alice@example.com", "refreshToken": "1//alice"}]},
        {"email": "alice@example.com", "token": {"refresh_token": "1//alice", "expires_in": 3599}},
        {"email": "alice@example.com", "access_token": "ya29.stale", "refresh_token": "1//alice"},
        {"refresh_token": "1//alice", "id_token": ID_TOKEN},
        '\ufeff{"email": "alice@example.com", "refresh_token": "1//alice"}\n',
        '{"email": "alice@example.com", "refresh_token": "1//alice"},\n# the rest is elsewhere\n',
        "alice@example.com,1//alice",
        "alice@example.com; 1//alice\r\n",
        "alice@example.com\t1//alice",
    ],
    ids=str,
)
def test_one_account_in_many_shapes(found):
    assert newcomers(found) == [ALICE]


@pytest.mark.parametrize(
    "expiry",
    [
        {"expiry_date": MOMENT.timestamp() * 1000},
        {"expiry_timestamp": int(MOMENT.timestamp())},
        {"expiry": "2030-01-02T03:04:05Z"},
        {"expired": "2030-01-02T05:04:05+02:00"},
        {"expiry": "2030-01-02T03:04:05"},
    ],
    ids=lambda expiry: next(iter(expiry)),
)
def test_an_access_token_comes_along_with_its_expiry(expiry):
    (found,) = newcomers({"refresh_token": "1//alice", "access_token": "ya29.alice", "project_id": "p-1", **expiry})

    assert found is not None
    assert (found.access_token, found.expires_at, found.project) == ("ya29.alice", MOMENT, "p-1")


def test_an_expiry_that_is_none_leaves_the_access_token_out():
    (found,) = newcomers({"refresh_token": "1//alice", "access_token": "ya29.alice", "expiry": "soon"})

    assert found == Newcomer(refresh_token="1//alice")


def test_tokens_stand_one_a_line():
    assert newcomers("1//one\n\n  1//two  \nrefresh-token-of-another-kind\n") == [
        Newcomer(refresh_token="1//one"),
        Newcomer(refresh_token="1//two"),
        Newcomer(refresh_token="refresh-token-of-another-kind"),
    ]


def test_tokens_are_found_in_the_text_around_them():
    assert newcomers('My tokens: "1//one" and then "1//two".')[0] == Newcomer(refresh_token="1//one")


def test_api_keys_are_told_from_tokens():
    assert newcomers("AIzaSyOne\nspare@example.com AIzaSyTwo") == [
        Newcomer("gemini_api", "", api_key="AIzaSyOne"),
        Newcomer("gemini_api", "spare@example.com", api_key="AIzaSyTwo"),
    ]


def test_what_export_writes_is_read_back():
    exported = [{"kind": "gemini_api", "email": "spare key", "api_key": "AIzaSyOne"}]

    assert newcomers(exported) == [Newcomer("gemini_api", "spare key", api_key="AIzaSyOne")]


def test_what_is_no_account_is_told_with_its_place():
    entries = list(read('[{"email": "alice@example.com"}, 7, {"refresh_token": ""}]'))

    assert entries == [
        Entry("entry 1", trouble="no refresh token here"),
        Entry("entry 2", trouble="not an account"),
        Entry("entry 3", trouble="no refresh token here"),
    ]
    assert list(read("no tokens in here\n{broken")) == [
        Entry("line 1", trouble="no refresh token here"),
        Entry("line 2", trouble="not an account"),
    ]


@pytest.mark.parametrize("text", ["", "  \n", "[]", "# nothing yet"])
def test_an_empty_file_holds_nothing(text):
    assert newcomers(text) == []
