import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.calls import Call, PassThrough, read_body
from proxy_app.wire.dialects import DIALECTS, NotAnAnswer, gemini_api
from proxy_app.wire.names.resource_names import BadName, parse
from proxy_app.wire.operations import COUNT, FORWARDED, GENERATE, GET_MODEL, LIST_MODELS, OPERATIONS, STREAM, Family
from proxy_app.wire.operations.rows.interactions import CREATE, CREATE_UNSTORED
from proxy_app.wire.operations.rows.openai import CHAT

GEMINI_API = DIALECTS["gemini_api"]


def build(raw, operation=GENERATE, model="gemini-2.5-pro", version="v1beta", **options):
    call = Call(
        operation=operation,
        model="asked-for",
        body=read_body(raw if isinstance(raw, bytes) else raw.encode(), wrappers=operation.wrappers),
        request_id="0123456789abcdef0123456789abcdef",
        session_id="-42",
        version=version,
    )
    options = {"project": "my-project", "token": "AIza-secret", "base": "https://upstream.test", **options}
    return GEMINI_API.build(call, model=model, **options)


def sent(request) -> bytes:
    return b"".join(request.pieces)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        (GENERATE, "https://upstream.test/v1beta/models/gemini-2.5-pro:generateContent"),
        (STREAM, "https://upstream.test/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"),
        (COUNT, "https://upstream.test/v1beta/models/gemini-2.5-pro:countTokens"),
    ],
)
def test_a_call_goes_to_the_method_of_its_model(method, url):
    assert build('{"contents":[]}', method).url == url


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
def test_the_version_asked_for_is_the_version_asked_of_upstream(version):
    assert build("{}", version=version).url == f"https://upstream.test/{version}/models/gemini-2.5-pro:generateContent"


def test_a_tuned_model_keeps_its_collection():
    assert build("{}", model="tunedModels/mine").url == "https://upstream.test/v1beta/tunedModels/mine:generateContent"


@pytest.mark.parametrize("model", ["", "a/../b", "..", "a\r\nb"])
def test_a_name_that_no_model_can_have_is_refused(model):
    with pytest.raises(BadName):
        build("{}", model=model)


def test_the_account_is_known_by_its_key_alone():
    request = build('{"contents":[]}')

    assert request.headers == {"x-goog-api-key": "AIza-secret", "Content-Type": "application/json"}
    assert b"my-project" not in sent(request)
    assert b"-42" not in sent(request)
    assert "AIza-secret" not in repr(request)


@pytest.mark.parametrize("method", [GENERATE, STREAM])
def test_a_body_goes_up_byte_for_byte(method):
    contents = '[ {"parts":[{"inline_data" : {"data":"__-_"},"x":1.50 ,\n "t":"\\u00e9é"}]} ]'

    request = build(f'{{"contents":{contents},"somethingNew":{{"a" : 1}}}}', method)

    assert sent(request).decode() == f'{{"contents":{contents},"somethingNew":{{"a" : 1}}}}'


def test_an_empty_body_is_an_empty_object():
    assert sent(build("")) == b"{}"


def test_the_operators_instruction_stands_before_the_clients():
    request = build('{"contents":[],"system_instruction":{"parts":[{"text":"mine"}]}}', instruction_prefix="ours")

    instruction = json.loads(sent(request))["system_instruction"]
    assert [part["text"] for part in instruction["parts"]] == ["ours", "mine"]


def test_a_model_that_makes_images_gets_no_instruction_of_the_operator():
    request = build('{"contents":[]}', model="gemini-2.5-flash-image", instruction_prefix="ours")

    assert sent(request) == b'{"contents":[]}'


@pytest.mark.parametrize("operation", [CREATE, CREATE_UNSTORED])
def test_an_interaction_with_a_model_gets_the_operators_instruction(operation):
    request = build('{"input":"x"}', operation, model="asked-for", instruction_prefix="ours")

    assert json.loads(sent(request)) == {"input": "x", "system_instruction": "ours"}


def test_an_interaction_with_an_agent_gets_none():
    call = Call(CREATE, "", read_body(b'{"agent":"a"}'), request_id="7", agent="a")
    options = {"model": "", "project": "", "token": "t", "base": "https://upstream.test"}

    assert sent(GEMINI_API.build(call, **options, instruction_prefix="ours")) == b'{"agent":"a"}'


class TestCount:
    def test_contents_alone_are_counted_as_they_came(self):
        assert sent(build('{"contents":[ 1 ]}', COUNT)) == b'{"contents":[ 1 ]}'
        assert sent(build('{"generateContentRequest":{"contents":[ 1 ]}}', COUNT)) == b'{"contents":[ 1 ]}'

    def test_nothing_is_counted_as_nothing(self):
        assert sent(build("{}", COUNT)) == b"{}"

    @pytest.mark.parametrize("field", ["tools", "systemInstruction", "generationConfig"])
    def test_with_anything_beside_them_the_longer_form_is_used(self, field):
        request = json.loads(sent(build(f'{{"contents":[1],"{field}":{{}}}}', COUNT)))

        assert request == {
            "generateContentRequest": {"model": "models/gemini-2.5-pro", "contents": [1], field: {}},
        }

    def test_the_longer_form_names_a_tuned_model_by_its_own_collection(self):
        request = json.loads(sent(build('{"tools":[]}', COUNT, model="tunedModels/mine")))

        assert request["generateContentRequest"]["model"] == "tunedModels/mine"

    def test_the_operators_instruction_is_not_counted(self):
        assert sent(build('{"contents":[]}', COUNT, instruction_prefix="ours")) == b'{"contents":[]}'


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text('aé\u2028"\\')))
def test_what_was_read_is_what_is_sent(body):
    body = {name: value for name, value in body.items() if name != "model" and value != "[undefined]"}

    assert json.loads(sent(build(json.dumps(body)))) == body


@pytest.mark.parametrize("payload", [b'{"candidates":[]}', b' \n{"totalTokens":1}\n', b"{}"])
def test_an_answer_is_handed_on_byte_for_byte(payload):
    assert gemini_api.unwrap(payload) is payload


@pytest.mark.parametrize("payload", [b"", b"[]", b'"x"', b"<html>", b"nonsense", b"null"])
def test_what_is_no_object_is_no_answer(payload):
    with pytest.raises(NotAnAnswer, match="not a JSON object"):
        gemini_api.unwrap(payload)


def test_it_serves_the_methods_that_the_gateway_forwards_and_no_other():
    assert (GEMINI_API.name, GEMINI_API.versioned) == ("gemini_api", True)
    assert repr(GEMINI_API) == "<GeminiApi>"
    assert GEMINI_API.operations >= {GENERATE, STREAM, COUNT, CREATE, CREATE_UNSTORED, FORWARDED}
    assert not GEMINI_API.operations & {LIST_MODELS, GET_MODEL}
    assert all(each.served and each.family is not Family.SOCKET for each in GEMINI_API.operations)


BY_ID = {operation.id: operation for operation in OPERATIONS}
KEY = {"x-goog-api-key": "AIza-secret"}
JSON = {"Content-Type": "application/json"}


def built(operation, passes=None, name="", body=b""):
    call = Call(
        operation, "", read_body(body), request_id="7", name=parse(name) if name else None, passes=passes, version="v1"
    )
    return GEMINI_API.build(call, model="", project="", token="AIza-secret", base="https://upstream.test")


def test_a_download_is_passed_on_as_it_comes():
    passes = PassThrough("GET", query="alt=media", headers=[("range", "bytes=0-7")])

    request = built(BY_ID["files.download"], passes, "files/f")

    assert (request.http, request.url) == ("GET", "https://upstream.test/v1/files/f:download?alt=media")
    assert request.headers == {**KEY, "Accept-Encoding": "identity", "range": "bytes=0-7"}
    assert (request.raw, request.pieces) == (True, [])
    assert built(BY_ID["files.download"], None, "files/f").headers == {**KEY, "Accept-Encoding": "identity"}


def test_what_has_no_row_goes_to_the_path_that_the_client_wrote():
    request = built(FORWARDED, PassThrough("PATCH", "new things/n:verb", "x=1"))

    assert (request.http, request.url) == ("PATCH", "https://upstream.test/v1/new%20things/n:verb?x=1")
    assert request.raw


def test_a_resource_is_asked_for_in_json():
    request = built(BY_ID["files.get"], PassThrough("GET"), "files/f")

    assert (request.http, request.url) == ("GET", "https://upstream.test/v1/files/f")
    assert (request.headers, request.raw, request.pieces) == ({**KEY, **JSON}, False, [])


def test_what_is_not_part_of_a_version_is_asked_for_without_one():
    assert built(BY_ID["discovery.rest"], PassThrough("GET")).url == "https://upstream.test/$discovery/rest"


def test_a_chat_goes_to_the_layer_for_openais_clients():
    request = built(CHAT, body=b'{"messages":[]}')

    assert request.url == "https://upstream.test/v1beta/openai/chat/completions"
    assert request.headers["Authorization"] == "Bearer AIza-secret"


def test_what_is_made_stands_in_fields():
    request = built(BY_ID["fileSearchStores.create"], PassThrough("POST", "not/this"), body=b'{"displayName" :"x"}')

    assert (request.http, request.url) == ("POST", "https://upstream.test/v1/fileSearchStores")
    assert sent(request) == b'{"displayName":"x"}'
