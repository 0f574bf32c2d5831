"""Vectors of texts: near for paraphrases, about at right angles for texts that have nothing to do with each other."""

import math

import pytest

from emulator.answers.vectors.embeddings import LARGEST, cosine, embed

PARAPHRASES = [
    ("How do I reset my password?", "How can I recover my passcode?"),
    ("The cat sleeps on the couch.", "A kitten is napping on the sofa."),
    ("The physician examined the ill child.", "A doctor checked the sick kid."),
    ("The company bought a small apartment in the city.", "A firm acquired a tiny flat in town."),
    ("Where can I purchase a cheap car?", "Where can I buy an inexpensive automobile?"),
    ("The teacher explained the difficult task.", "The instructor clarified the hard assignment."),
    ("She loves long walks in the forest.", "She enjoys long strolls in the woods."),
    ("The meeting starts in the morning.", "The conference begins at dawn."),
    ("Please remove the broken file.", "Please delete the broken document."),
    ("The plane arrives in the evening.", "The aircraft lands at night."),
    ("A quick way to improve the software", "A fast way to enhance the program"),
    ("The lawyer wrote a brief letter.", "The attorney composed a short letter."),
]
UNRELATED = [
    ("How do I reset my password?", "The cat sleeps on the couch."),
    ("Gravity bends light around stars.", "A recipe for apple pie with cinnamon"),
    ("The stock market fell sharply today.", "My grandmother plays the violin."),
    ("Plants turn sunlight into sugar.", "The train to Oslo is late."),
    ("Add two eggs and a cup of flour.", "The parliament passed a new law."),
    ("Volcanoes erupt when magma rises.", "She painted the bedroom blue."),
    ("Our refund policy lasts thirty days.", "Penguins live in Antarctica."),
    ("He scored the winning goal.", "Install the printer driver first."),
]


@pytest.mark.parametrize("size", [LARGEST, 768, 256])
@pytest.mark.parametrize(("one", "other"), PARAPHRASES)
def test_paraphrases_are_near_each_other(one: str, other: str, size: int):
    assert cosine(embed(one, size), embed(other, size)) > 0.8


@pytest.mark.parametrize("size", [LARGEST, 768, 256])
@pytest.mark.parametrize(("one", "other"), UNRELATED)
def test_unrelated_texts_are_far_from_each_other(one: str, other: str, size: int):
    assert cosine(embed(one, size), embed(other, size)) < 0.3


def test_the_same_text_is_the_same_unit_vector_and_word_forms_are_near():
    vector = embed("The dogs were running", 64)

    assert vector == embed("The dogs were running", 64)
    assert math.isclose(cosine(vector, vector), 1, rel_tol=1e-6)
    assert cosine(embed("The dogs were running"), embed("A dog runs")) > 0.95


def test_a_task_turns_a_vector_a_little():
    plain, asked = embed("How deep is the sea?"), embed("How deep is the sea?", task="RETRIEVAL_QUERY")

    assert 0.95 < cosine(plain, asked) < 0.999


@pytest.mark.parametrize("text", ["", "?!", "the of and", "東京は今日も晴れです"])
def test_every_text_has_a_vector(text: str):
    assert math.isclose(cosine(embed(text), embed(text)), 1, rel_tol=1e-6)
