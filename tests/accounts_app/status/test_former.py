"""Sentences that earlier versions wrote into rows are still shown in the reader's language."""

import pytest
from django.utils import translation

from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import translated
from tests.release_0_1_0 import OUTCOMES, SENTENCES


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_of_0_1_0_is_told_in_chinese(sentence: str):
    with translation.override("zh-hant"):
        assert translated(sentence) != sentence


@pytest.mark.parametrize("outcome", [*OUTCOMES, "turned_away"])
def test_every_outcome_of_0_1_0_has_its_label(outcome: str):
    with translation.override("zh-hant"):
        assert outcome_label(outcome) != outcome
