import json

import pytest

from proxy_app.wire.error_bodies import read_error

ERROR = {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}


def test_details_are_found_by_their_type():
    help_ = {"@type": "type.googleapis.com/google.rpc.Help", "links": [{"url": "https://a.test"}, {}, "x"]}
    error = read_error(json.dumps({"error": {"details": [help_, {"links": []}, 7]}}).encode())

    assert list(error.of_type("Help")) == [help_]
    assert error.links == ["https://a.test"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": 429}, 429),
        ({"code": "429"}, 429),
        ({"code": 8, "status": "RESOURCE_EXHAUSTED"}, 429),
        ({"status": "UNAVAILABLE"}, 503),
        ({"code": True}, 0),
        ({"code": None}, 0),
        ({}, 0),
    ],
)
def test_the_code_is_an_http_status_or_none(error, code):
    assert read_error(json.dumps({"error": error}).encode()).code == code


def test_an_oauth_error_is_one_too():
    error = read_error(b'{"error":"invalid_grant","error_description":"Token has been expired or revoked."}')

    assert (error.status, error.message) == ("invalid_grant", "Token has been expired or revoked.")


def test_nested_errors_are_unwrapped_so_far_and_no_farther():
    nested = ERROR
    for _ in range(10):
        nested = {"error": {"message": json.dumps(nested)}}

    assert read_error(json.dumps(nested).encode()).code == 429
    assert read_error(json.dumps({"error": {"message": json.dumps(nested)}}).encode()).code == 0


@pytest.mark.parametrize(
    "body", [b"", b"x", b"{}", b"[]", b"[1]", b'{"error":7}', b"{" * 100_000, b"\xff", b'{"a":"\xff"}']
)
def test_what_is_no_error(body):
    assert read_error(body) is None


def test_a_long_quotation_does_not_leave_an_error():
    error = read_error(json.dumps({"error": {"message": f'No field "{"secret" * 20}" at "x"'}}).encode())

    assert error.message == 'No field "…" at "x"'


@pytest.mark.parametrize(
    "text",
    [
        "Invalid value at 'contents[0]' (type.googleapis.com/google.internal.Content), {}",
        "Invalid value at 'a.b' (TYPE_FLOAT), {}",
        "Invalid value at 'x.data' (TYPE_BYTES), Base64 decoding failed for {}",
    ],
)
@pytest.mark.parametrize(
    "value", ['"secret"', '"a "secret" with quotes"', '"secret\nover lines"', '"secret"\nmore: "secret"']
)
def test_a_quoted_value_does_not_leave_an_error_however_short(text, value):
    error = read_error(json.dumps({"error": {"message": text.format(value)}}).encode())

    assert error.message == text.format('"…"')


def test_a_quoted_name_does():
    error = read_error(json.dumps({"error": {"message": 'Unknown name "x": Cannot find field.'}}).encode())

    assert error.message == 'Unknown name "x": Cannot find field.'
