"""The names that a resource may have, and how they are written in a URL."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.names.resource_names import BadName, Name, may_be_chosen, model, parse

NOT_NAMES = [
    "",
    "/",
    ".",
    "..",
    "...",
    "../gemini-3-pro",
    "gemini/../gemini-3-pro",
    "gemini/./x",
    "gemini//x",
    "gemini/",
    "gemini%2F..%2Fgemini-3-pro",
    "gemini%2f%2e%2e%2fx",
    "gemini%252F..%252Fx",
    "gemini\\..\\x",
    "gemini?key=x",
    "gemini#x",
    "gemini;x=y",
    "gemini&x",
    "gemini*",
    "gemini\r-x",
    "gemini\n",
    "gemini\t",
    "gemini\0",
    "gemini\x7f",
    "gemini\x85x",
    "gemini\u2028x",
    "gemini\u200bx",  # zero width
    "gemini\u202ex",  # right to left
    "gemini\uff0f..\uff0fx",  # a slash of full width
    "\uff0e\uff0e",  # two dots of full width
    "gemini/\u2024\u2024/x",  # two one-dot leaders
    "\uff47emini",  # a letter of full width
    "gemini\ufffdx",  # what bytes that are no UTF-8 become
    "gemini\ud800x",
    " gemini",
    "gemini ",
    "a" * 257,
    "模" * 86,
]


@pytest.mark.parametrize("text", NOT_NAMES, ids=ascii)
@pytest.mark.parametrize("prefix", ["", "models/", "models/models/", "tunedModels/"])
def test_what_is_no_models_name_is_refused(prefix, text):
    with pytest.raises(BadName) as refused:
        model(prefix + text)

    assert "name format" in str(refused.value)
    assert text == "" or text in "./" or text not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "name", "known_as", "path"),
    [
        ("gemini-2.5-pro", Name("models", "gemini-2.5-pro"), "gemini-2.5-pro", "models/gemini-2.5-pro"),
        ("models/x", Name("models", "x"), "x", "models/x"),
        ("models/models/x", Name("models", "x"), "x", "models/x"),
        ("tunedModels/mine-1", Name("tunedModels", "mine-1"), "tunedModels/mine-1", "tunedModels/mine-1"),
        ("models/tunedModels/x", Name("tunedModels", "x"), "tunedModels/x", "tunedModels/x"),
        ("org/name:v1", Name("models", "org/name:v1"), "org/name:v1", "models/org/name%3Av1"),
        (
            "publishers/google/models/x",
            Name("models", "publishers/google/models/x"),
            "publishers/google/models/x",
            None,
        ),
        ("my model", Name("models", "my model"), "my model", "models/my%20model"),
        ("a@b+c~d_e", Name("models", "a@b+c~d_e"), "a@b+c~d_e", "models/a%40b%2Bc~d_e"),
        ("快速", Name("models", "快速"), "快速", "models/%E5%BF%AB%E9%80%9F"),
        ("a" * 256, Name("models", "a" * 256), "a" * 256, None),
        ("é" * 128, Name("models", "é" * 128), "é" * 128, None),
    ],
)
def test_a_models_name_is_the_same_everywhere(text, name, known_as, path):
    found = model(text)

    assert found == name
    assert found.model == known_as
    assert path is None or found.path() == path


@pytest.mark.parametrize(
    ("collection", "children"),
    [
        ("models", ["operations"]),
        ("tunedModels", ["operations", "permissions"]),
        ("agents", []),
        ("auth_tokens", []),
        ("batches", []),
        ("cachedContents", []),
        ("corpora", ["operations", "permissions"]),
        ("credentials", []),
        ("dynamic", []),
        ("environments", ["files"]),
        ("fileSearchStores", ["documents", "operations", "upload/operations"]),
        ("files", []),
        ("generatedFiles", ["operations"]),
        ("interactions", ["auth_tokens"]),
        ("operations", []),
        ("triggers", ["executions"]),
        ("voices", []),
        ("webhooks", []),
    ],
)
def test_google_has_these_resources(collection, children):
    assert parse(f"{collection}/a-1") == Name(collection, "a-1")
    for child in children:
        assert parse(f"{collection}/a-1/{child}/b") == Name(collection, "a-1", f"{child}/b")
        with pytest.raises(BadName):
            parse(f"{collection}/a-1/{child}/")
    if collection != "models":
        with pytest.raises(BadName):
            parse(f"{collection}/a-1/unheardOf/b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unheardOf/x", "unknown collection"),
        ("files/..", "unexpected name format"),
        ("models/..", "unexpected model name format"),
        ("x" * 257, "unexpected name format, it is longer than 256 bytes"),
        ("é" * 129, "unexpected name format, it is longer than 256 bytes"),
    ],
)
def test_it_says_what_is_wrong(text, words):
    with pytest.raises(BadName) as refused:
        parse(text)

    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("models/x", Name("models", "x")),
        ("models/veo-3/operations/abc", Name("models", "veo-3", "operations/abc")),
        ("tunedModels/t/permissions/p", Name("tunedModels", "t", "permissions/p")),
        ("files/zyg60km4wauf", Name("files", "zyg60km4wauf")),
        ("cachedContents/c1", Name("cachedContents", "c1")),
        ("batches/b", Name("batches", "b")),
        ("fileSearchStores/s/documents/d", Name("fileSearchStores", "s", "documents/d")),
        ("fileSearchStores/s/upload/operations/o", Name("fileSearchStores", "s", "upload/operations/o")),
        ("environments/e/files/src/a.py", Name("environments", "e", "files/src/a.py")),
        ("interactions/i/auth_tokens/0f", Name("interactions", "i", "auth_tokens/0f")),
    ],
)
def test_every_resource_is_named_by_its_collection(text, name):
    assert parse(text) == name
    assert str(parse(text)) == parse(text).path() == text


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "unknown/x",
        "files/",
        "files/..",
        "files/a/b",
        "files/a/../models/x",
        "cachedContents/a%2F..%2Fb",
        "models/x/operations/..",
        "models/x/../operations/y",
        "environments/e/files/../../files/x",
        "fileSearchStores/s/documents/d/e",
        "fileSearchStores/s/upload/o",
        "batches/b?x",
        "batches/" + "b" * 256,
    ],
)
def test_what_names_no_resource_is_refused(text):
    with pytest.raises(BadName):
        parse(text)


@pytest.mark.parametrize(
    ("text", "kind", "owner"),
    [
        ("models/m", "models", "models/m"),
        ("models/m/operations/o", "operations", "models/m/operations/o"),
        ("operations/o", "operations", "operations/o"),
        ("tunedModels/t/operations/o", "tunedModels", "tunedModels/t"),
        ("fileSearchStores/s/upload/operations/o", "fileSearchStores", "fileSearchStores/s"),
        ("environments/e/files/a/b", "environments", "environments/e"),
        ("files/f", "files", "files/f"),
        ("files/batch-" + "b" * 36, "files", "batches/" + "b" * 36),
        ("files/environment-" + "e" * 36, "files", "environments/" + "e" * 36),
        ("files/batch-" + "b" * 34, "files", "files/batch-" + "b" * 34),
        ("files/batch-of-mine", "files", "files/batch-of-mine"),  # short enough to have been chosen
    ],
)
def test_a_resource_is_of_a_kind_and_belongs_with_another(text, kind, owner):
    assert parse(text).kind == kind
    assert str(parse(text).owner) == owner


@pytest.mark.parametrize(
    ("id_", "may_be"),
    [
        ("a", True),
        ("my-file-1", True),
        ("a" * 40, True),
        ("a" * 41, False),
        ("-a", False),
        ("a-", False),
        ("A", False),
        ("a_b", False),
        ("", False),
    ],
)
def test_a_client_may_choose_some_ids_of_files(id_, may_be):
    assert may_be_chosen(id_) is may_be


@given(st.text() | st.text("./%\\ab2EFef:?#", max_size=12))
def test_whatever_is_taken_stands_in_a_url_as_one_path_that_means_the_same(text):
    try:
        name = model(text)
    except BadName:
        return
    path = name.path()

    assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", path)
    assert not {"", ".", ".."} & set(path.split("/"))
    assert unquote(path) == str(name)
    assert model(name.model) == model(str(name)) == name


@pytest.mark.parametrize(
    ("text", "everybodys"),
    [
        ("agents/deep-research-max-preview-04-2026", True),
        ("agents/antigravity-preview-09-2026", True),
        ("agents/dynamic", True),
        ("agents/dynamic-helper", False),
        ("agents/mine", False),
        ("voices/Puck", True),
        ("voices/voicekey_x", True),
        ("voices/voice_x", False),
        ("files/f", False),
    ],
)
def test_every_project_has_what_is_googles_own(text, everybodys):
    assert parse(text).is_everybodys is everybodys


def test_the_request_log_has_no_tokens():
    assert parse("interactions/v1_a/auth_tokens/0f").logged == "interactions/v1_a"
    assert parse("environments/e/files/a/b").logged == "environments/e/files/a/b"
