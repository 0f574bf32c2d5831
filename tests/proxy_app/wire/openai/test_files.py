import json

import pytest

from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.files import listed, mime_type, page_in, related_head, told
from proxy_app.wire.openai.forms import Part

FILE = {
    "name": "files/a",
    "displayName": "a.txt",
    "mimeType": "text/plain",
    "sizeBytes": "12",
    "createTime": "2026-11-28T06:00:00.5Z",
    "expirationTime": "2026-11-30T06:00:00Z",
    "state": "ACTIVE",
}


def test_a_file_is_told():
    assert json.loads(told(json.dumps({"file": FILE}).encode(), "vision")) == {
        "id": "files/a",
        "object": "file",
        "bytes": 12,
        "created_at": 1795845600,
        "expires_at": 1796018400,
        "filename": "a.txt",
        "purpose": "vision",
        "status": "processed",
    }


@pytest.mark.parametrize(
    ("file", "purpose"),
    [({"name": "files/batch-x"}, "batch_output"), ({"mimeType": "application/jsonl"}, "batch"), (FILE, "user_data")],
)
def test_what_a_file_is_for_is_read_from_its_type(file, purpose):
    assert json.loads(told(json.dumps(file).encode()))["purpose"] == purpose


@pytest.mark.parametrize("answer", [b"", b"[]", b"words"])
def test_what_is_no_file_is_no_answer(answer):
    with pytest.raises(NotAnAnswer):
        told(answer)


def test_a_list_goes_on_after_a_file_and_may_be_of_one_purpose():
    files = [{**FILE, "name": f"files/{name}"} for name in "abc"]
    first, second = json.loads(listed(files, "", 2)), json.loads(listed(files, "files/b", 2))

    assert ([each["id"] for each in first["data"]], first["has_more"]) == (["files/a", "files/b"], True)
    assert ([each["id"] for each in second["data"]], second["has_more"]) == (["files/c"], False)
    assert json.loads(listed(files, "", 9, "batch")) == {"object": "list", "data": [], "has_more": False}
    assert page_in(b'{"files":[{"name":"files/a"},1],"nextPageToken":"t"}') == ([{"name": "files/a"}], "t")
    assert page_in(b"{}") == ([], "")


@pytest.mark.parametrize(
    ("name", "given", "purpose", "kind"),
    [
        ("a.jsonl", "application/octet-stream", "", "application/jsonl"),
        ("a", "", "batch", "application/jsonl"),
        ("a.pdf", "application/octet-stream", "user_data", "application/pdf"),
        ("a.pdf", "text/plain; charset=utf-8", "user_data", "text/plain"),
        ("a", "", "", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file(name, given, purpose, kind):
    part, fields = Part("file", 0, 0, name, given), {"purpose": purpose}

    assert mime_type(part, fields) == kind
    assert kind.encode() in related_head(part, fields)
