import json

import pytest

from proxy_app.wire.faults.error_bodies import ErrorBody, error_body, error_object, in_words, read_error, word_body

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


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("CANCELLED", 499),
        ("INVALID_ARGUMENT", 400),
        ("DEADLINE_EXCEEDED", 504),
        ("NOT_FOUND", 404),
        ("PERMISSION_DENIED", 403),
        ("RESOURCE_EXHAUSTED", 429),
        ("FAILED_PRECONDITION", 400),
        ("ABORTED", 409),
        ("OUT_OF_RANGE", 400),
        ("UNIMPLEMENTED", 501),
        ("INTERNAL", 500),
        ("UNAVAILABLE", 503),
        ("UNAUTHENTICATED", 401),
        ("ALREADY_SEEN", 0),
    ],
)
def test_a_status_alone_tells_the_code(status, code):
    assert read_error(json.dumps({"error": {"status": status}}).encode()).code == code


def test_an_error_without_anything_in_it_says_nothing():
    assert read_error(b'{"error":{}}') == ErrorBody() == ErrorBody(code=0, message="", status="", details=())


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"code":429,,"message":"m"}}',
        b'{"error":{"code":429, , ,"message":"m",}}',
        b'{"error":{"code":429,"message":"m","details":[1,2,],},}',
        b'[{"error":{"code":429,"message":"m"}}]',
        b' \n[{"error":{"code":429,"message":"m"}}\n]',
    ],
)
def test_stray_commas_and_an_array_around_it_do_not_hide_an_error(body):
    error = read_error(body)

    assert (error.code, error.message) == (429, "m")


def test_reasons_are_read_from_every_detail_that_has_one():
    details = [{"reason": "ONE"}, {"reason": ""}, {"reason": 7}, {"reason": "TWO"}]
    error = read_error(json.dumps({"error": {"details": details}}).encode())

    assert error.reasons == ["ONE", "TWO"]


def quota(*violations, **metadata):
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": list(violations)},
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "metadata": metadata},
    ]
    return read_error(json.dumps({"error": {"details": details}}).encode())


def test_the_exhausted_quotas_are_read_from_both_places():
    error = quota(
        {"quotaId": "PerDay", "quotaMetric": "requests"}, 7, {}, quota_limit="PerMinute", quota_metric="tokens"
    )

    assert error.quota_ids == ["PerDay", "PerMinute"]
    assert error.quota_metrics == ["requests", "tokens"]
    assert (quota().quota_ids, quota().quota_metrics) == ([], [])


@pytest.mark.parametrize(
    ("error", "consumer"),
    [
        (quota(consumer="projects/123"), "projects/123"),
        (quota({"quotaDimensions": 7}, {"quotaDimensions": {"consumer": "projects/123"}}), "projects/123"),
        (quota({"quotaDimensions": {"model": "m"}}, consumer="api_key:AIzaSecret"), ""),
        (quota(), ""),
    ],
)
def test_the_consumer_is_a_project_that_upstream_names(error, consumer):
    assert error.consumer == consumer


@pytest.mark.parametrize(
    ("violation", "named"),
    [
        ({"quotaDimensions": {"model": "m"}}, True),
        ({"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}, True),
        ({"quotaId": "PerDay", "quotaDimensions": {"location": "global"}}, False),
        ({"quotaDimensions": "model"}, False),
        ({}, False),
    ],
)
def test_whether_a_quota_is_a_models(violation, named):
    assert quota(violation).names_a_model is named
    assert not quota().names_a_model


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error": {"code": 503}}', b'{"error": {"code": 503}}'),
        (b' [{"error":{"code":503}}\n]', b'{"error":{"code":503}}'),
        (b'{"candidates":[],"error" : {} }', b'{"candidates":[],"error" : {} }'),
        (b'{"error":"text"}', None),
        (b'{"error":{"code":5', None),
        (b'[["error"]]', None),
        (b'["error"]', None),
        (b'[]"error"', None),
        (b'{"text":"\\"error\\""}', None),
        (b'{"error":{"message":"' + b"x" * (1 << 20) + b'"}}', None),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_an_error_in_an_answer_is_found_byte_for_byte(body, error):
    assert error_object(body) == error


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


def test_of_a_very_large_error_a_bounded_part_is_read():
    huge = {"code": 429, "message": "m" * 500_000, "details": [{"@type": "x.ErrorInfo", "reason": "R"}] * 10_000}

    read = read_error(json.dumps({"error": huge}).encode())

    assert read is not None
    assert len(read.message) == 16 * 1024
    assert len(read.details) == 64


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (405, "UNIMPLEMENTED"),
        (413, "INVALID_ARGUMENT"),
        (415, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (501, "UNIMPLEMENTED"),
        (502, "UNAVAILABLE"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
        (418, "UNKNOWN"),
    ],
)
def test_an_error_that_is_made_has_the_status_of_its_code(code: int, status: str):
    assert error_body(code, "m") == b'{"error":{"code":%d,"message":"m","status":"%s"}}' % (code, status.encode())


WORDS = [
    (400, "invalid_request"),
    (401, "authentication"),
    (403, "permission_denied"),
    (404, "not_found"),
    (408, "timeout"),
    (409, "conflict"),
    (413, "request_too_large"),
    (429, "rate_limit_exceeded"),
    (499, "cancelled"),
    (500, "internal_error"),
    (502, "unavailable"),
    (503, "unavailable"),
    (504, "timeout"),
]


@pytest.mark.parametrize(("code", "word"), [*WORDS, (418, "invalid_request")])
def test_an_error_in_words_has_the_word_of_its_code(code: int, word: str):
    assert word_body(code, "m") == b'{"error":{"message":"m","code":"%s"}}' % word.encode()
    assert in_words(error_body(code, "m")) == word_body(code, "m")


@pytest.mark.parametrize(("word", "code"), {word: code for code, word in WORDS}.items())
def test_a_word_tells_the_code(word, code):
    for written in (word, word.upper(), f"gemini.example/errors/{word}"):
        assert read_error(json.dumps({"error": {"code": written}}).encode()).code == code


@pytest.mark.parametrize("body", [b'{"error":{"code":"unavailable"}}', b'{"error":{}}', b"<html>"])
def test_what_has_no_number_is_not_put_into_words(body):
    assert in_words(body) == body


def test_an_error_without_a_message_has_none_in_words():
    assert in_words(b'{"error":{"code":503}}') == b'{"error":{"message":"","code":"unavailable"}}'


def test_an_error_that_is_made_has_its_details_and_a_status_of_its_own():
    body = error_body(400, "m", [{"reason": "R"}], status="FAILED_PRECONDITION")

    assert read_error(body) == ErrorBody(400, "m", "FAILED_PRECONDITION", ({"reason": "R"},))


def test_the_error_of_a_job_is_part_of_it_where_resources_are_answered():
    job = b'{"name":"batches/b","error":{"code":3}}'

    assert error_object(job) == job
    assert error_object(job, of_a_resource=True) is None
    assert error_object(b'{"error":{"code":3}}', of_a_resource=True) == b'{"error":{"code":3}}'
