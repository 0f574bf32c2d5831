"""Patterns of model names: `*` stands for anything, and no other character is special."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts_app.pool.names.globs import Glob, any_matches, matcher


@pytest.mark.parametrize(
    ("pattern", "taken", "not_taken"),
    [
        ("gemini", ["gemini"], ["gemin", "geminii", "", "Gemini"]),
        ("gemini*", ["gemini", "gemini-2.5"], ["xgemini", "gemin"]),
        ("*flash", ["flash", "x-flash"], ["flash-x"]),
        ("*flash*", ["flash", "x-flash-y"], ["flas", "fla-sh"]),
        ("a*a", ["aa", "aba"], ["a", "ab"]),
        ("ab*bc", ["abbc", "abxbc"], ["abc"]),
        ("a*b*c", ["abc", "axbxc", "abbcc"], ["acb", "ab", "bc"]),
        ("a*bb*b", ["abbb", "axbbxb"], ["abb"]),
        ("*ab*ab*", ["abab", "xabyabz"], ["ab", "aab"]),
        ("*", ["", "x", "a/b", "a\nb"], []),
        ("**", ["", "x"], []),
        ("a**b", ["ab", "axb"], ["a", "b"]),
        ("a.b", ["a.b"], ["axb"]),
        ("[a]?", ["[a]?"], ["a", "ax"]),
    ],
)
def test_a_pattern_takes_whole_names(pattern, taken, not_taken):
    assert [name for name in taken + not_taken if matcher(pattern)(name)] == taken


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_it_takes_what_a_regular_expression_would(pattern, name):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name)

    assert matcher(pattern)(name) == (expected is not None)


def test_a_name_is_looked_through_once_however_many_pieces_a_pattern_has():
    """Each piece is looked for behind the one before it; the name records how far it was read."""

    class Read(str):
        read = 0

        def find(self, piece, start=0, end=None):
            found = super().find(piece, start, end)
            self.read += (end if found < 0 else found + len(piece)) - start
            return found

    name = Read("a" * 7000)

    assert not matcher("*a" * 100 + "*b*c")(name)
    assert name.read <= len(name)


def test_a_pattern_shows_itself():
    assert repr(Glob("a*b**c")) == "<Glob a*b*c>"


def test_a_name_is_taken_by_any_of_some_patterns():
    assert any_matches(["x", "gemini*"], "gemini-2.5")
    assert not any_matches(["x", "gemini*"], "y")
    assert not any_matches([], "y")
