"""The gateway's own sentences, stored in English, in the reader's language; all other text as it is."""

import pytest
from django.utils import translation

from accounts_app.status.translate import FORMER, SENTENCES, translated


@pytest.mark.parametrize("text", ["", "Upstream said so.", "100 %", "%(method)s"])
def test_other_text_stays_as_it_is(text):
    with translation.override("zh-hant"):
        assert translated(text) == text


@pytest.mark.parametrize("sentence", [*SENTENCES, *FORMER])
def test_a_sentence_keeps_what_was_filled_in(sentence):
    class Anything(dict):
        def __missing__(self, name: str) -> str:
            return "x1"

    text = sentence % Anything()

    with translation.override(None):
        assert translated(text).count("x1") == text.count("x1")
