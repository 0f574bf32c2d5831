"""The console's texts: every one is marked, translated and compiled, with the same placeholders in the translation."""

# ruff: noqa: RUF001

import ast
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import django
import pytest
from django.utils import translation

from accounts_app.status import translate
from accounts_app.status.translate import translated
from tests.catalogue import compiled, messages
from tests.documents import ROOT

APPS = ("accounts_app", "proxy_app", "gateway_project")
CATALOGUE = ROOT / "locale" / "zh_Hant" / "LC_MESSAGES"
MESSAGES = tuple(messages(CATALOGUE / "django.po"))
PLACES = re.compile(r"%\(\w+\)[sdg]|%[sd]|%%|(?<!%)\{\w*\}|</?\w+")
# Pages of the theme that this console does not have.
UNUSED = re.compile(r"unfold/contrib/(?!filters)")


def test_every_text_is_translated():
    assert [one.msgid for one in MESSAGES if not one.translation or one.fuzzy] == []


def test_the_compiled_catalogue_is_in_step():
    given = compiled(CATALOGUE / "django.mo")

    assert given == {one.msgid: one.translation for one in MESSAGES}, "make messages"


def test_a_translation_fills_in_what_the_text_fills_in():
    differing = [
        one.msgid
        for one in MESSAGES
        if Counter(PLACES.findall(one.translation)) not in [Counter(PLACES.findall(source)) for source in one.sources]
    ]

    assert differing == []


def test_no_text_addresses_people_in_two_ways():
    assert [one.translation for one in MESSAGES if "您" in one.translation] == []


def found_in(tree: Path) -> set[str]:
    """The texts marked for translation in a copy of a source tree, as `makemessages` finds them."""
    if not shutil.which("xgettext"):
        pytest.skip("there is no xgettext (Debian: apt-get install gettext)")
    (tree / "locale").mkdir()
    makemessages = [sys.executable, "-m", "django", "makemessages", "--locale", "xx", "--no-location", "--no-wrap"]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(makemessages, cwd=tree, env=environment, check=True, capture_output=True, timeout=60)
    return {one.msgid for one in messages(tree / "locale" / "xx" / "LC_MESSAGES" / "django.po")}


def test_no_marked_text_is_missing_and_none_is_left_over(tmp_path: Path):
    for app in APPS:
        shutil.copytree(
            ROOT / app, tmp_path / app, ignore=shutil.ignore_patterns("static", "migrations", "__pycache__")
        )

    found = found_in(tmp_path)

    known = {one.msgid for one in MESSAGES}
    assert (sorted(found - known), sorted(known - found)) == ([], []), "make messages, then translate what is new"


def test_the_themes_texts_are_translated_too(tmp_path: Path):
    """The theme has no translations: gateway_project/console/theme_texts.py has the texts that Django lacks too."""
    spec = find_spec("unfold")
    theme = Path(str(spec and spec.origin)).parent
    shutil.copytree(theme, tmp_path / "unfold", ignore=shutil.ignore_patterns("static", "__pycache__"))
    for folder in [each for each in tmp_path.rglob("*") if each.is_dir()]:
        if UNUSED.search(f"{folder.relative_to(tmp_path)}/") and folder.exists():
            shutil.rmtree(folder)

    found = found_in(tmp_path)

    packages = ("conf", "contrib/admin", "contrib/auth")
    catalogues = [Path(django.__file__).parent / package / "locale" for package in packages]
    by_django = {msgid for each in catalogues for msgid in compiled(each / "zh_Hant" / "LC_MESSAGES" / "django.mo")}
    # A text of the theme's command palette, which this console does not have.
    found = {text for text in found if "Found %(counter)s result" not in text}
    assert found - by_django - {one.msgid for one in MESSAGES} == set()


def literals(tree: Path) -> set[str]:
    """Every string in the code, with `\\0` for each value of an f-string."""
    found = set()
    for file in set(tree.rglob("*.py")) - {Path(translate.__file__)}:
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.JoinedStr():
                    parts = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                    found.add(re.sub("\0+", "\0", "".join(map(str, parts))))
                case ast.Constant(value=str() as text):
                    found.add(text)
    return found


def test_the_stored_sentences_that_are_translated_are_those_that_the_code_writes():
    said = set.union(*(literals(ROOT / app) for app in ("accounts_app", "proxy_app")))
    said |= {re.sub(r"%\(\w+\)s", "\0", text) for text in said}

    assert [one for one in translate.SENTENCES if re.sub(r"%\(\w+\)s", "\0", one) not in said] == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("affinity", "對話留在同一個帳號"),
        ("round robin, first call after a cooldown", "輪流，冷卻之後第一次呼叫"),
        (
            "Google no longer accepts this account's sign-in (invalid_grant: Token has been revoked.). Sign in again.",
            "Google 不再接受這個帳號的登入（invalid_grant: Token has been revoked.）。請重新登入。",
        ),
        ("loadCodeAssist was answered with 403.", "loadCodeAssist 得到的回答是 403。"),
        (
            "loadCodeAssist was answered with 403. Caller is banned.",
            "loadCodeAssist 得到的回答是 403。 Caller is banned.",
        ),
        ("Quota exceeded for quota metric.", "Quota exceeded for quota metric."),
        ("", ""),
    ],
)
def test_the_gateways_own_sentences_are_translated_and_others_are_not(said: str, told: str):
    assert translated(said) == said
    with translation.override("zh-hant"):
        assert translated(said) == told
