"""API keys: issuing, verifying, revoking."""

from datetime import UTC, datetime

import pytest

from accounts_app import roster
from accounts_app.api_keys import keys
from accounts_app.api_keys.keys import NoSuchKey, RosterUnavailable, UnusableKey
from accounts_app.models import ApiKey

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def fresh_roster():
    roster.reset()
    yield
    roster.reset()


def test_a_key_is_random_and_says_whose_it_is():
    first, second = keys.new_key(), keys.new_key()

    assert first != second
    assert first.startswith("gw-")
    assert len(first) == 46


@pytest.mark.django_db
def test_an_issued_key_verifies():
    key = keys.issue("laptop")
    roster.load_now()

    view = keys.verify(key, NOW)

    assert view is not None
    assert view.name == "laptop"


@pytest.mark.django_db
def test_only_a_digest_and_the_last_letters_are_stored():
    key = keys.issue("laptop")

    row = ApiKey.objects.get()
    assert row.digest == keys.digest(key)
    assert row.hint == key[-4:]
    assert key not in str(ApiKey.objects.values().get())


@pytest.mark.django_db
@pytest.mark.parametrize("presented", ["", "gw-", "gw-" + "a" * 43, "ünknown"])
def test_a_key_that_was_never_issued_does_not_verify(presented):
    keys.issue("laptop")
    roster.load_now()

    assert keys.verify(presented, NOW) is None


@pytest.mark.django_db
def test_a_revoked_key_does_not_verify_and_can_be_issued_anew():
    old = keys.issue("laptop")
    keys.revoke("laptop")
    roster.load_now()
    assert keys.verify(old, NOW) is None
    assert not keys.any_configured()

    new = keys.issue("laptop")
    roster.load_now()

    assert keys.verify(new, NOW) is not None
    assert keys.verify(old, NOW) is None


@pytest.mark.django_db
def test_a_key_verifies_until_it_expires():
    key = keys.issue("laptop")
    ApiKey.objects.update(expires_at=datetime.fromtimestamp(NOW, UTC))
    roster.load_now()

    assert keys.verify(key, NOW - 1) is not None
    assert keys.verify(key, NOW) is None


@pytest.mark.django_db
def test_verifying_asks_the_database_nothing(django_assert_num_queries):
    key = keys.issue("laptop")
    roster.load_now()

    with django_assert_num_queries(0):
        assert keys.verify(key, NOW) is not None


def test_before_the_database_was_read_nothing_verifies():
    with pytest.raises(RosterUnavailable):
        keys.verify("gw-any", NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "two words", "line\nbreak"])
def test_a_chosen_key_is_one_word(key):
    with pytest.raises(UnusableKey):
        keys.issue("laptop", key)


@pytest.mark.django_db
def test_two_names_do_not_share_a_key():
    keys.issue("laptop", "sk-chosen")

    with pytest.raises(UnusableKey, match="another name"):
        keys.issue("desktop", "sk-chosen")


@pytest.mark.django_db
def test_the_first_key_is_made_once():
    first = keys.issue_first()

    assert first.startswith("gw-")
    assert keys.issue_first("sk-other") == ""
    assert ApiKey.objects.get().name == keys.DEFAULT


@pytest.mark.django_db
def test_revoking_an_unknown_key_says_so():
    with pytest.raises(NoSuchKey, match="phone"):
        keys.revoke("phone")
