import pytest

from proxy_app.wire import resource_names
from proxy_app.wire.operations import COUNT, GENERATE, GET_MODEL, LIST_MODELS, STREAM, Operation, paths, table
from proxy_app.wire.operations.paths import Target, by_another_method, find, split


@pytest.mark.parametrize(
    ("path", "operation", "name"),
    [
        ("models/gemini-2.5-pro:generateContent", GENERATE, "models/gemini-2.5-pro"),
        ("models/models/gemini-2.5-pro:streamGenerateContent", STREAM, "models/models/gemini-2.5-pro"),
        ("models/models/models/x:countTokens", COUNT, "models/models/models/x"),
        ("models/x/countTokens", COUNT, "models/x"),
        ("models/org/name:v1/countTokens", COUNT, "models/org/name:v1"),
        ("models/org/name:v1:generateContent", GENERATE, "models/org/name:v1"),
        ("models/x%3AgenerateContent", GENERATE, "models/x"),
        ("models/x%3agenerateContent", GENERATE, "models/x"),
        ("models/tunedModels/mine:generateContent", GENERATE, "models/tunedModels/mine"),
        ("models/x:generateContent/", GENERATE, "models/x"),
        ("models/:generateContent", GENERATE, "models/"),
        ("models/a\nb:generateContent", GENERATE, "models/a\nb"),
    ],
)
def test_a_path_names_an_operation_and_what_it_is_asked_of(path, operation, name):
    assert find("POST", path) == Target(operation, name)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("models", Target(LIST_MODELS)),
        ("models/", Target(LIST_MODELS)),
        ("models/gemini-2.5-pro", Target(GET_MODEL, "models/gemini-2.5-pro")),
        ("models/org/name:v1", Target(GET_MODEL, "models/org/name:v1")),
        ("models/x:doMagic", Target(GET_MODEL, "models/x:doMagic")),
        ("models/x:generateContent", None),
        ("models/x:embedContent", None),
        ("modelsx", None),
        ("models:generateContent", None),
        ("files", None),
        ("", None),
    ],
)
def test_a_verb_that_any_operation_has_is_no_part_of_a_name(path, found):
    assert find("GET", path) == find("HEAD", path) == found


@pytest.mark.parametrize("path", ["models/x", "models/x:", "models/x:doMagic", "models/x:GenerateContent", "x", ""])
def test_what_is_no_operation_is_none(path):
    assert find("POST", path) is None


def test_an_operation_is_found_for_the_wrong_method():
    assert by_another_method("models/x:countTokens") is COUNT
    assert by_another_method("models") is LIST_MODELS
    assert by_another_method("nothing") is None


@pytest.mark.parametrize(
    ("path", "name", "verb"),
    [
        ("models/x:doMagic", "models/x", "doMagic"),
        ("models/org/name:v1:doMagic/", "models/org/name:v1", "doMagic"),
        ("models/x%3AdoMagic", "models/x", "doMagic"),
        ("models/x:generateContent~/", "models/x", "generateContent~"),
        ("models/x:", "models/x", ""),
        ("models/x", "models/x", ""),
        ("", "", ""),
    ],
)
def test_of_what_is_no_operation_name_and_verb_can_be_told(path, name, verb):
    assert split(path) == (name, verb)


@pytest.mark.parametrize("operation", [GENERATE, STREAM, COUNT])
@pytest.mark.parametrize("name", ["gemini-2.5-pro", "tunedModels/mine", "org/name:v1"])
def test_the_path_that_is_written_is_the_path_that_is_read(operation, name):
    written = resource_names.model(name)

    path = operation.path(written)

    assert path == f"{written.path()}:{operation.verb}"
    if written.collection == resource_names.MODELS:
        found = find("POST", path)
        assert found is not None
        assert found.operation is operation


@pytest.fixture
def rows_of(monkeypatch):
    """Replaces the table by other rows, with the shapes of Google's other methods."""

    def with_rows(*rows: Operation) -> None:
        monkeypatch.setattr(table, "OPERATIONS", rows)
        monkeypatch.setattr(paths, "_rows", paths._indexed())
        monkeypatch.setattr(paths, "_verbs", {(root, of, verb) for root, _, of, verb in paths._rows if verb})

    return with_rows


# One of each shape in Google's list of methods.
SHAPES = [
    ("GET", "", "{name=models/*/operations/*}", "models/veo/operations/o-1", "models/veo/operations/o-1"),
    ("GET", "", "{name=models/*}/operations", "models/veo/operations", "models/veo"),
    ("POST", "", "{name=batches/*}:cancel", "batches/b:cancel", "batches/b"),
    ("POST", "", "files:register", "files:register", ""),
    ("POST", "upload", "files", "files", ""),
    ("DELETE", "", "{name=files/*}", "files/f", "files/f"),
    ("POST", "", "{name=interactions/*}/cancel", "interactions/i/cancel", "interactions/i"),
    (
        "GET",
        "",
        "{name=fileSearchStores/*/upload/operations/*}",
        "fileSearchStores/s/upload/operations/o",
        "fileSearchStores/s/upload/operations/o",
    ),
    ("GET", "", "{name=environments/*/files/**}", "environments/e/files/a/b", "environments/e/files/a/b"),
    ("POST", "", "openai/chat/completions", "openai/chat/completions", ""),
]


@pytest.mark.parametrize(("http", "root", "template", "path", "name"), SHAPES)
def test_every_shape_of_googles_paths_is_recognised(rows_of, http, root, template, path, name):
    rows = {
        shape: Operation(f"row{number}", shape[0], shape[2], root=shape[1])
        for number, shape in enumerate((*SHAPES, ("GET", "", "{name=models/*}", "", "")))
    }
    rows_of(*rows.values())

    assert paths.find(http, path, root) == Target(rows[http, root, template, path, name], name)
    assert paths.find("PATCH", path, root) is None
