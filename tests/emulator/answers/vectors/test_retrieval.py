"""What of a document fits a question."""

import pytest

from emulator.answers.vectors.embeddings import cosine, embed, meanings, nearness
from emulator.answers.vectors.retrieval import Passage, grounding, nearest, told_from

SHOP = [
    Passage("fileSearchStores/shop", "rules", "Refunds are paid within thirty days. Keep your receipt."),
    Passage("fileSearchStores/shop", "hours", "We open in the morning and close at night."),
    Passage("fileSearchStores/shop", "birds", "Penguins cannot fly."),
]


@pytest.mark.parametrize(
    ("question", "title", "sentence"),
    [
        ("Do I need the receipt?", "rules", "Keep your receipt."),
        ("How many days until a reimbursement is paid?", "rules", "Refunds are paid within thirty days."),
        ("When do you shut in the evening?", "hours", "We open in the morning and close at night."),
    ],
)
def test_the_passage_that_fits_is_found_and_told(question: str, title: str, sentence: str):
    found = nearest(question, SHOP)

    assert found[0].title == title
    assert told_from(question, found) == sentence


def test_nothing_is_found_where_nothing_fits_and_no_more_than_asked_for():
    assert nearest("Who painted the ceiling?", SHOP) == []
    assert len(nearest("Refunds, penguins, night", SHOP, 2)) == 2


def test_grounding_points_at_its_passages_by_the_byte():
    told = grounding("Übung", SHOP[:1])

    assert told["groundingSupports"][0]["segment"] == {"endIndex": 6, "text": "Übung"}
    assert told["groundingChunks"][0]["retrievedContext"]["title"] == "rules"


def test_nearness_is_what_vectors_come_close_to():
    one, other = "A doctor checked the sick kid.", "The physician examined the ill child and her cat."

    assert nearness(meanings(one), meanings(other)) == pytest.approx(cosine(embed(one), embed(other)), abs=0.05)
    assert nearness(meanings(""), meanings(one)) == 0
