import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy_app.wire.calls import Call, StreamForm, read_body
from proxy_app.wire.dialects import DIALECTS, NotAnAnswer, cloud_code
from proxy_app.wire.operations import COUNT, GENERATE, OPERATIONS, STREAM
from proxy_app.wire.operations.rows.interactions import CREATE_STATELESS
from proxy_app.wire.operations.rows.openai import CHAT
from tests.proxy_app.wire.case_files import cases

CLOUD_CODE = DIALECTS["cloud_code"]


def build(raw, operation=GENERATE, model="gemini-2.5-pro", **options):
    call = Call(
        operation=operation,
        model="asked-for",
        body=read_body(raw, wrappers=operation.wrappers),
        request_id="0123456789abcdef0123456789abcdef",
        session_id=options.pop("session_id", "-42"),
    )
    options = {"project": "my-project", "token": "ya29.secret", "base": "https://upstream.test", **options}
    return CLOUD_CODE.build(call, model=model, **options)


def sent(request) -> bytes:
    return b"".join(request.pieces)


@pytest.mark.parametrize("case", cases("envelopes"))
def test_a_call_goes_upstream_in_its_envelope(case):
    call = case["call"]

    request = build(
        json.dumps(call["body"]).encode(),
        next(each for each in OPERATIONS if each.verb == call["method"]),
        call.get("model", "gemini-2.5-pro"),
        project=call.get("project", "my-project"),
        instruction_prefix=call.get("prefix", ""),
    )

    assert request.url == case["request"]["url"]
    assert json.loads(sent(request)) == case["request"]["body"]
    assert request.headers == {"Authorization": "Bearer ya29.secret", "Content-Type": "application/json"}


def test_a_value_keeps_every_byte_in_the_envelope():
    value = '[ {"parts":[{"inline_data" : {"data":"__-_"},"x":1.50 ,\n "t":"\\u00e9é"}]} ]'

    request = build(f'{{"contents":{value},"systemInstruction":"s"}}'.encode(), instruction_prefix="p")

    assert value.encode() in sent(request)


@settings(max_examples=50)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text('aé\u2028"\\')))
def test_what_is_wrapped_can_be_unwrapped(body):
    body = {name: value for name, value in body.items() if name != "model"}
    raw = json.dumps(body, ensure_ascii=False).encode()

    envelope = json.loads(sent(build(raw, session_id="")))
    answer = cloud_code.unwrap(b'{"response": %b, "traceId": "1"}' % raw)

    assert envelope["request"] == body
    assert answer == raw


def test_a_request_shows_neither_token_nor_prompt():
    shown = repr(build(b'{"contents":"prompt"}'))

    assert shown == "UpstreamRequest(url='https://upstream.test/v1internal:generateContent')"


def test_a_client_cannot_break_out_of_the_envelope():
    body = {'","project":"other': 1, "project": "mine", "requestType": "x"}

    envelope = json.loads(sent(build(json.dumps(body).encode())))

    assert envelope["project"] == "my-project"
    assert envelope["requestType"] == "agent"
    assert envelope["request"] == {**body, "sessionId": "-42"}


@pytest.mark.parametrize("spelling", ["sessionId", "session_id"])
def test_a_clients_own_session_is_left_to_it_in_either_spelling(spelling):
    envelope = json.loads(sent(build(json.dumps({spelling: "mine"}).encode())))

    assert envelope["request"] == {spelling: "mine"}


@pytest.mark.parametrize(
    "spelling", ["googleSearch", "google_search", "googleSearchRetrieval", "google_search_retrieval"]
)
@pytest.mark.parametrize("form", ["[{}]".format, "{}".format, '[{{"codeExecution":{{}}}},{}]'.format])
def test_a_search_is_known_in_every_spelling_of_the_tool(spelling, form):
    tools = form(json.dumps({spelling: {}}))

    assert json.loads(sent(build(f'{{"tools":{tools}}}'.encode())))["requestType"] == "web_search"


@pytest.mark.parametrize("tools", ["7", '"googleSearch"', "[googleSearch]", '["googleSearch"]', '[["google_search"]]'])
def test_odd_tools_are_left_for_upstream_to_refuse(tools):
    try:
        request = build(f'{{"tools":{tools}}}'.encode())
    except ValueError:
        return

    assert json.loads(sent(request))["requestType"] == "agent"


def test_an_odd_system_instruction_is_left_for_upstream_to_refuse():
    request = build(b'{"systemInstruction":{"parts":7}}', instruction_prefix="Obey.")

    assert json.loads(sent(request))["request"]["systemInstruction"] == {"parts": [{"text": "Obey."}]}


@pytest.mark.parametrize(
    ("payload", "response"),
    [
        (b'{"response": { "candidates" : [1.50] },"traceId": "5"}', b'{ "candidates" : [1.50] }'),
        (b'{\n  "traceId": "5",\n  "response": {\n    "a": 1\n  }\n}\n', b'{\n    "a": 1\n  }'),
        (b'{"response":{}}', b"{}"),
        (b'{"candidates":[],"modelVersion":"m"}', b'{"candidates":[],"modelVersion":"m"}'),
        (b'{"promptFeedback":{"blockReason":"SAFETY"}}', b'{"promptFeedback":{"blockReason":"SAFETY"}}'),
        (b'{"traceId":"5","remainingCredits":[]}', b"{}"),
        (b"{}", b"{}"),
    ],
)
def test_an_answer_comes_out_of_its_envelope(payload, response):
    assert cloud_code.unwrap(payload) == response


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"[DONE]",
        b"<html>",
        b'{"response":7}',
        b'{"response":null}',
        b'{"response":[{}]}',
        b"\xff",
        b'{"response":{"a":' + b"[" * 100_000,
        b'{"response":{"candidates":[{"content"',
    ],
)
def test_what_is_no_answer_says_so(payload):
    with pytest.raises(NotAnAnswer, match=r"^(something|a response) that is not a JSON object$"):
        cloud_code.unwrap(payload)


def test_counts_come_as_they_are():
    assert cloud_code.unwrap_count(b'{"totalTokens": 31}') == b'{"totalTokens": 31}'
    assert cloud_code.unwrap_count(b'{"response":{"totalTokens": 31}}') == b'{"totalTokens": 31}'


@pytest.mark.parametrize("payload", [b"", b"[]", b"31"])
def test_a_count_that_is_no_object_says_so(payload):
    with pytest.raises(NotAnAnswer):
        cloud_code.unwrap_count(payload)


@pytest.mark.parametrize(
    ("form", "method"),
    [(None, "generateContent"), (StreamForm.BLOCKS, "streamGenerateContent?alt=sse")],
)
def test_an_interaction_goes_upstream_as_a_call_of_the_model(form, method):
    raw = b'{"model":"asked-for","input":"Hello","store":false,"tools":[{"type":"google_search"}]}'
    call = Call(CREATE_STATELESS, "asked-for", read_body(raw, keeps_model=True), request_id="r", form=form)

    request = CLOUD_CODE.build(call, model="gemini-3-flash", project="p", token="t", base="https://upstream.test")

    assert request.url == f"https://upstream.test/v1internal:{method}"
    envelope = json.loads(sent(request))
    assert (envelope["model"], envelope["requestType"]) == ("gemini-3-flash", "web_search")
    assert envelope["request"] == {
        "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
        "tools": [{"googleSearch": {}}],
    }


def test_it_has_four_operations():
    assert CLOUD_CODE.operations == {GENERATE, STREAM, COUNT, CREATE_STATELESS, CHAT}


def test_every_dialect_goes_by_its_name():
    assert {name: dialect.name for name, dialect in DIALECTS.items()} == {
        each: each for each in ("cloud_code", "gemini_api")
    }
    assert repr(CLOUD_CODE) == "<CloudCode>"
