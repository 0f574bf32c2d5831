"""Code, texts and documents say what this field says. `tests/words.py` has the table, and what it leaves to readers."""

import re
from collections.abc import Iterator

import pytest

from tests.words import (
    CHINESE,
    DOCUMENT,
    NAME,
    PROSE,
    ROOT,
    TEXT,
    Said,
    found_in,
    of_document,
    of_python,
    of_template,
)

ROOMS = ("accounts_app", "proxy_app", "gateway_project", "emulator", "bench", "tests")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/OPERATIONS.md", "docs/BLAME.md", "Makefile")
CHINESE_TEXTS = ("README.zh-TW.md", "locale/zh_Hant/LC_MESSAGES/django.po")

# Where words stand that are not to be said: the table of them, and sentences that an earlier version wrote into rows.
ALLOWED = ("tests/words.py", "tests/test_words.py", "accounts_app/status/former.py")


def everything() -> Iterator[Said]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from of_python(path)
    for path in sorted((ROOT / "gateway_project" / "templates").rglob("*.html")):
        yield from of_template(path)
    for document in DOCUMENTS:
        yield from of_document(ROOT / document)


def test_code_texts_and_documents_say_the_fields_words():
    found = [
        f"{said.place} ({said.kind}) {said.text[:90]!r}: say {word.say}"
        for said in everything()
        if not said.place.startswith(ALLOWED)
        for word in found_in(said)
    ]

    assert not found, f"{len(found)} places:\n" + "\n".join(found)


@pytest.mark.parametrize("name", CHINESE_TEXTS)
def test_the_chinese_texts_say_the_fields_words(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")

    found = [word.said for word in CHINESE if re.search(word.said, text)]

    assert not found


@pytest.mark.parametrize(
    "said",
    [
        Said("", NAME, "resting accounts"),
        Said("", PROSE, "The account rests until then."),
        Said("", TEXT, "What to do"),
        Said("", DOCUMENT, "A parked account answers nothing."),
    ],
    ids=lambda said: said.kind,
)
def test_a_word_that_is_not_said_is_found(said: Said):
    assert list(found_in(said))


@pytest.mark.parametrize(
    "said",
    [
        Said("", NAME, "parked message"),  # a column
        Said("", PROSE, "Secrets at rest; the rest of the body"),
        Said("", TEXT, "No API key is asked for."),
    ],
    ids=lambda said: said.kind,
)
def test_what_is_everyday_or_stored_is_not(said: Said):
    assert not list(found_in(said))
