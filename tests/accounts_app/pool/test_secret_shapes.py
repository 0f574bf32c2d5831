"""What looks like a secret of Google's."""

import pytest

from accounts_app.pool.secret_shapes import SIGNS, found, is_access_token, is_api_key, is_refresh_token, masked

TOKEN, KEY, NEW_KEY, ACCESS = "1//0gTok-en_1234", "AIzaSyExample1234", "AQ.Ab8RN6Kx9zQ1w2E3", "ya29.a0AfB_byC123456"


def test_each_kind_is_told_from_the_others():
    kinds = [(is_refresh_token(one), is_api_key(one), is_access_token(one)) for one in (TOKEN, KEY, NEW_KEY, ACCESS)]

    assert kinds == [(True, False, False), (False, True, False), (False, True, False), (False, False, True)]
    assert not any(is_refresh_token(one) or is_api_key(one) for one in ("", "1//", "AIza", "AQ.", "a" + KEY, KEY + "="))


@pytest.mark.parametrize("secret", [TOKEN, KEY, NEW_KEY])
@pytest.mark.parametrize(
    "around", ["{}", "x={}", "x:{}&y", '"{}"', "({})", "see {}.", "「{}」", "{},", "\t{}\r\n", "[{}]", "?key={}#x"]
)
def test_it_is_found_in_any_text(secret, around):
    assert found(around.format(secret)) == [secret]


@pytest.mark.parametrize("secret", [TOKEN, KEY, NEW_KEY])
@pytest.mark.parametrize("around", ["{}…", "{}***", "{}/x", "{}%20", "x{}", "-{}", "{}+", "{}@example.com"])
def test_what_is_cut_short_or_goes_on_is_none(secret, around):
    assert found(around.format(secret)) == []


@pytest.mark.parametrize("text", [r"1\/\/0gTok-en_1234", "a=1%2F%2F0gTok-en_1234&b", "1%2f%2f0gTok-en_1234"])
def test_slashes_may_be_escaped(text):
    assert found(text) == [TOKEN]


@pytest.mark.parametrize("secret", [TOKEN, KEY, NEW_KEY, ACCESS, "gw-abcdefgh12345", "GOCSPX-abcdefgh12345"])
def test_every_kind_is_masked(secret):
    told = masked(f"Consumer 'api_key:{secret}' has been suspended, {secret}.")

    assert secret not in told
    assert told.startswith("Consumer 'api_key:***' has been suspended")


@pytest.mark.parametrize(
    "secret", [TOKEN, "1%2F%2F0gTok-en_1234", KEY, NEW_KEY, ACCESS, "gw-abcdefgh12345", "GOCSPX-abcdefgh12345"]
)
def test_whatever_is_masked_has_a_sign_and_only_its_own(secret):
    assert masked(secret) == "***"
    assert len([sign for sign in SIGNS if sign in secret.lower()]) == 1


def test_other_words_are_left_alone():
    text = "See https://ai.google.dev/faq.html#why-me, AQ. or FAQ.something-long"

    assert masked(text) == text
