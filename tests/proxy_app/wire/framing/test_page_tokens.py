"""A page token leads whoever got it back to its place, and nobody else anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.framing.page_tokens import read, written

KEY = b"a secret"
NUMBERS = st.integers(-(2**63), 2**63 - 1)


@given(st.tuples(NUMBERS, NUMBERS), st.text())
def test_a_token_leads_back_to_its_place(position, scope):
    assert read(written(position, scope, KEY), scope, KEY) == position


def test_a_token_is_good_for_its_scope_and_key_only():
    token = written((1, 2), "files of group 1", KEY)

    assert read(token, "files of group 2", KEY) is None
    assert read(token, "files of group 1", b"another") is None


@pytest.mark.parametrize("token", ["", "x", "100", "nonsense!", "ÄÖ", "A" * 43, "A" * 44, "A" * 10_000])
def test_what_is_no_token_leads_nowhere(token):
    assert read(token, "files", KEY) is None


def test_a_token_that_was_changed_leads_nowhere():
    token = written((1, 2), "files", KEY)

    for at, letter in enumerate(token[:-1]):  # the last has bits to spare
        changed = token[:at] + ("A" if letter != "A" else "B") + token[at + 1 :]
        assert read(changed, "files", KEY) is None


def test_a_token_is_43_characters():
    assert len(written((0, 0), "scope", b"key")) == 43
