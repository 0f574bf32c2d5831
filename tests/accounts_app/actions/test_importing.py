"""Accounts that arrive many at once."""

import json

import pytest

from accounts_app.actions import import_formats, importing
from accounts_app.actions.accounts import Newcomer, Unusable
from accounts_app.actions.importing import Fate
from accounts_app.models import Account, Credential
from emulator import Emulator, dead_address


def nobody_can_tell(newcomer: Newcomer) -> Newcomer:
    return newcomer


def take_in(text: str, identify: importing.Identify = nobody_can_tell) -> list[tuple[Fate, str]]:
    return [(arrival.fate, arrival.name) for arrival in importing.take_in(import_formats.read(text), identify)]


@pytest.mark.django_db
def test_one_bad_line_stops_nobody():
    text = "alice@example.com,1//alice\nnothing to see here\nbob@example.com,1//bob\n"

    assert take_in(text) == [
        (Fate.ADDED, "alice@example.com"),
        (Fate.REFUSED, ""),
        (Fate.ADDED, "bob@example.com"),
    ]


@pytest.mark.django_db
def test_the_same_file_twice_adds_nobody_twice():
    text = "alice@example.com,1//alice\n1//nameless\n"
    first = take_in(text)

    assert [fate for fate, _ in take_in(text)] == [Fate.KNOWN, Fate.KNOWN]
    assert [name for _, name in first] == [account.email for account in Account.objects.order_by("pk")]


@pytest.mark.django_db
def test_a_token_twice_in_one_file_is_one_account():
    assert [fate for fate, _ in take_in("1//nameless\n1//nameless")] == [Fate.ADDED, Fate.KNOWN]


@pytest.mark.django_db
def test_a_known_account_gets_its_new_token():
    take_in("alice@example.com,1//old")

    assert take_in("alice@example.com,1//new") == [(Fate.UPDATED, "alice@example.com")]
    assert Credential.objects.get().refresh_token == "1//new"


@pytest.mark.django_db
def test_an_unnamed_api_key_gets_a_name():
    ((fate, name),) = take_in("AIzaSyExample")

    assert fate is Fate.ADDED
    assert name.startswith("key ")
    assert "AIza" not in name


def test_what_is_neither_token_nor_key_is_asked_of_nobody(upstream: Emulator):
    text = "AQ.Ab8RN6Kx9zQ1w2E3\nGEMINI_API_KEY=AIzaSyExample1234\nsk-proj-1234567890\nya29.a0AfB_byC123456"

    with importing.asking_google() as identify:
        fates = [fate for fate, _ in take_in(text, identify)]

    assert fates == [Fate.ADDED, Fate.ADDED, Fate.REFUSED, Fate.REFUSED]
    assert set(Account.objects.values_list("kind", flat=True)) == {"gemini_api"}
    assert upstream.requests == []


@pytest.mark.django_db
def test_a_refused_token_is_told_with_its_reason():
    def refuse(newcomer: Newcomer) -> Newcomer:
        raise Unusable("Google no longer accepts it.")

    (arrival,) = importing.take_in(import_formats.read("1//revoked"), refuse)

    assert (arrival.place, arrival.fate, arrival.why) == ("line 1", Fate.REFUSED, "Google no longer accepts it.")


def test_google_is_asked_whose_a_nameless_token_is(upstream: Emulator):
    token = upstream.add_account("alice@example.com").refresh_token

    with importing.asking_google() as identify:
        assert take_in(token, identify) == [(Fate.ADDED, "alice@example.com")]

    assert Credential.objects.get().access_token


def test_a_token_google_refuses_is_not_taken(upstream: Emulator):
    token = upstream.add_account("alice@example.com").refresh_token
    upstream.revoke("alice@example.com")

    with importing.asking_google() as identify:
        assert take_in(token, identify) == [(Fate.REFUSED, "")]


def test_one_accounts_dead_proxy_does_not_keep_the_others_from_their_names(upstream: Emulator):
    token = upstream.add_account("bob@example.com").refresh_token
    alice = json.dumps({"refresh_token": "1//alice", "proxy_url": dead_address()})

    with importing.asking_google() as identify:
        (_, nobody), found = take_in(f"{alice}\n{token}", identify)

    assert nobody.endswith("@import.invalid")
    assert found == (Fate.ADDED, "bob@example.com")


def test_while_google_cannot_be_asked_tokens_are_taken_under_a_made_up_name(upstream: Emulator, settings):
    settings.GOOGLE_OAUTH_TOKEN_URL = f"{dead_address()}/token"

    with importing.asking_google() as identify:
        found = take_in("1//one\n1//two", identify)

    assert [fate for fate, _ in found] == [Fate.ADDED, Fate.ADDED]
    assert all(name.endswith("@import.invalid") for _, name in found)
