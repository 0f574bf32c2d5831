import pytest

from proxy_app.wire.names import resource_names
from proxy_app.wire.operations import not_there


@pytest.mark.parametrize("collection", [resource_names.MODELS, *resource_names.CHILDREN])
def test_every_kind_has_its_text(collection):
    name = resource_names.Name(collection, "x")

    text = not_there.of(name)

    assert text is not_there.BY_KIND[name.kind]
    assert text.status in (403, 404)
    assert "{" not in text.told("x")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("files/f", 403),
        ("cachedContents/c", 403),
        ("fileSearchStores/s/documents/d", 403),
        ("models/m/operations/o", 404),
        ("interactions/i", 404),
    ],
)
def test_what_is_not_there_has_the_status_of_its_kind(name, status):
    assert not_there.of(resource_names.parse(name)).status == status


def test_a_model_is_told_with_version_and_verb():
    told = not_there.BY_KIND["models"].told("x", "v1", "embedContent")

    assert told.startswith("models/x is not found for API version v1, or is not supported for embedContent.")
    assert not_there.BY_KIND["models"].told("x") == not_there.BY_KIND["models"].told("x", "v1beta", "generateContent")


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("models/*", "models/m"),
        ("models/*/operations/*", "models/m/operations/o"),
        ("fileSearchStores/*/documents/*", "fileSearchStores/s/documents/d"),
        ("environments/*/files/**", "environments/e/files/a/b"),
    ],
)
def test_a_template_has_the_text_of_the_names_that_fit_it(pattern, name):
    assert not_there.text_for(pattern) is not_there.of(resource_names.parse(name))
