"""Keys of sessions: a made-up one is recognised without a query."""

import pytest

from gateway_project.console.sessions import RANDOM, SIGNED, SessionStore, is_issued


@pytest.mark.django_db
def test_a_key_of_this_gateway_is_recognised(django_assert_num_queries):
    store = SessionStore()
    store.create()
    key = store.session_key

    assert len(key) == RANDOM + SIGNED
    with django_assert_num_queries(0):
        assert is_issued(key)
        assert not is_issued(key[:-1] + ("0" if key[-1] != "0" else "1"))


@pytest.mark.parametrize("key", ["", "a" * 40, "\u00e9" * 40, "a" * 10_000])
def test_a_made_up_key_is_not(key):
    assert not is_issued(key)
