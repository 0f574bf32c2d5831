"""Lists of resources: what upstream's pages hold, and what a client gets of them."""

import pytest

from proxy_app.wire.operations import OPERATIONS
from proxy_app.wire.operations.listed import Page, bare, form, names_in, only, page_in, told

BY_ID = {operation.id: operation for operation in OPERATIONS}
FILES, BATCHES, AGENTS = BY_ID["files.list"], BY_ID["batches.list"], BY_ID["agents.list"]
A, B = b'{"name":"files/a","x" :1}', b'{"name":"files/b"}'
BROKEN = [
    b"",
    b"[]",
    b"7",
    b'{"files":7}',
    b'{"files":[7]}',
    b'{"files":[{"name":7}]}',
    b'{"files":[',
    b'{"files":["\xff"]}',
]


def test_a_page_is_read_with_its_resources_as_upstream_wrote_them():
    assert page_in(FILES, b'{"files":[%b, %b],"nextPageToken":"n"}' % (A, B)) == Page({"files/a": A, "files/b": B}, "n")
    assert page_in(BATCHES, b'{"operations":[{"name":"batches/b"}]}') == Page(
        {"batches/b": b'{"name":"batches/b"}'}, ""
    )
    assert page_in(FILES, b'{"nextPageToken":"n"}') == Page({}, "n")
    assert page_in(FILES, b"{}") == Page({}, "") == Page()


@pytest.mark.parametrize("answer", [*BROKEN, b'{"files":[],"nextPageToken":7}'])
def test_a_page_that_cannot_be_read_is_empty(answer):
    assert page_in(FILES, answer) == Page()


def test_a_list_is_told_without_what_is_empty():
    assert told(FILES, [A, B], "n") == b'{"files":[%b,%b],"nextPageToken":"n"}' % (A, B)
    assert told(BATCHES, [B]) == b'{"operations":[%b]}' % B
    assert told(FILES, []) == b"{}"
    assert told(FILES, [], "n") == b'{"nextPageToken":"n"}'


def test_only_what_is_kept_is_left_of_a_list():
    answer = b'{"files":[%b,%b],"nextPageToken":"n"}' % (A, B)

    assert only(FILES, answer, ["files/b"]) == b'{"files":[%b],"nextPageToken":"n"}' % B
    assert only(FILES, answer, ["files/c"]) == b'{"nextPageToken":"n"}'
    assert names_in(FILES, answer) == ["files/a", "files/b"]


@pytest.mark.parametrize("answer", [each for each in BROKEN if each != b'{"files":7}'])
def test_nothing_is_left_of_a_list_that_cannot_be_read(answer):
    assert only(FILES, answer, ["files/a"]) == b"{}"
    assert names_in(FILES, answer) == []


def test_what_goes_with_interactions_is_listed_by_bare_ids_and_in_snake_case():
    answer = b'{"agents":[{"id":"a", "x":1},{"id":"b"}],"next_page_token":"n"}'

    assert (form(AGENTS).size, form(AGENTS).token) == ("page_size", "page_token")
    assert page_in(AGENTS, answer) == Page({"agents/a": b'{"id":"a", "x":1}', "agents/b": b'{"id":"b"}'}, "n")
    assert told(AGENTS, [b'{"id":"a"}'], "n") == b'{"agents":[{"id":"a"}],"next_page_token":"n"}'
    assert told(AGENTS, []) == b"{}"
    assert names_in(AGENTS, answer) == ["agents/a", "agents/b"]
    assert only(AGENTS, answer, ["agents/b"]) == b'{"agents":[{"id":"b"}],"next_page_token":"n"}'
    assert (bare(AGENTS, "agents/a"), bare(FILES, "files/a")) == (b'{"id":"a"}', b'{"name":"files/a"}')
