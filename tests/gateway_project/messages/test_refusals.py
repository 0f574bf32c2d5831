"""Answers given before any view runs: Google's JSON, in the frame the client reads errors in."""

import json

import pytest

from gateway_project.messages.refusals import Refusal, not_allowed, not_found, too_large

STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
BUSY = Refusal(503, "UNAVAILABLE", "Busy.", retry_after=7)


def test_a_refusal_is_googles_error_as_a_whole_http_answer():
    head, body = BUSY.wire([(b"X-Request-ID", b"r1")]).split(b"\r\n\r\n")
    lines = head.split(b"\r\n")

    assert json.loads(body) == {"error": {"code": 503, "message": "Busy.", "status": "UNAVAILABLE"}}
    assert lines[0] == b"HTTP/1.1 503 Service Unavailable"
    assert {b"Retry-After: 7", b"X-Request-ID: r1", b"Connection: close"} < set(lines)
    assert b"Content-Length: %d" % len(body) in lines


@pytest.mark.parametrize(
    ("path", "query", "first", "content_type"),
    [
        (STREAM, b"alt=sse", b"{", "text/event-stream"),
        (STREAM, b"", b"[", "application/json"),
        ("/v1beta/models", b"", b"{", "application/json"),
    ],
)
def test_a_stream_that_is_asked_for_as_an_array_gets_one(path, query, first, content_type):
    refusal = BUSY.asked_by(path, query, [(b"accept", b"application/json")], "sse")

    assert refusal.body.startswith(first)
    assert dict(refusal.headers)[b"Content-Type"].decode().startswith(content_type)


@pytest.mark.parametrize(
    ("refusal", "code", "status"),
    [
        (not_found("/x"), 404, "NOT_FOUND"),
        (not_allowed("PATCH"), 405, "UNIMPLEMENTED"),
        (too_large(10), 413, "INVALID_ARGUMENT"),
    ],
)
def test_each_has_googles_status_and_no_time_to_come_back(refusal, code, status):
    assert (refusal.code, refusal.status) == (code, status)
    assert b"Retry-After" not in dict(refusal.headers)
