import pytest
from msgspec import Raw

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.interactions.translated.to_generate.request import translated
from proxy_app.wire.malformed import Malformed
from tests.proxy_app.wire.interactions.translated.bodies import parts_of, translate

PNG = {"type": "image", "data": "iVBO", "mime_type": "image/png"}
INLINE_PNG = {"inlineData": {"mimeType": "image/png", "data": "iVBO"}}
CALL = {"type": "function_call", "id": "c1", "name": "look", "arguments": {"at": 1}}


def text(said):
    return {"type": "text", "text": said}


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (text("Hi"), {"text": "Hi"}),
        ({"type": "text", "text": "Hi", "annotations": []}, {"text": "Hi"}),
        (PNG, INLINE_PNG),
        ({**PNG, "resolution": "high"}, {**INLINE_PNG, "mediaResolution": {"level": "MEDIA_RESOLUTION_HIGH"}}),
        ({"type": "document", "uri": "gs://a/b"}, {"fileData": {"fileUri": "gs://a/b"}}),
        (
            {"type": "video", "uri": "https://youtu.be/a", "mime_type": "video/mp4", "processing": "static"},
            {"fileData": {"mimeType": "video/mp4", "fileUri": "https://youtu.be/a"}},
        ),
        (
            {"type": "video", "uri": "gs://a", "processing": {"type": "static", "start_offset": "3s", "fps": 2}},
            {"fileData": {"fileUri": "gs://a"}, "videoMetadata": {"startOffset": "3s", "fps": 2}},
        ),
        (
            {"type": "video", "uri": "gs://a", "processing": {"type": "static", "end_offset": "9s"}},
            {"fileData": {"fileUri": "gs://a"}, "videoMetadata": {"endOffset": "9s"}},
        ),
        (
            {"type": "audio", "data": "AAA=", "mime_type": "audio/l16", "sample_rate": 24000, "channels": 1},
            {"inlineData": {"mimeType": "audio/l16;rate=24000;channels=1", "data": "AAA="}},
        ),
        (
            {"type": "audio", "data": "AAA=", "mime_type": "audio/PCM", "sample_rate": 24000},
            {"inlineData": {"mimeType": "audio/PCM;rate=24000", "data": "AAA="}},
        ),
        (
            {"type": "audio", "data": "AAA=", "mime_type": "audio/l24", "channels": 2},
            {"inlineData": {"mimeType": "audio/l24;channels=2", "data": "AAA="}},
        ),
        (
            {"type": "audio", "data": "AAA=", "mime_type": "audio/wav", "sample_rate": 24000},
            {"inlineData": {"mimeType": "audio/wav", "data": "AAA="}},
        ),
    ],
)
def test_a_content_is_a_part(content, part):
    assert parts_of(content) == [("user", [part])]
    assert translate(input=content)["contents"] == [{"role": "user", "parts": [part]}]
    assert parts_of({"type": "user_input", "content": [content]}) == [("user", [part])]
    assert parts_of(text("Look:"), content) == [("user", [{"text": "Look:"}, part])]


def test_steps_are_turns_and_neighbours_of_one_side_are_one():
    asked, more = ({"type": "user_input", "content": [text(said)]} for said in ("Hello", "Are you there?"))

    assert parts_of(asked, more, {"type": "model_output", "content": [text("Yes."), PNG]}, text("Good")) == [
        ("user", [{"text": "Hello"}, {"text": "Are you there?"}]),
        ("model", [{"text": "Yes."}, INLINE_PNG]),
        ("user", [{"text": "Good"}]),
    ]


def test_a_signature_stands_on_the_part_after_its_thought():
    thought = {"type": "thought", "signature": "c2ln", "summary": [text("I must look.")]}
    other = {**CALL, "id": "c2"}

    assert parts_of(text("Look"), thought, CALL, other) == [
        ("user", [{"text": "Look"}]),
        (
            "model",
            [
                {"text": "I must look.", "thought": True},
                {"functionCall": {"id": "c1", "name": "look", "args": {"at": 1}}, "thoughtSignature": "c2ln"},
                {"functionCall": {"id": "c2", "name": "look", "args": {"at": 1}}},
            ],
        ),
    ]


@pytest.mark.parametrize("after", [[], [text("And then?")], [{"type": "thought", "signature": ""}]])
def test_a_signature_that_nothing_follows_stands_on_an_empty_text(after):
    answer = {"type": "model_output", "content": [text("Yes.")]}

    contents = parts_of(text("Hello"), answer, {"type": "thought", "signature": "c2ln"}, *after)

    assert contents[1] == ("model", [{"text": "Yes."}, {"text": "", "thoughtSignature": "c2ln"}])


def test_a_call_may_have_its_signature_itself():
    (model,) = parts_of({**CALL, "signature": "c2ln"})

    assert model[1][0]["thoughtSignature"] == "c2ln"


@pytest.mark.parametrize(
    ("result", "response"),
    [
        ({"result": {"seen": 1}}, {"response": {"seen": 1}}),
        ({"result": "nothing"}, {"response": {"result": "nothing"}}),
        ({"result": [1, {"a": 2}]}, {"response": {"result": [1, {"a": 2}]}}),
        ({"result": 7}, {"response": {"result": 7}}),
        ({"result": [text("a"), text("b")]}, {"response": {"result": ["a", "b"]}}),
        ({"result": [text("a"), PNG]}, {"response": {"result": "a"}, "parts": [INLINE_PNG]}),
        ({"result": "dark", "is_error": True}, {"response": {"error": "dark"}}),
        ({"result": {"why": 1}, "is_error": True}, {"response": {"error": {"why": 1}}}),
    ],
)
def test_the_result_of_a_function_has_the_name_of_its_call(result, response):
    step = {"type": "function_result", "call_id": "c1", **result}

    for written in (step, {"type": "user_input", "content": [step]}):
        assert parts_of(CALL, written)[1] == (
            "user",
            [{"functionResponse": {"id": "c1", "name": "look", **response}}],
        )


def test_code_and_its_result_are_the_models():
    code = {"type": "code_execution_call", "id": "1", "arguments": {"code": "1/0", "language": "python"}}
    result = {"type": "code_execution_result", "call_id": "1", "result": "ZeroDivisionError", "is_error": True}

    assert parts_of({**code, "signature": "c2ln"}, result) == [
        (
            "model",
            [
                {"executableCode": {"language": "PYTHON", "code": "1/0"}, "thoughtSignature": "c2ln"},
                {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "ZeroDivisionError"}},
            ],
        )
    ]


def test_a_call_may_be_without_arguments():
    called, ran = {"type": "function_call", "name": "look"}, {"type": "code_execution_call", "id": "1"}

    assert parts_of(called, ran) == [
        (
            "model",
            [
                {"functionCall": {"name": "look", "args": {}}},
                {"executableCode": {"language": "PYTHON", "code": ""}},
            ],
        )
    ]


def test_what_google_has_looked_up_is_not_told_again():
    searched = {"type": "google_search_call", "id": "1", "arguments": {"queries": ["a"]}, "signature": "x"}
    found = {"type": "google_search_result", "call_id": "1", "result": []}

    assert parts_of(text("Hello"), searched, found, {"type": "model_output", "content": "Yes."}) == [
        ("user", [{"text": "Hello"}]),
        ("model", [{"text": "Yes."}]),
    ]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({}, "'input[0].type' is required."),
        ({"type": 3}, "Invalid value at 'input[0].type': Expected `str | null`, got `int`."),
        ({"type": "text"}, "'input[0].text' is required."),
        ({"type": "image", "data": "iVBO"}, "'input[0].mime_type' is required."),
        ({"type": "image", "mime_type": "image/png"}, "'input[0].data' is required."),
        ({"type": "image", "data": {}, "mime_type": "a/b"}, "Invalid value at 'input[0].data': Expected `str`."),
        (
            {"type": "user_input", "content": [text("a"), {"type": "text", "text": 1}]},
            "Invalid value at 'input[0].content[1].text': Expected `str`.",
        ),
        ({"type": "function_call"}, "'input[0].name' is required."),
        ({**CALL, "arguments": "{}"}, "Invalid value at 'input[0].arguments': Expected `object`."),
        ({"type": "function_result", "result": ""}, "'input[0].call_id' is required."),
        ({"type": "function_result", "call_id": "unknown", "result": ""}, "'input[0].name' is required."),
        ({"type": "function_result", "call_id": "c", "name": "f"}, "'input[0].result' is required."),
        (
            {"type": "code_execution_call", "id": "1", "arguments": {"code": 1}},
            "Invalid value at 'input[0].arguments.code': Expected `str`, got `int`.",
        ),
        (
            {"role": "user", "content": "Hi"},
            "The legacy Interactions API schema is no longer supported. 'input[0]' has a role instead of a type.",
        ),
    ],
)
def test_nonsense_is_refused_by_its_place(item, message):
    with pytest.raises(Malformed) as refused:
        parts_of(item)

    assert str(refused.value) == message


def test_steps_within_steps_without_end_are_refused():
    deep = b'{"type":"user_input","content":[' * 100_000
    body = read_body(b'{"model":"m","store":false}', keeps_model=True)

    with pytest.raises(Malformed):
        translated({**body, "input": read_body(b'{"a":' + b"[" * 900 + b"]" * 900 + b"}")["a"]})
    with pytest.raises(Malformed, match=r"^Invalid JSON payload received\.$"):
        translated({**body, "input": Raw(deep)})
    with pytest.raises(Malformed):
        read_body(b'{"input":' + deep)


def test_media_are_passed_on_undecoded_in_the_bytes_they_came_in():
    item = b'{"type":"image","mime_type":"image/png","data":"no-base64 \\u0041\\/"}'
    body = read_body(b'{"model":"m","store":false,"input":[%b]}' % item, keeps_model=True)

    assert b'"data":"no-base64 \\u0041\\/"' in bytes(translated(body)["contents"])
