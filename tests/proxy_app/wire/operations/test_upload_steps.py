import pytest

from proxy_app.wire.operations.upload_steps import (
    ACTIVE,
    CANCELLED,
    FINAL,
    Chunk,
    Step,
    Told,
    announced,
    begins_session,
    chunk_in,
    is_multipart,
    moved,
    query_headers,
    told_in,
)


@pytest.mark.parametrize(
    ("headers", "query", "begins"),
    [
        ({"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start"}, {}, True),
        ({"x-goog-upload-command": "Start"}, {"upload_protocol": "resumable"}, True),
        ({"x-goog-upload-protocol": "resumable", "x-goog-upload-command": "start, upload"}, {}, True),
        ({}, {"uploadType": "resumable"}, True),
        ({"x-goog-upload-protocol": "multipart"}, {}, False),
        ({"x-goog-upload-protocol": "raw"}, {"uploadType": "media"}, False),
        ({}, {}, False),
    ],
)
def test_a_start_is_told_from_an_upload_in_one_request(headers, query, begins):
    assert begins_session(headers, query) is begins


@pytest.mark.parametrize(
    ("headers", "query", "multipart"),
    [
        ({"x-goog-upload-protocol": "multipart"}, {}, True),
        ({}, {"upload_protocol": "multipart"}, True),
        ({}, {"uploadType": "multipart"}, True),
        ({"x-goog-upload-protocol": "raw"}, {"upload_protocol": "multipart"}, False),
        ({}, {"uploadType": "media"}, False),
        ({}, {}, False),
    ],
)
def test_an_upload_in_one_request_may_have_two_parts(headers, query, multipart):
    assert is_multipart(headers, query) is multipart


@pytest.mark.parametrize(
    ("http", "headers", "chunk"),
    [
        ("POST", {"x-goog-upload-command": "upload", "x-goog-upload-offset": "8"}, Chunk(Step.CHUNK, 8)),
        ("PUT", {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}, Chunk(Step.LAST, 0)),
        ("POST", {"x-goog-upload-command": "finalize"}, Chunk(Step.LAST)),
        ("POST", {"x-goog-upload-command": "upload", "x-goog-upload-offset": "-1"}, Chunk(Step.CHUNK)),
        ("POST", {"x-goog-upload-command": "query"}, Chunk(Step.QUERY)),
        ("GET", {}, Chunk(Step.QUERY)),
        ("HEAD", {}, Chunk(Step.QUERY)),
        ("POST", {"x-goog-upload-command": "cancel"}, Chunk(Step.CANCEL)),
        ("DELETE", {}, Chunk(Step.CANCEL)),
        ("PUT", {"content-range": "bytes 0-7/16"}, Chunk(Step.CHUNK, 0, 16, by_range=True)),
        ("PUT", {"content-range": "bytes 0-7/*"}, Chunk(Step.CHUNK, 0, None, by_range=True)),
        ("PUT", {"content-range": "bytes 8-15/16"}, Chunk(Step.LAST, 8, 16, by_range=True)),
        ("PUT", {"content-range": "bytes */16"}, Chunk(Step.QUERY, None, 16, by_range=True)),
        ("PUT", {}, Chunk(Step.LAST, 0, by_range=True)),
    ],
)
def test_a_request_of_a_session_is_a_step(http, headers, chunk):
    assert chunk_in(http, headers) == chunk


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (200, {"x-goog-upload-status": "active", "x-goog-upload-size-received": "8"}, Told(ACTIVE, 8)),
        (200, {"x-goog-upload-status": "ACTIVE"}, Told(ACTIVE)),
        (400, {"x-goog-upload-status": "final"}, Told(FINAL)),
        (200, {"x-goog-upload-status": "cancelled"}, Told(CANCELLED)),
        (308, {"range": "bytes=0-7"}, Told(ACTIVE, 8)),
        (308, {}, Told(ACTIVE, 0)),
        (200, {}, Told(FINAL)),
        (503, {}, Told(state="", received=None)),
    ],
)
def test_an_answer_says_what_has_become_of_the_session(status, headers, told):
    assert told_in(status, headers) == told


def test_a_chunk_is_moved_to_what_is_left_of_it():
    headers = {"x-goog-upload-command": "upload", "x-goog-upload-offset": "0"}
    assert moved(headers, Chunk(Step.CHUNK, 0), 5, 3) == headers | {"x-goog-upload-offset": "5"}

    ranged = Chunk(Step.CHUNK, 0, 16, by_range=True)
    assert moved({}, ranged, 5, 3) == {"content-range": "bytes 5-7/16"}
    assert moved({}, Chunk(Step.LAST, 0, by_range=True), 5, 3) == {"content-range": "bytes 5-7/8"}
    assert moved({}, Chunk(Step.CHUNK, 0, by_range=True), 5, 3) == {"content-range": "bytes 5-7/*"}
    assert moved({"content-range": "bytes 0-7/8"}, ranged, 8, 0) == {"content-range": "bytes */16"}


def test_a_question_is_asked_in_the_protocol_of_the_session():
    assert query_headers(by_range=False, size=8) == {"x-goog-upload-command": "query"}
    assert query_headers(by_range=True, size=None) == {"content-range": "bytes */*"}


@pytest.mark.parametrize(
    ("size", "read"), [("8", 8), ("9" * 18, 10**18 - 1), ("x", None), ("", None), ("9" * 19, None), ("٣", None)]
)
def test_a_size_is_announced_in_either_protocol(size, read):
    assert announced({"x-goog-upload-header-content-length": size}) == read
    assert announced({"x-upload-content-length": size}) == read
