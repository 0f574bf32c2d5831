"""Which characters a name may have."""

import pytest

from accounts_app.pool.names.names import LONGEST, canonical, is_id, is_model_name, is_pattern


@pytest.mark.parametrize(
    "text", ["x", "gemini-2.5-pro", "a.b", "a..b", "..a", "a_b~c:d@e+f-g", "my model", "快速", "тест", "é", "-", "~"]
)
def test_a_segment_has_letters_digits_and_a_few_marks(text):
    assert is_id(text)
    assert is_model_name(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "...", " a", "a ", " ", "a/b", "a?", "a#", "a%41", "a\\b", "a*", "a,b", "a=b", "a&b", "a;b"),
        *(
            "a(b)",
            "a\n",
            "a\0",
            "a\x7f",
            "a\x85",
            "a\u200b",
            "a\u2028",
            "a\ufffd",
            "a\ud800",
            "\uff41",
            "\uff0e",
            "\ufb01",
        ),
    ],
    ids=ascii,
)
def test_nothing_else_is_one(text):
    assert not is_id(text)


@pytest.mark.parametrize("text", ["org/name:v1", "tunedModels/x", "a/b/c", "x" * LONGEST, "é" * (LONGEST // 2)])
def test_a_models_name_may_have_several_segments_and_256_bytes(text):
    assert LONGEST == 256
    assert is_model_name(text)


@pytest.mark.parametrize(
    "text", ["", "/", "a/", "/a", "a//b", "a/../b", "a/.", "x" * 257, "é" * 128 + "x", "a*", "\ud800"], ids=ascii
)
def test_what_a_model_cannot_be_called(text):
    assert not is_model_name(text)


@pytest.mark.parametrize("text", ["*", "gemini-*", "*/x", "a**b", "gemini", "*" * 256])
def test_a_pattern_is_a_name_with_stars(text):
    assert is_pattern(text)


@pytest.mark.parametrize("text", ["", "a/../*", "*//x", "a?*", "*" * 257])
def test_what_no_pattern_is(text):
    assert not is_pattern(text)


@pytest.mark.parametrize(
    ("model", "counts_as"),
    [
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("google/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/other/models/x", "publishers/other/models/x"),
        ("google", "google"),
        ("org/google/x", "org/google/x"),
        ("tunedModels/google/x", "tunedModels/google/x"),
    ],
)
def test_googles_models_count_by_one_name_however_they_are_spelt(model, counts_as):
    assert canonical(model) == counts_as
