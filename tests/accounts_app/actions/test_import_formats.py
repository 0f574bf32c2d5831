"""The formats of files with accounts that can be imported."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts_app.actions.accounts import NewAccount
from accounts_app.actions.import_formats import ImportEntry, read, with_distinct_labels

ALICE = NewAccount(email="alice@example.com", refresh_token="1//alice")
NEITHER = "neither a refresh token (1//…) nor an API key (AIza…, AQ.…)"
MOMENT = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
ID_TOKEN = "e30." + base64.urlsafe_b64encode(b'{"email":"Alice@example.com"}').decode().rstrip("=") + ".sig"


def accounts_of(text: Any) -> list[NewAccount | None]:
    return [entry.new for entry in read(text if isinstance(text, str) else json.dumps(text))]


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
    assert accounts_of(found) == [ALICE]


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
    (found,) = accounts_of({"refresh_token": "1//alice", "access_token": "ya29.alice", "project_id": "p-1", **expiry})

    assert found is not None
    assert (found.access_token, found.expires_at, found.project) == ("ya29.alice", MOMENT, "p-1")


def test_an_expiry_that_is_none_leaves_the_access_token_out():
    (found,) = accounts_of({"refresh_token": "1//alice", "access_token": "ya29.alice", "expiry": "soon"})

    assert found == NewAccount(refresh_token="1//alice")


def test_tokens_stand_one_a_line():
    assert accounts_of("1//one\n\n  1//two  \n") == [
        NewAccount(refresh_token="1//one"),
        NewAccount(refresh_token="1//two"),
    ]


def test_tokens_are_found_in_the_text_around_them():
    assert accounts_of('My tokens: "1//one" and then "1//two".')[0] == NewAccount(refresh_token="1//one")


def test_api_keys_are_told_from_tokens():
    assert accounts_of("AIzaSyOne\nspare@example.com AIzaSyTwo") == [
        NewAccount("gemini_api", "", api_key="AIzaSyOne"),
        NewAccount("gemini_api", "spare@example.com", api_key="AIzaSyTwo"),
    ]


def test_what_export_writes_is_read_back():
    exported = [{"kind": "gemini_api", "email": "spare key", "api_key": "AIzaSyOne"}]

    assert accounts_of(exported) == [NewAccount("gemini_api", "spare key", api_key="AIzaSyOne")]


def test_what_is_no_account_is_told_with_its_place():
    entries = list(read('[{"email": "alice@example.com"}, 7, {"refresh_token": ""}]'))

    assert entries == [
        ImportEntry("entry 1", trouble="no refresh token here"),
        ImportEntry("entry 2", trouble="not an account"),
        ImportEntry("entry 3", trouble="no refresh token here"),
    ]
    assert list(read("no tokens in here\n{broken")) == [
        ImportEntry("line 1", trouble=NEITHER),
        ImportEntry("line 2", trouble="not an account"),
    ]


@pytest.mark.parametrize("text", ["", "  \n", "[]", "# nothing yet"])
def test_an_empty_file_holds_nothing(text):
    assert accounts_of(text) == []


ONE, TWO = "AIzaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", "AQ.Ab8RN6Kx-9_zQ1w2E3r4T5y6U7i8O9p0"


def secrets(text: Any) -> list[str]:
    """The API key or refresh token of each entry; empty for one that is refused."""
    return [new.api_key or new.refresh_token if new else "" for new in accounts_of(text)]


@pytest.mark.parametrize(
    "text",
    [
        "{0}\n{1}",
        "{0}, {1}",
        "{0} {1}",
        "{0};{1}",
        "GEMINI_API_KEY={0}\nGOOGLE_API_KEY={1}",
        "export GEMINI_API_KEY='{0}'\nexport GOOGLE_API_KEY=\"{1}\"",
        '$env:GEMINI_API_KEY = "{0}"\n$env:OTHER = "{1}"',
        "set GEMINI_API_KEY={0}\r\nset GOOGLE_API_KEY={1}\r\n",
        "GEMINI_API_KEY={0} # of mine\n# an old one: GEMINI_API_KEY=AIzaSyOld\nGOOGLE_API_KEY={1} # was AIzaSyOlder",
        'PORT=8000\nDEBUG=true\nMODEL=gemini-2.5-pro\nAPI_KEYS=["{0}","{1}"]\nBASE_URL=https://example.com/v1beta',
        "GEMINI_API_KEYS={0},{1}",
        'gemini-api-key:\n  - api-key: "{0}"\n    base-url: https://example.com\n  - api-key: {1}',
        "keys:\n- {0}\n- '{1}'\n",
        "---\nkeys: [{0}, {1}]",
        "name,api key\nwork,{0}\nhome,{1}",
        "api_key\n{0}\n{1}",
        "https://generativelanguage.googleapis.com/v1beta/models?key={0}\nand {1}.",
        "我的金鑰是「{0}」與「{1}」。",
        "gateway add_account --api-key {0}\n--api-key={1}",
        "| work | `{0}` |\n| home | `{1}` |",
        "work----secret----{0}\nhome----{1}----more",
        '[gateway]\nkey = "{0}"\n[other]\nkey = "{1}"',
        '["{0}", "{1}"]',
        '{{"keys": ["{0}", "{1}"]}}',
        '{{"GEMINI_API_KEY": "{0}", "GOOGLE_API_KEY": "{1}"}}',
        '{{"env": {{"GEMINI_API_KEY": "{0},{1}"}}}}',
        '{{"gemini-api-key": [{{"api-key": "{0}"}}, {{"api-key": "{1}"}}]}}',
        '{{"apiKey": "{0}"}},\n{{"key": "{1}"}},',
        '{{"api_keys": [\n"{0}",\n"{1}",\n]}}',
        '[{{"email": "work", "refresh_token": "{0}"}}, {{"label": "home", "token": "{1}"}}]',
    ],
)
def test_keys_are_found_wherever_they_stand(text):
    entries = [entry.new for entry in read(text.format(ONE, TWO))]

    assert [(new.kind, new.api_key, new.refresh_token) if new else None for new in entries] == [
        ("gemini_api", ONE, ""),
        ("gemini_api", TWO, ""),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "GOOGLE_REFRESH_TOKEN=1//0gTok-en_1",
        "refresh_token: '1//0gTok-en_1'",
        "curl -d grant_type=refresh_token&refresh_token=1%2F%2F0gTok-en_1&client_id=x",
        '"refresh_token": "1\\/\\/0gTok-en_1",',
        'access_token: ya29.a0Af_ByC-long-enough\nrefresh_token: 1//0gTok-en_1\nclient_secret: GOCSPX-abcdef',
        '{"api_key": "1//0gTok-en_1"}',
        "secret----1//0gTok-en_1",
    ],
)  # fmt: skip
def test_refresh_tokens_are_found_wherever_they_stand(text):
    assert accounts_of(text) == [NewAccount(refresh_token="1//0gTok-en_1")]


@pytest.mark.parametrize(
    "wrong",
    [
        "sk-proj-1234567890abcdef",
        "ya29.a0AfB_byC1234567890",
        "refresh-token-of-another-kind",
        "4/0AfJohXn1234567890abcdef",
        "AIza…",
        "AIzaSyAb****",
        "AIzaSyA+b/c=",
        "1//0g…",
        "AQ.",
        "aiza1234567890",
        "GEMINI_API_KEY=sk-1234567890abcdef",
        "GEMINI_API_KEY='your key here'",
        "refresh_token: ya29.a0AfB_byC1234567890",
        "MY_SECRET_THING=ab12cd34ef56gh78ij90kl12",
        "alice@example.com,password",
    ],
)
def test_what_is_neither_is_refused_with_its_line_and_never_guessed(wrong):
    entries = list(read(f"{ONE}\n\n{wrong}\n{TWO}"))

    assert entries[1] == ImportEntry("line 3", trouble=NEITHER)
    assert [entry.place for entry in entries] == ["line 1", "line 3", "line 4"]


@pytest.mark.parametrize("field", ["refresh_token", "refreshToken", "api_key", "apiKey", "key"])
def test_json_is_no_reason_to_guess_either(field):
    assert list(read(json.dumps([{"email": "a@example.com", field: "sk-123"}]))) == [
        ImportEntry("entry 1", trouble=NEITHER)
    ]
    assert list(read(json.dumps(["sk-123"]))) == [ImportEntry("entry 1", trouble=NEITHER)]


def test_an_address_goes_with_the_secret_beside_it():
    text = "1//a alice@example.com bob@example.com 1//b\nemail: Carol@example.com\nrefresh_token: 1//c\n1//d"

    assert [(new.email, new.refresh_token) for new in accounts_of(text) if new] == [
        ("alice@example.com", "1//a"),
        ("bob@example.com", "1//b"),
        ("carol@example.com", "1//c"),
        ("", "1//d"),
    ]


def test_an_address_that_follows_its_secret_is_not_given_to_the_next():
    text = "- refresh_token: 1//a\n  email: alice@example.com\n- refresh_token: 1//b\n  email: bob@example.com"

    assert accounts_of(text) == [NewAccount(refresh_token="1//a"), NewAccount(refresh_token="1//b")]


def test_different_keys_of_one_label_stay_two():
    text = json.dumps([{"label": "team", "api_key": key} for key in (ONE, TWO, ONE)])

    assert [(entry.new.email, entry.new.api_key) for entry in with_distinct_labels(read(text)) if entry.new] == [
        ("team", ONE),
        ("team 2", TWO),
        ("team", ONE),
    ]


def test_a_secret_is_never_a_label():
    assert [entry.new.email for entry in read(json.dumps([{"name": ONE, "id": 1}])) if entry.new] == [""]
