"""Lists of resources: what upstream's pages hold, and what a client gets of them."""

import pytest

from proxy_app.wire.operations import OPERATIONS
from proxy_app.wire.operations.listed import Page, names_in, only, page_in, told

BY_ID = {operation.id: operation for operation in OPERATIONS}
FILES, BATCHES = BY_ID["files.list"], BY_ID["batches.list"]
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

    assert only(answer, ["files/b"]) == b'{"files":[%b],"nextPageToken":"n"}' % B
    assert only(answer, ["files/c"]) == b'{"nextPageToken":"n"}'
    assert names_in(answer) == ["files/a", "files/b"]


@pytest.mark.parametrize("answer", [each for each in BROKEN if each != b'{"files":7}'])
def test_nothing_is_left_of_a_list_that_cannot_be_read(answer):
    assert only(answer, ["files/a"]) == b"{}"
    assert names_in(answer) == []
