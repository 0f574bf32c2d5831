"""What a call names, in its path, its query and its body."""

import json

import pytest

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.named import Named, names_in
from proxy_app.wire.names.resource_names import BadName, parse
from proxy_app.wire.operations import GENERATE, OPERATIONS

BY_ID = {operation.id: operation for operation in OPERATIONS}
INTERACT = "interactions.create"
FILE = "https://generativelanguage.googleapis.com/v1beta/files"


def named(operation, path_name="", body=None, query=None, hosts=()):
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    fields = read_body(raw)
    if isinstance(body, dict) and "model" in body:  # which reading leaves out where the path has it
        fields |= {"model": json.dumps(body["model"]).encode()}
    return names_in(BY_ID[operation], path_name, query or {}, fields, hosts)


def names(found: Named) -> list[str]:
    return [str(name) for name in found.names]


def prompt(*parts, **fields):
    return {"contents": [{"role": "user", "parts": [*parts, {"text": 'say "fileUri": "files/no"'}]}], **fields}


def test_a_plain_call_names_its_model():
    assert named("models.generateContent", "models/google/m", prompt()) == Named(models=("google/m",))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (prompt({"fileData": {"fileUri": f"{FILE}/a"}}), ["files/a"]),
        (
            prompt({"file_data": {"file_uri": f"{FILE}/a"}}, {"fileData": {"fileUri": "files/b"}}),
            ["files/a", "files/b"],
        ),
        (prompt({"functionResponse": {"response": {}, "parts": [{"fileData": {"fileUri": "files/a"}}]}}), ["files/a"]),
        ({"systemInstruction": {"parts": [{"fileData": {"fileUri": "files/a"}}]}}, ["files/a"]),
        (prompt(cachedContent="cachedContents/c"), ["cachedContents/c"]),
        (prompt(cached_content="cachedContents/c"), ["cachedContents/c"]),
        (
            prompt(tools=[{"fileSearch": {"fileSearchStoreNames": ["fileSearchStores/s", "fileSearchStores/t"]}}]),
            ["fileSearchStores/s", "fileSearchStores/t"],
        ),
        (prompt(tools=[{"file_search": {"file_search_store_names": "fileSearchStores/s"}}]), ["fileSearchStores/s"]),
        (prompt({"fileData": {"fileUri": "https://youtu.be/x"}}), []),
        (prompt({"functionCall": {"name": "f", "args": {"fileUri": "files/a"}}}), []),
        (prompt({"functionResponse": {"name": "f", "response": {"file_uri": "files/a"}}}), []),
        (prompt({"fileData": {"fileUri": 7}}), []),
        (prompt({"fileData": {"fileUri": f"{FILE}/.."}}), []),
        (prompt(cachedContent=""), []),
    ],
)
def test_a_prompt_names_files_caches_and_stores(body, found):
    assert names(named("models.generateContent", "models/m", body)) == found


def test_a_field_may_not_be_hidden_by_an_escape():
    body = b'{"contents":[{"parts":[{"fileData":{"file\\u0055ri":"files\\/a"}}]}]}'

    assert names(named("models.generateContent", "models/m", body)) == ["files/a"]


def test_a_large_body_is_searched_as_well():
    image = {"inlineData": {"mimeType": "image/png", "data": "A" * 3_000_000}}
    body = prompt(image, {"fileData": {"fileUri": "files/a"}}, image)

    assert names(named("models.generateContent", "models/m", body)) == ["files/a"]
    assert names(named("models.generateContent", "models/m", prompt(image, {"text": 'a "b" ' * 500_000}))) == []


def test_addresses_are_told_as_they_are_written():
    ours, theirs = "https://gw.example/v1/files/a", "https://example.com/files/report"
    body = prompt({"fileData": {"fileUri": ours}}, {"fileData": {"fileUri": theirs}})

    found = named("models.generateContent", "models/m", body, hosts={"gw.example"})

    assert found.uris == {ours: parse("files/a")}
    assert found.unsure == {theirs: parse("files/report")}
    assert names(found) == ["files/a"]


def test_a_token_continues_an_earlier_call():
    found = named("models.generateContent", "models/m", prompt(continuationToken="abc"))

    assert (found.tokens, found.names) == (("abc",), ())


@pytest.mark.parametrize(
    ("operation", "path_name", "found"),
    [
        ("models.operations.get", "models/m/operations/o", ["models/m/operations/o"]),
        ("tunedModels.generateContent", "tunedModels/t", ["tunedModels/t"]),
        ("models.generateContent", "models/tunedModels/t", ["tunedModels/t"]),
        ("models.operations.list", "models/m", []),
        ("fileSearchStores.documents.get", "fileSearchStores/s/documents/d", ["fileSearchStores/s/documents/d"]),
        ("files.download", "files/f", ["files/f"]),
        ("files.list", "", []),
    ],
)
def test_a_path_names_what_it_is_about(operation, path_name, found):
    assert names(named(operation, path_name)) == found


@pytest.mark.parametrize(
    ("operation", "path_name", "body", "names_", "models"),
    [
        (
            "models.batchEmbedContents",
            "models/e",
            {"requests": [{"model": "models/e", "content": {}}, {"model": "models/other", "content": {}}]},
            [],
            ("e", "other"),
        ),
        (
            "models.batchGenerateContent",
            "models/m",
            {"batch": {"model": "models/x", "inputConfig": {"fileName": "files/in"}}},
            ["files/in"],
            ("m", "x"),
        ),
        (
            "models.asyncBatchEmbedContent",
            "models/e",
            {"batch": {"input_config": {"file_name": "files/in"}}},
            ["files/in"],
            ("e",),
        ),
        (
            "models.batchGenerateContent",
            "models/m",
            {
                "batch": {
                    "inputConfig": {
                        "requests": {
                            "requests": [
                                {"request": prompt({"fileData": {"fileUri": "files/a"}}), "metadata": {"model": "no"}}
                            ]
                        }
                    }
                }
            },
            ["files/a"],
            ("m",),
        ),
        (
            "cachedContents.create",
            "",
            {"model": "models/m", **prompt({"fileData": {"fileUri": "files/a"}})},
            ["files/a"],
            ("m",),
        ),
        (
            "models.predictLongRunning",
            "models/v",
            {"instances": [{"video": {"uri": f"{FILE}/a:download"}}]},
            ["files/a"],
            ("v",),
        ),
        (
            "fileSearchStores.importFile",
            "fileSearchStores/s",
            {"fileName": "files/a", "customMetadata": [{"key": "fileName"}]},
            ["fileSearchStores/s", "files/a"],
            (),
        ),
        ("tunedModels.create", "", {"baseModel": "models/m"}, [], ("m",)),
        (
            "tunedModels.create",
            "",
            {"tunedModelSource": {"tunedModel": "tunedModels/t"}},
            ["tunedModels/t"],
            ("tunedModels/t",),
        ),
        (
            "interactions.create",
            "",
            {
                "agent": "mine",
                "previous_interaction_id": "v1_a",
                "environment": {"environment_id": "e", "env": {"X": {"credential": "c"}}},
                "input": [{"type": "video", "uri": f"{FILE}/a"}],
            },
            ["agents/mine", "interactions/v1_a", "environments/e", "credentials/c", "files/a"],
            (),
        ),
        (
            "interactions.create",
            "",
            {"agent": "deep-research-preview-04-2026", "environment": "remote"},
            [],
            (),
        ),
        (
            "interactions.create",
            "",
            {
                "agent_config": {"type": "antigravity", "model": "inner"},
                "environment": {"env": {"model": "x", "agent": {"credential": "c"}}, "custom_config": {"agent": "y"}},
                "tools": [{"type": "computer_use", "environment": "browser"}],
            },
            ["credentials/c"],
            ("inner",),
        ),
        (
            "interactions.create",
            "",
            {"model": "m", "voice": "voice_x", "cached_content": "cachedContents/c"},
            ["voices/voice_x", "cachedContents/c"],
            ("m",),
        ),
        ("auth_tokens.create", "", {"bidiGenerateContentSetup": {"model": "models/m"}}, [], ("m",)),
        ("auth_tokens.create", "", {"setup": {"model": "models/m"}}, [], ("m",)),
        ("triggers.create", "", {"interaction": {"agent": "mine", "model": "m"}}, ["agents/mine"], ("m",)),
        ("openai.batches.create", "", {"input_file_id": "files/a"}, ["files/a"], ()),
        ("openai.batches.get", "batches/b", {}, ["batches/b"], ()),
        ("openai.chat.completions", "", {"model": "google/m"}, [], ("m",)),
        ("openai.embeddings", "", {"model": "publishers/google/models/m"}, [], ("m",)),
        (
            "openai.chat.completions",
            "",
            {"model": "models/m", "extra_body": {"google": {"cached_content": "cachedContents/c"}}},
            ["cachedContents/c"],
            ("m",),
        ),
    ],
)
def test_other_calls_name_models_and_resources_of_their_own(operation, path_name, body, names_, models):
    found = named(operation, path_name, body)

    assert sorted(names(found)) == sorted(names_)
    assert sorted(found.models) == sorted(models)


@pytest.mark.parametrize(
    ("operation", "body", "query", "chosen"),
    [
        ("files.create", {"file": {"name": "files/mine", "displayName": "x"}}, {}, "files/mine"),
        ("files.create", {"file": {"name": "mine"}}, {}, "files/mine"),
        ("files.create", {"file": {"name": "a/b"}}, {}, None),
        ("files.create", {"file": {}}, {}, None),
        ("files.create", {}, {}, None),
        ("tunedModels.create", {}, {"tunedModelId": "mine"}, "tunedModels/mine"),
        ("agents.create", {"id": "mine"}, {}, "agents/mine"),
        ("webhooks.create", {"id": "mine"}, {}, None),
    ],
)
def test_a_create_may_choose_a_name(operation, body, query, chosen):
    found = named(operation, "", body, query)

    assert found.chosen == (parse(chosen) if chosen else None)
    assert found.names == ()


@pytest.mark.parametrize(
    ("raw", "chosen"),
    [
        (b'{"file":{"name":"files/mine"}}', "files/mine"),
        (b'{"file":{"display_name":"x"}}', None),
        (b"{'file':{'name':'files/mine'}}", "files/mine"),
        (b"bytes", None),
        (b"", None),
        (b"[1]", None),
        (b'{"file":"x"}', None),
    ],
)
def test_an_upload_may_choose_a_name_where_it_starts(raw, chosen):
    try:
        body = read_body(raw)
    except Malformed:  # it goes up as it came
        body = {}

    assert names_in(BY_ID["media.upload"], "", {}, body).chosen == (parse(chosen) if chosen else None)


@pytest.mark.parametrize(
    ("path_name", "body"),
    [
        ("models/..", {}),
        ("models/m", {"cachedContent": "nothing"}),
        ("models/m", {"cachedContent": "cachedContents/../files/x"}),
        ("models/m", {"tools": [{"fileSearch": {"fileSearchStoreNames": ["fileSearchStores/"]}}]}),
    ],
)
def test_what_has_to_be_a_name_and_is_none_is_refused(path_name, body):
    with pytest.raises(BadName):
        named("models.generateContent", path_name, body)


@pytest.mark.parametrize(
    ("operation", "fields", "expected"),
    [
        (INTERACT, ["previousInteractionId", "interactionId"], "interactions/i"),
        (INTERACT, ["environment", "environmentId", "baseEnvironment", "fromEnvironment"], "environments/i"),
        (INTERACT, ["credential"], "credentials/i"),
        (INTERACT, ["agent", "baseAgent"], "agents/i"),
        ("openai.batches.create", ["fileId", "inputFileId", "outputFileId", "errorFileId"], "files/i"),
    ],
)
def test_ids_are_read_with_and_without_their_collection(operation, fields, expected):
    for name in fields:
        for text in ("i", expected):
            found = named(operation, "", {"input": [{name: text}]})
            assert (name, names(found)) == (name, [expected])
            assert found.agents == (("i",) if expected == "agents/i" else ())
            assert not found.models


def test_a_voice_of_googles_is_nobodys():
    assert names(named(INTERACT, "", {"voice": "kore"})) == []
    assert names(named(INTERACT, "", {"voice": "voice_x"})) == ["voices/voice_x"]


@pytest.mark.parametrize(
    "field",
    [
        *("args", "arguments", "response", "result", "parameters", "parametersJsonSchema", "schema", "responseSchema"),
        *("responseJsonSchema", "inputSchema", "metadata", "customMetadata", "userMetadata", "labels", "headers"),
        *("text", "inlineData", "data", "user_metadata"),
    ],
)
def test_nothing_is_named_where_clients_put_what_is_their_own(field):
    named_below = {field: {"fileUri": "files/a"}}

    assert names(named("models.embedContent", "models/m", named_below)) == []
    assert names(named("models.embedContent", "models/m", {"contents": [named_below]})) == []


@pytest.mark.parametrize(("opening", "closing"), [(b'{"x":', b"}"), (b"[", b"]"), (b'{"environment":', b"}")])
def test_sixty_four_levels_are_read_and_no_more(opening, closing):
    def nested(levels: int) -> bytes:
        return b'{"contents":%b{"fileUri":"files/a"}%b}' % (opening * (levels - 1), closing * (levels - 1))

    assert names(named(INTERACT, "", nested(64))) == ["files/a"]
    with pytest.raises(Malformed, match="too deep"):
        named(INTERACT, "", nested(65))


def test_a_field_that_holds_an_object_begins_a_level():
    def nested(levels: int) -> bytes:
        return b'{"environment":%b{"fileUri":"files/a"}%b}' % (b'{"x":' * (levels - 1), b"}" * (levels - 1))

    assert names(named(INTERACT, "", nested(64))) == ["files/a"]
    with pytest.raises(Malformed, match="too deep"):
        named(INTERACT, "", nested(65))


def test_a_body_that_is_nested_too_deeply_is_refused():
    body = b'{"contents":' + b'{"x":' * 100 + b'{"fileUri":"files/a"}' + b"}" * 101

    with pytest.raises(Malformed, match="too deep"):
        named("models.generateContent", "models/m", body)


def test_results_of_a_batch_are_the_batchs():
    assert GENERATE.id == "models.generateContent"
    batch = "b" * 36
    assert resource_names.parse(f"files/batch-{batch}").owner == parse(f"batches/{batch}")
    assert resource_names.parse("files/batch-mine").owner == parse("files/batch-mine")


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": f"{FILE}/a"}},
        {"type": "image_url", "image_url": f"{FILE}/a"},
        {"type": "video_url", "video_url": {"url": "files/a"}},
        {"type": "file", "file": {"file_data": "https://gateway/v1beta/files/a"}},
    ],
)
def test_a_medium_of_a_chat_may_be_a_file(part):
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}

    found = named("openai.chat.completions", body=body, hosts=("gateway",))

    assert names(found) == ["files/a"]
    assert not found.uris


@pytest.mark.parametrize("url", ["data:image/png;base64,files/a", "https://example.com/files/a", "https://a/b.png"])
def test_any_other_medium_of_a_chat_names_nothing(url):
    body = {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]}

    assert not named("openai.chat.completions", body=body).names
