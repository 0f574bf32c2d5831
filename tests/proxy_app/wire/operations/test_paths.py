import pytest

from proxy_app.wire.names import resource_names
from proxy_app.wire.operations import COUNT, GENERATE, GET_MODEL, LIST_MODELS, STREAM, Family, paths
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
        ("file", None),
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
    assert by_another_method("batches/b:updateEmbedContentBatch").http == "PATCH"
    assert by_another_method("interactions/i/auth_tokens/0f").http == "DELETE"
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


@pytest.mark.parametrize(
    ("http", "path", "root", "id_", "name"),
    [
        ("GET", "files/f:download", "download", "files.download", "files/f"),
        ("HEAD", "files/environment-6f-e:download", "", "files.download", "files/environment-6f-e"),
        ("GET", "files/f%3Adownload", "", "files.download", "files/f"),
        ("DELETE", "/files//f/", "", "files.delete", "files/f"),
        ("POST", "//models/m:generateContent", "", "models.generateContent", "models/m"),
        ("POST", "models//m:generateContent", "", "models.generateContent", "models//m"),
        ("GET", "models/org/name:v1/operations/o", "", "models.operations.get", "models/org/name:v1/operations/o"),
        ("GET", "environments/e/files/a/b/c.d", "", "environments.files.get", "environments/e/files/a/b/c.d"),
        ("GET", "environments/e/files/", "", "environments.files.list", "environments/e"),
        ("POST", "environments:create", "", "environments.create", ""),
        ("GET", "environments:list", "", "environments.list", ""),
        ("GET", "environments/e:get", "", "environments.get", "environments/e"),
        ("DELETE", "environments/e:delete", "", "environments.delete", "environments/e"),
        ("GET", "interactions/live", "", "interactions.live", ""),
        ("GET", "BidiGenerateContentConstrained", "ws", "live.bidiGenerateContent", ""),
        ("GET", "openai/models/models/m", "", "openai.models.get", "models/m"),
        ("POST", "openai/batches/batches/b/cancel", "", "openai.batches.cancel", "batches/b"),
    ],
)
def test_a_method_has_other_spellings(http, path, root, id_, name):
    found = find(http, path, root)

    assert found is not None
    assert (found.operation.id, found.name) == (id_, name)


@pytest.mark.parametrize(
    ("http", "path", "root"),
    [
        ("POST", "files", "download"),
        ("GET", "files", "upload"),
        ("POST", "files/f:download", ""),
        ("GET", "files/f/g", ""),
        ("PATCH", "models/m", ""),
        ("POST", "models/m:cachedContents", ""),
    ],
)
def test_what_google_does_not_have_is_no_operation(http, path, root):
    assert find(http, path, root) is None


@pytest.mark.parametrize(
    ("path", "root", "forwarded"),
    [
        ("models/m:newVerb", "", True),
        ("models/org/name:v1:newVerb", "", True),
        ("newThings", "", True),
        ("newThings/n:verb", "", True),
        ("files/f:newVerb", "", True),
        ("models/m:cachedContents", "", False),
        ("models/m", "", False),
        ("models/m:generateContent", "", False),
        ("files", "", False),
        ("interactions/i:newVerb", "", False),
        ("openai/newThings", "", False),
        ("newThings/../files", "", False),
        ("newThings?x", "", False),
        ("newThings//n", "", True),
        ("", "", False),
    ],
)
def test_what_is_newer_than_the_table_may_be_forwarded(path, root, forwarded):
    assert paths.may_be_forwarded(path, root) is forwarded


@pytest.mark.parametrize(
    ("path", "family"),
    [
        ("/v1beta/models/m:generateContent", Family.MODELS),
        ("/v1beta/interactions", Family.INTERACTIONS),
        ("/prefix/v1//interactions/i:verb", Family.INTERACTIONS),
        ("/upload/v1beta/environments/e/files", Family.INTERACTIONS),
        ("/v1beta/openai/chat/completions", Family.OPENAI),
        ("/v1beta/openais", Family.MODELS),
        ("/interactions", Family.MODELS),
        ("", Family.MODELS),
    ],
)
def test_a_path_belongs_to_a_family_of_the_api(path, family):
    assert paths.family(path) is family


def test_a_name_as_long_as_any_may_be_forwarded():
    name = "widget" + "/w" * resource_names.LONGEST

    assert paths.may_be_forwarded(name[: resource_names.LONGEST])
    assert not paths.may_be_forwarded(name[: resource_names.LONGEST + 2])
