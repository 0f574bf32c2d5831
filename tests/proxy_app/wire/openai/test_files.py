import json

import pytest

from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.files import deleted, listed, mime_type, page_in, related_head, told
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


@pytest.mark.parametrize(
    ("state", "status"),
    [("ACTIVE", "processed"), ("PROCESSING", "uploaded"), ("FAILED", "error"), ("", "processed")],
)
def test_a_file_has_the_status_that_its_state_is(state, status):
    assert json.loads(told(json.dumps({"state": state}).encode()))["status"] == status


@pytest.mark.parametrize(
    ("size", "bytes_"), [("9" * 18, 10**18 - 1), ("1" * 19, 0), (7, 7), ("-1", 0), ("\u00b2", 0), (None, 0)]
)
def test_a_size_is_a_number_of_64_bits_or_none(size, bytes_):
    assert json.loads(told(json.dumps({"sizeBytes": size}).encode()))["bytes"] == bytes_


def test_what_google_does_not_tell_of_a_file_is_empty():
    made = json.loads(told(b"{}"))

    assert (made["id"], made["created_at"], made["filename"], made["purpose"]) == ("", 0, "", "user_data")
    assert "expires_at" not in made


def test_a_file_that_is_gone_is_told():
    assert json.loads(deleted("files/a")) == {"id": "files/a", "object": "file", "deleted": True}


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
        ("a", "text/plain", "batch", "application/jsonl"),
        ("a", "text/csv", "batch", "text/csv"),
        ("", "text/csv", "user_data", "text/csv"),
        ("a.pdf", "application/octet-stream", "user_data", "application/pdf"),
        ("a.pdf", "text/plain; charset=utf-8", "user_data", "text/plain"),
        ("a", "", "", "application/octet-stream"),
    ],
)
def test_the_type_of_a_file(name, given, purpose, kind):
    part, fields = Part("file", 0, 0, name, given), {"purpose": purpose}

    assert mime_type(part, fields) == kind
    assert (
        related_head(part, fields, b"b")
        == (
            "--b\r\nContent-Type: application/json\r\n\r\n"
            f'{{"file":{{"displayName":"{name}","mimeType":"{kind}"}}}}\r\n'
            f"--b\r\nContent-Type: {kind}\r\n\r\n"
        ).encode()
    )
