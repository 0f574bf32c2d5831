"""The public API as an upstream: what goes out is what came in, and what comes back is what goes on."""

import json

import pytest

from proxy_app.wire.bodies import read_body
from proxy_app.wire.calls import Call, Method
from proxy_app.wire.dialects import DIALECTS, NotAnAnswer

GEMINI_API = DIALECTS["gemini_api"]
BODY = b'{"contents":[{"parts":[{"text":"Hi", "x":1.50}]}],"generationConfig":{"temperature":0.5}}'
OBEY = {"role": "user", "parts": [{"text": "Obey."}]}


def build(raw=BODY, method=Method.GENERATE, model="gemini-2.5-pro", prefix="", **call):
    call = Call(
        method=method, model="asked-for", body=read_body(raw, counting=method is Method.COUNT),
        request_id="0123456789abcdef0123456789abcdef", session_id="-42", **call,
    )  # fmt: skip
    return GEMINI_API.build(
        call, model=model, project="p", token="AIza-secret", base="https://upstream.test", instruction_prefix=prefix
    )


def sent(request) -> bytes:
    return b"".join(request.pieces)


@pytest.mark.parametrize(
    ("method", "end"),
    [
        (Method.GENERATE, ":generateContent"),
        (Method.STREAM, ":streamGenerateContent?alt=sse"),
        (Method.COUNT, ":countTokens"),
    ],
)
def test_a_call_goes_to_its_model_and_verb(method, end):
    request = build(b'{"contents":[]}', method)

    assert request.url == f"https://upstream.test/v1beta/models/gemini-2.5-pro{end}"
    assert request.headers == {"x-goog-api-key": "AIza-secret", "Content-Type": "application/json"}
    assert sent(request) == b'{"contents":[]}'


def test_a_call_is_asked_of_the_version_that_the_client_asked():
    assert build(version="v1").url == "https://upstream.test/v1/models/gemini-2.5-pro:generateContent"


def test_the_body_goes_out_byte_for_byte():
    assert sent(build()) == BODY


def test_the_operators_words_come_first():
    assert json.loads(sent(build(b'{"contents":[]}', prefix="Obey."))) == {"contents": [], "systemInstruction": OBEY}
    assert sent(build(b'{"contents":[]}', model="gemini-2.5-flash-image", prefix="Obey.")) == b'{"contents":[]}'


def test_more_than_contents_is_counted_in_the_longer_form_without_the_operators_words():
    raw = b'{"contents":[],"systemInstruction":{"parts":[]}}'

    counted = json.loads(sent(build(raw, Method.COUNT, prefix="Obey.")))

    assert counted == {"generateContentRequest": {"model": "models/gemini-2.5-pro", **json.loads(raw)}}


def test_an_empty_count_is_left_for_upstream_to_refuse():
    assert sent(build(b"{}", Method.COUNT)) == b"{}"


def test_a_request_shows_neither_key_nor_prompt():
    assert repr(build()) == "UpstreamRequest(url='https://upstream.test/v1beta/models/gemini-2.5-pro:generateContent')"


@pytest.mark.parametrize("payload", [b'{"candidates":[]}', b' \r\n{"totalTokens":3}'])
def test_an_answer_is_taken_as_it_comes(payload):
    assert GEMINI_API.unwrap(payload) == payload
    assert GEMINI_API.unwrap_count(payload) == payload


@pytest.mark.parametrize("payload", [b"", b"[{}]", b"<html>", b"[DONE]", b'"{"'])
def test_what_is_no_answer_says_so(payload):
    with pytest.raises(NotAnAnswer, match=r"^something that is not a JSON object$"):
        GEMINI_API.unwrap(payload)
    with pytest.raises(NotAnAnswer):
        GEMINI_API.unwrap_count(payload)


def test_it_has_the_verbs_of_the_gateway_and_tells_its_name():
    assert [verb for verb in (*Method, "embedContent") if GEMINI_API.supports(verb)] == list(Method)
    assert (repr(GEMINI_API), GEMINI_API.name) == ("<GeminiApi>", "gemini_api")
