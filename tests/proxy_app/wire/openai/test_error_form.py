import json

import pytest

from proxy_app.wire.faults.error_bodies import error_body
from proxy_app.wire.openai.error_form import in_openai, openai_body


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        (400, "invalid_request_error", None),
        (401, "authentication_error", "invalid_api_key"),
        (403, "permission_error", "permission_denied"),
        (404, "not_found_error", "not_found"),
        (405, "invalid_request_error", None),
        (409, "conflict_error", "conflict"),
        (413, "invalid_request_error", "request_too_large"),
        (429, "rate_limit_error", "rate_limit_exceeded"),
        (500, "server_error", None),
        (501, "invalid_request_error", "unsupported"),
        (503, "server_error", None),
    ],
)
def test_an_error_says_what_it_is(code, kind, word):
    error = {"message": "m", "type": kind, "param": None, "code": word}

    assert json.loads(in_openai(error_body(code, "m"))) == json.loads(openai_body(code, "m")) == {"error": error}


@pytest.mark.parametrize("body", [b"words", openai_body(404, "m"), b'{"error":{"message":"m","code":"x"}}'])
def test_what_is_no_error_of_googles_is_left_as_it_is(body):
    assert in_openai(body) == body
