"""Importing many accounts at once."""

import json

import pytest

from accounts_app.actions import import_formats, importing
from accounts_app.actions.accounts import NewAccount, Unusable
from accounts_app.actions.importing import Result
from accounts_app.models import Account, Credential
from emulator import Emulator, dead_address


def unidentified(new: NewAccount) -> NewAccount:
    return new


def import_text(text: str, identify: importing.Identify = unidentified) -> list[tuple[Result, str]]:
    return [(imported.result, imported.name) for imported in importing.import_all(import_formats.read(text), identify)]


@pytest.mark.django_db
def test_one_bad_line_does_not_stop_the_others():
    text = "alice@example.com,1//alice\nnothing to see here\nbob@example.com,1//bob\n"

    assert import_text(text) == [
        (Result.ADDED, "alice@example.com"),
        (Result.REFUSED, ""),
        (Result.ADDED, "bob@example.com"),
    ]


@pytest.mark.django_db
def test_the_same_file_twice_adds_no_account_twice():
    text = "alice@example.com,1//alice\n1//nameless\n"
    first = import_text(text)

    assert [result for result, _ in import_text(text)] == [Result.KNOWN, Result.KNOWN]
    assert [name for _, name in first] == [account.email for account in Account.objects.order_by("pk")]


@pytest.mark.django_db
def test_a_token_twice_in_one_file_is_one_account():
    assert [result for result, _ in import_text("1//nameless\n1//nameless")] == [Result.ADDED, Result.KNOWN]


@pytest.mark.django_db
def test_a_known_account_gets_its_new_token():
    import_text("alice@example.com,1//old")

    assert import_text("alice@example.com,1//new") == [(Result.UPDATED, "alice@example.com")]
    assert Credential.objects.get().refresh_token == "1//new"


@pytest.mark.django_db
def test_an_unnamed_api_key_gets_a_name():
    ((result, name),) = import_text("AIzaSyExample")

    assert result is Result.ADDED
    assert name.startswith("key ")
    assert "AIza" not in name


def test_what_is_neither_token_nor_key_is_sent_nowhere(upstream: Emulator):
    text = "AQ.Ab8RN6Kx9zQ1w2E3\nGEMINI_API_KEY=AIzaSyExample1234\nsk-proj-1234567890\nya29.a0AfB_byC123456"

    with importing.asking_google() as identify:
        results = [result for result, _ in import_text(text, identify)]

    assert results == [Result.ADDED, Result.ADDED, Result.REFUSED, Result.REFUSED]
    assert set(Account.objects.values_list("kind", flat=True)) == {"gemini_api"}
    assert upstream.requests == []


@pytest.mark.django_db
def test_a_refused_token_is_told_with_its_reason():
    def refuse(new: NewAccount) -> NewAccount:
        raise Unusable("Google no longer accepts it.")

    (imported,) = importing.import_all(import_formats.read("1//revoked"), refuse)

    assert (imported.place, imported.result, imported.why) == ("line 1", Result.REFUSED, "Google no longer accepts it.")


def test_google_is_asked_for_the_account_of_a_nameless_token(upstream: Emulator):
    token = upstream.add_account("alice@example.com").refresh_token

    with importing.asking_google() as identify:
        assert import_text(token, identify) == [(Result.ADDED, "alice@example.com")]

    assert Credential.objects.get().access_token


def test_a_token_google_refuses_is_not_taken(upstream: Emulator):
    token = upstream.add_account("alice@example.com").refresh_token
    upstream.revoke("alice@example.com")

    with importing.asking_google() as identify:
        assert import_text(token, identify) == [(Result.REFUSED, "")]


def test_one_accounts_dead_proxy_does_not_keep_the_others_from_their_names(upstream: Emulator):
    token = upstream.add_account("bob@example.com").refresh_token
    alice = json.dumps({"refresh_token": "1//alice", "proxy_url": dead_address()})

    with importing.asking_google() as identify:
        (_, nobody), found = import_text(f"{alice}\n{token}", identify)

    assert nobody.endswith("@import.invalid")
    assert found == (Result.ADDED, "bob@example.com")


def test_while_google_cannot_be_asked_tokens_are_taken_under_a_made_up_name(upstream: Emulator, settings):
    settings.GOOGLE_OAUTH_TOKEN_URL = f"{dead_address()}/token"

    with importing.asking_google() as identify:
        found = import_text("1//one\n1//two", identify)

    assert [result for result, _ in found] == [Result.ADDED, Result.ADDED]
    assert all(name.endswith("@import.invalid") for _, name in found)
