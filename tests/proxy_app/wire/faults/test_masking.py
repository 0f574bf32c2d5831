"""Secrets in what upstream writes are masked."""

import pytest

from proxy_app.wire.faults.masking import masked, masked_bytes

KEY, ODD = "AIzaSyAbcdefghijklmnop", "no-shape-at-all"


@pytest.mark.parametrize("secrets", [(), ("",), (ODD,), ("", ODD)])
def test_what_looks_like_a_secret_and_what_is_one_are_masked(secrets):
    text = f"Key {KEY} and {ODD} of ü."

    wanted = f"Key *** and {'***' if ODD in secrets else ODD} of ü."
    assert masked(text, *secrets) == wanted
    assert masked_bytes(text.encode(), *secrets) == wanted.encode()


def test_a_secret_is_found_where_nothing_looks_like_one():
    for secrets in ((ODD,), ("", ODD), (ODD, "another")):
        assert masked_bytes(f"It was {ODD}.".encode(), *secrets) == b"It was ***."


def test_where_there_is_nothing_the_very_bytes_come_back():
    text = b"nothing \xff here"

    assert masked_bytes(text, "", ODD) is text
    assert masked_bytes(text) is text


def test_bytes_that_are_no_text_stay_as_they_are_beside_a_secret():
    assert masked_bytes(b"\xff\xfe " + KEY.encode()) == b"\xff\xfe ***"
