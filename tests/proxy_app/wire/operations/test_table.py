import pytest

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.dialects import SERVED
from proxy_app.wire.operations import COUNT, FORWARDED, GENERATE, OPERATIONS, STREAM, addresses, paths
from proxy_app.wire.operations.columns import Cools, Family, Gives, Takes
from proxy_app.wire.operations.made_names import made_in, told_in
from tests.proxy_app.wire.operations.rows import MADE, ROWS, TOLD

BY_ID = {operation.id: operation for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_row_holds_together(operation):
    assert operation.http in ("GET", "POST", "PATCH", "PUT", "DELETE")
    assert (operation.named_by == "") == ("{" not in operation.template)
    assert not operation.makes or operation.repeat is not Repeat.ALWAYS, "what makes something may not be made twice"
    assert operation not in SERVED or operation.gives is not Gives.SOCKET
    assert operation not in SERVED or operation.served
    assert (operation.default_page, operation.max_page) == (0, 0) or 0 < operation.default_page <= operation.max_page
    assert not operation.lists or operation.max_page
    assert not operation.read_only or operation.takes is Takes.NOTHING
    if (operation.read_only or operation.deletes) and operation.root != "ws":
        assert operation.cools is not Cools.MODEL


def test_every_operation_has_a_name_of_its_own():
    assert len({operation.id for operation in OPERATIONS}) == len({one.name for one in OPERATIONS}) == len(OPERATIONS)
    assert [operation.name for operation in (GENERATE, STREAM, COUNT)] == [
        "generateContent",
        "streamGenerateContent",
        "countTokens",
    ]
    assert repr(GENERATE) == "<Operation models.generateContent>"


def test_every_row_has_its_line_in_the_list_of_methods():
    assert [row.id for row in ROWS if row.id not in BY_ID] == []
    assert sorted(BY_ID) == sorted(row.id for row in ROWS)
    assert {operation.id for operation in OPERATIONS if operation.makes} == MADE.keys()
    assert {operation.id for operation in OPERATIONS if operation.tells} == TOLD.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_method_is_found_by_its_path_and_knows_whose_it_is(row):
    address = addresses.read(row.path)

    assert address is not None
    assert paths.find(row.http, address.below, address.root) == paths.Target(BY_ID[row.id], row.name)
    assert BY_ID[row.id].belongs.value == row.belongs


@pytest.mark.parametrize("row", [row for row in ROWS if row.name], ids=lambda row: row.id)
def test_a_method_says_what_is_not_there(row):
    operation = BY_ID[row.id]
    id_ = row.name.partition("/")[2]
    name = id_ if operation.on_model and row.name.startswith("models/") else id_.partition("/")[0]
    verb = operation.verb or "generateContent"

    assert f"{operation.not_there.status} {operation.not_there.told(name, 'v1beta', verb)}" == row.not_there


@pytest.mark.parametrize("id_", MADE)
def test_a_method_tells_the_names_that_it_makes(id_):
    answer, name = MADE[id_]

    assert [(str(made), row) for made, row in made_in(BY_ID[id_], answer)] == [(name, BY_ID[id_].makes[0])]


@pytest.mark.parametrize("id_", TOLD)
def test_a_method_tells_the_names_of_results(id_):
    answer, name = TOLD[id_]

    assert [str(told) for told, _ in told_in(BY_ID[id_], answer)] == [name]


def test_what_is_not_served_is_all_of_some_families_and_a_few_methods_of_the_others():
    assert not any(operation.served for operation in OPERATIONS if operation.family is Family.SOCKET)
    assert all(operation.served for operation in OPERATIONS if operation.family is Family.OPENAI)
    assert [one.id for one in OPERATIONS if not one.served and one.family is Family.INTERACTIONS] == [
        "interactions.live"
    ]
    assert [one.id for one in OPERATIONS if not one.served and one.family is Family.MODELS] == [
        "files.register",
        "auth_tokens.create",
    ]


def test_uploads_and_files_are_streamed():
    streamed = {one.id for one in OPERATIONS if one.takes is Takes.STREAM}

    assert streamed == {
        *("media.upload", "media.uploadToFileSearchStore", "environments.files.upload", "openai.files.create")
    }
    assert {one.id for one in OPERATIONS if one.gives is Gives.BYTES} == {
        *("files.download", "media.upload", "media.uploadToFileSearchStore"),
        *("environments.files.list", "environments.files.get", "environments.files.upload"),
    }


def test_the_cooldown_of_a_full_storage_is_one_for_itself():
    assert GENERATE.cooldowns_on("google/m") == "m"
    assert BY_ID["files.get"].cooldowns_on("m") == ""
    assert BY_ID["media.upload"].cooldowns_on("m") == "/files"
    assert {one.id for one in OPERATIONS if one.cools is Cools.STORES} == {
        "media.uploadToFileSearchStore",
        "fileSearchStores.importFile",
    }


def test_lists_have_the_fields_that_google_gives_them():
    assert {one.lists: one.listed_as for one in OPERATIONS if one.lists and one.family is Family.MODELS} == {
        "files": "files",
        "cachedContents": "cachedContents",
        "batches": "operations",
        "fileSearchStores": "fileSearchStores",
        "corpora": "corpora",
        "operations": "operations",
    }


@pytest.mark.parametrize(
    ("id_", "named_by"),
    [
        ("models.get", "GetModelRequest.name"),
        ("models.countTokens", "CountTokensRequest.model"),
        ("models.streamGenerateContent", "GenerateContentRequest.model"),
        ("files.get", "GetFileRequest.name"),
        ("corpora.delete", "DeleteCorpusRequest.name"),
        ("batches.cancel", "CancelBatchRequest.name"),
        ("fileSearchStores.documents.list", "ListDocumentsRequest.parent"),
        ("fileSearchStores.importFile", "ImportFileRequest.file_search_store_name"),
    ],
)
def test_a_bad_name_is_refused_by_the_name_of_its_field(id_, named_by):
    assert BY_ID[id_].named_by == named_by


def test_what_is_newer_than_the_table_is_sent_once():
    assert FORWARDED not in OPERATIONS
    assert (FORWARDED.http, FORWARDED.template) == ("*", "{path=**}")
    assert (FORWARDED.repeat, FORWARDED.belongs.value) == (Repeat.NEVER, "home")
