"""Text from outside, made fit for columns, logs and pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts_app.pool import foreign_text
from accounts_app.pool.foreign_text import cleaned, cleaned_json


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("", ""),
        ("plain text, 純文字, \N{PILE OF POO}", "plain text, 純文字, \N{PILE OF POO}"),
        ("two\nlines\tand\r\nmore", "two\nlines\tand\r\nmore"),
        ("a\0b", "ab"),
        ("\x1b[31mred\x07", "[31mred"),
        ("del\x7f nel\x85 csi\x9b", "del nel csi"),
        ("half \ud83d a pair \udca9", "half \N{REPLACEMENT CHARACTER} a pair \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_what_no_column_terminal_or_encoding_takes_is_left_out(written, kept):
    assert cleaned(written) == kept


@given(st.text(alphabet=st.characters(codec=None)), st.integers(0, 20))
def test_whatever_is_written_can_be_stored(written, longest):
    kept = cleaned(written, longest)

    assert len(kept) <= longest
    assert "\0" not in kept
    kept.encode()
    assert cleaned(kept) == kept


@pytest.mark.parametrize(("longest", "kept"), [(3, "abc"), (4, "abcd"), (5, "abcd"), (0, "")])
def test_it_is_no_longer_than_it_may_be(longest, kept):
    assert cleaned("abcd", longest) == kept


def test_json_is_cleaned_throughout():
    found = {"na\0me": ["a\0", 1, None, True, 1.5, {"inner": "\0"}], "whole": "text"}

    assert cleaned_json(found) == {"name": ["a", 1, None, True, 1.5, {"inner": ""}], "whole": "text"}


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'"\xff"', b"[" * 100_000, b'{"a": NaN}', b"<html>", b"1" * 5000])
def test_bytes_that_are_no_json_are_one_kind_of_error(raw):
    with pytest.raises(foreign_text.NotJson) as failed:
        foreign_text.decoded(raw)

    assert failed.value.__cause__ is None


def test_json_is_decoded_with_its_texts_as_they_are():
    assert foreign_text.decoded(b'{"a": ["\\u0000"]}') == {"a": ["\x00"]}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_without_end_is_cut(opening, closing):
    deep = foreign_text.decoded((opening * 900 + closing * 900).replace(":}", ":1}").encode())

    levels, at = 0, foreign_text.cleaned_json(deep)
    while at:
        at, levels = (at[0] if isinstance(at, list) else at["a"]), levels + 1

    assert levels == foreign_text.MOST_LEVELS == 64
    assert at is None
