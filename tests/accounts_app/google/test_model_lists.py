"""Which names of upstream's list may stand in a path."""

import pytest

from accounts_app.google.model_lists import id_of, is_id


@pytest.mark.parametrize(
    ("resource", "model"),
    [
        ({"name": "models/gemini-2.5-pro"}, "gemini-2.5-pro"),
        ({"name": "gemini-2.5-pro"}, "gemini-2.5-pro"),
        ({"name": "models/../v1/files"}, ""),
        ({"name": "models/a?key=b"}, ""),
        ({"name": 7}, ""),
        ({}, ""),
    ],
)
def test_a_resource_is_known_by_a_name_that_is_safe_in_a_path(resource, model):
    assert id_of(resource) == model


@pytest.mark.parametrize(("model", "fits"), [("a", True), ("a" * 128, True), ("a" * 129, False), (".a", False)])
def test_a_name_has_at_most_128_characters(model, fits):
    assert is_id(model) is fits
