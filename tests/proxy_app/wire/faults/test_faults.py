import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app.wire.faults.faults import ATTENTION_BY_REASON, classify, error_in
from tests.proxy_app.wire.case_files import cases


def body_of(case):
    answer = case["answer"]
    return answer.encode() if isinstance(answer, str) else json.dumps(answer, indent=2).encode()


def beside(case):
    """The arguments of `classify` besides status and body."""
    return case.get("content_type", ""), case.get("now", 0.0), case.get("retry_after", "")


def expected_of(case):
    answer = case["answer"][0] if isinstance(case["answer"], list) else case["answer"]
    message = "" if isinstance(answer, str) else answer["error"]["message"]
    fields = {"status": case["status"], "message": message, **case["fault"]}
    return asdict(Fault(**{**fields, "outcome": Outcome(fields["outcome"])}))


@pytest.mark.parametrize("case", cases("faults"))
def test_an_error_is_read_as_what_it_is(case):
    expected = expected_of(case)
    if isinstance(case["answer"], str) and "message" not in case["fault"]:
        del expected["message"]

    fault = asdict(classify(case["status"], body_of(case), *beside(case)))

    delay, wanted = fault.pop("delay"), expected.pop("delay")
    assert {name: fault[name] for name in expected} == expected
    assert delay == (None if wanted is None else pytest.approx(wanted, abs=1e-6))


@pytest.mark.parametrize("case", [case for case in cases("faults") if isinstance(case.values[0]["answer"], dict)])
def test_an_error_reads_the_same_in_an_array(case):
    wrapped = classify(case["status"], b"[" + body_of(case) + b"\n]\n", *beside(case))

    assert wrapped == classify(case["status"], body_of(case), *beside(case))


@pytest.mark.parametrize("case", cases("faults"))
def test_an_error_cut_anywhere_is_still_read_as_something(case):
    body = body_of(case)

    for cut in range(0, len(body), 7):
        fault = classify(case["status"], body[:cut], case.get("content_type", ""))
        assert not fault.parked, "half an error takes out no account"


@given(st.integers(100, 599), st.binary(), st.sampled_from(["", "text/html", "application/json"]))
def test_any_answer_is_read_as_something(status, body, content_type):
    assert classify(status, body, content_type).outcome in Outcome


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "code": JSON_VALUES,
        "message": JSON_VALUES,
        "status": JSON_VALUES,
        "details": JSON_VALUES
        | st.lists(
            st.fixed_dictionaries(
                {"@type": st.sampled_from(["x.RetryInfo", "x.QuotaFailure", "x.Help", "x.ErrorInfo"])},
                optional=dict.fromkeys(("retryDelay", "violations", "links", "metadata", "reason"), JSON_VALUES),
            )
        ),
    },
)


@settings(max_examples=50)
@given(st.integers(200, 599), ERRORS)
def test_an_error_of_any_shape_is_read_as_something(status, error):
    assert classify(status, json.dumps({"error": error}).encode(), now=1.0).outcome in Outcome


@pytest.mark.parametrize("reason", ATTENTION_BY_REASON)
def test_a_client_cannot_take_out_an_account_by_what_it_sends(reason):
    message = f'Invalid JSON payload received. Unknown name "{reason}. Verify your account": Cannot find field.'

    fault = classify(
        400, json.dumps({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}).encode()
    )

    assert (fault.outcome, fault.parked) == (Outcome.UNKNOWN_FIELD, "")


def test_a_secret_in_an_error_is_masked_whatever_form_the_error_has():
    key = "AIzaSyAbcdefghijklmnopqrstuvwxyz0123456"
    error = {"error": {"code": 403, "message": f"Consumer 'api_key:{key}' is odd", "details": [{"key": key}]}}

    error_sent = error_in(json.dumps(error).encode())

    assert error_sent is not None
    assert key.encode() not in error_sent
    assert json.loads(error_sent)["error"]["details"] == [{"key": "***"}]
    assert key not in classify(403, json.dumps(error).encode()).message
    assert key not in classify(403, f"no key {key} here".encode()).message


ERROR = b'{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}'


@pytest.mark.parametrize("payload", [ERROR, b"[" + ERROR + b"]", b" [\n" + ERROR + b"\n]\n"])
def test_an_error_in_a_stream_comes_out_of_its_array(payload):
    assert error_in(payload) == ERROR


def test_an_error_in_a_stream_keeps_every_byte():
    pretty = json.dumps(json.loads(ERROR), indent=2).encode()

    assert error_in(pretty) == pretty


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"[DONE]",
        b'{"response":{"candidates":[]}}',
        b'{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"error":{"code":1}}}}]}}]}',
        b'{"error":null}',
        b'{"error":"text"}',
        ERROR[:30],
        b'{"error"',
        b'"error"',
        b'["error"]',
        b'{"error":' + b"[" * 100_000,
    ],
)
def test_an_answer_is_no_error(payload):
    assert error_in(payload) is None


def test_the_error_of_a_resource_is_an_answer_where_resources_are_answered():
    job = b'{"name":"batches/b","error":{"code":3}}'

    assert error_in(job) == job
    assert error_in(job, of_a_resource=True) is None


@pytest.mark.parametrize(
    ("status", "outcome", "message"),
    [
        (399, Outcome.EMPTY, "An empty answer."),
        (400, Outcome.REJECTED, "Status 400 without a body."),
    ],
)
def test_an_answer_without_a_body_is_empty_and_an_error_without_one_is_an_error(status, outcome, message):
    fault = classify(status, b" ")

    assert (fault.outcome, fault.message) == (outcome, message)
