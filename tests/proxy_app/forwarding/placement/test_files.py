"""Which files of a call bind it, and which go with it."""

import json

import pytest

from accounts_app.leasing.owners import Found, Source
from accounts_app.storage.spool.sealed_file import SealedFile
from proxy_app.forwarding.placement.files import INLINE_BYTES, LARGEST_COPY, address, files_of
from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.calls import Call
from proxy_app.wire.names import named
from proxy_app.wire.names.resource_names import parse
from proxy_app.wire.operations import GENERATE, OPERATIONS, Operation

GOOGLES = "https://generativelanguage.googleapis.com/v1beta"
OURS = "https://gw.example/v1beta"
BATCH, IMPORT = (
    next(each for each in OPERATIONS if each.id == id_)
    for id_ in ("models.batchGenerateContent", "fileSearchStores.importFile")
)


@pytest.fixture(autouse=True)
def kept(settings, tmp_path):
    """A spool that has one file."""
    settings.GATEWAY_DATA_DIR = tmp_path
    (tmp_path / "spool").mkdir()
    SealedFile(tmp_path / "spool" / "there")


def a_call(body: dict, operation: Operation = GENERATE, name: str = "models/m") -> Call:
    fields = read_body(json.dumps(body).encode())
    names = named.names_in(operation, name, {}, fields, ("gw.example",))
    path = None if operation.on_model else parse(name)
    return Call(operation=operation, model="m", body=fields, request_id="r", named=names, name=path)


def asks(*uris: str) -> dict:
    return {"contents": [{"parts": [{"fileData": {"fileUri": uri}} for uri in uris]}]}


def found(name: str = "files/a", path: str = "spool/there", size: int = 10, resource: int | None = 1) -> Found:
    source = Source(path, size, "text/plain", "")
    return Found(resource, 1, 1, "files", name, "", "ACTIVE", "", True, None, source)


def of(call: Call, *known: Found) -> tuple[list[str], bool]:
    files = files_of(call, {parse(each.name): each for each in known})
    return [str(name) for name in files.movable], files.inline


def test_a_kept_file_that_an_address_names_goes_along():
    assert of(a_call(asks(f"{GOOGLES}/files/a")), found()) == (["files/a"], True)
    assert of(a_call(asks(f"{OURS}/files/a", "files/a")), found()) == (["files/a"], True)
    assert of(a_call(asks("http://older.example/v1/files/a")), found()) == (["files/a"], True)


@pytest.mark.parametrize(
    "each",
    [
        found(path="spool/gone"),
        found(size=0),
        found(size=LARGEST_COPY + 1),
        found(resource=None),
        found(path=""),  # its project has no accounts
    ],
)
def test_what_cannot_be_had_here_binds(each, forgetful):
    assert of(a_call(asks("files/a")), each) == ([], False)


def test_a_large_file_is_copied_and_so_are_many_that_are_large_together():
    large = INLINE_BYTES * 3 // 4

    assert of(a_call(asks("files/a")), found(size=large)) == (["files/a"], False)
    assert of(a_call(asks("files/a", "files/b")), found(size=large // 2 - 500), found("files/b", size=large // 2)) == (
        ["files/a", "files/b"],
        True,
    )
    assert not of(a_call(asks("files/a", "files/b")), found(size=large // 2), found("files/b", size=large // 2))[1]


def test_what_is_made_of_a_file_by_its_name_stays_with_it_and_into_a_store_it_goes():
    batch = a_call({"batch": {"inputConfig": {"fileName": "files/a"}}}, BATCH)
    store = a_call({"fileName": "files/a"}, IMPORT, "fileSearchStores/s")

    assert of(batch, found()) == ([], False)
    assert of(store, found()) == (["files/a"], False)


def test_only_what_binds_is_left_of_the_names():
    call = a_call({**asks(f"{GOOGLES}/files/a", "https://else.example/files/b"), "cachedContent": "cachedContents/c"})
    files = files_of(call, {parse(each.name): each for each in (found(), found("files/b"))})

    bound = files.bound(call)

    assert [str(name) for name in bound.named.names] == ["cachedContents/c"]
    assert not bound.named.unsure
    assert not files.is_plain


def test_a_call_goes_as_it_is_where_nothing_is_to_be_done():
    assert files_of(a_call(asks(f"{GOOGLES}/files/a")), {}).is_plain
    assert files_of(a_call({}), {}).is_plain
    assert not files_of(a_call(asks(f"{OURS}/files/a")), {}).is_plain
    assert files_of(a_call(asks("https://else.example/files/b")), {}).is_plain


def test_upstream_knows_a_file_by_googles_address_or_by_its_name():
    assert address(f"{OURS}/files/a", "files/b") == f"{GOOGLES}/files/b"
    assert address("files/a", "files/b") == "files/b"
