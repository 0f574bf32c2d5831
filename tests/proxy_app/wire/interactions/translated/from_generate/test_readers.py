import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects import NotAnAnswer, ReportedError, cloud_code
from proxy_app.wire.interactions.translated.from_generate.readers import reader_of
from proxy_app.wire.operations import OPERATIONS
from proxy_app.wire.usage import Usage
from tests.proxy_app.wire.interactions.translated.bodies import parts_of

CREATE = next(each for each in OPERATIONS if each.id == "interactions.create")
COUNTS = {"promptTokenCount": 3, "candidatesTokenCount": 5, "thoughtsTokenCount": 2, "totalTokenCount": 10}
SUMS = {
    "total_input_tokens": 3,
    "total_cached_tokens": 0,
    "total_output_tokens": 5,
    "total_thought_tokens": 2,
    "total_tool_use_tokens": 0,
    "total_tokens": 10,
}
TEXT = {"text": "Hello"}
MARKED = {"text": "", "thoughtSignature": "c2ln"}
CALLED = {"functionCall": {"id": "x1", "name": "look", "args": {"at": 1}}}
GROUNDED = {
    "groundingMetadata": {
        "webSearchQueries": ["a", "b"],
        "searchEntryPoint": {"renderedContent": "<b>a</b>"},
        "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}, {"retrievedContext": {}}],
        "groundingSupports": [
            {"segment": {"endIndex": 5, "text": "Hello"}, "groundingChunkIndices": [0, 1, 2, 9]},
            {"groundingChunkIndices": [0]},
        ],
    }
}
CITED = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 5}


def response(*parts, finish="", counts=None, **candidate):
    """One response of generateContent, or one event of a stream."""
    said = {"content": {"role": "model", "parts": list(parts)}, **candidate}
    made = {"candidates": [{**said, "finishReason": finish} if finish else said]}
    return {**made, "usageMetadata": counts} if counts else made


def events_of(*responses):
    """As the bytes of a stream."""
    return b"".join(b"data: %b\r\n\r\n" % json.dumps({"response": each}).encode() for each in responses)


class Read:
    """A body in pieces of `size` bytes, as the reader reads it."""

    def __init__(self, body: bytes, form=None, size: int = 0, request_id: str = "0123456789abcdef") -> None:
        call = Call(CREATE, "gemini-3-flash", {}, request_id=request_id, form=form)
        self.reader = reader_of(call, cloud_code.unwrap)
        size = size or max(1, len(body))
        self.frames = [frame for at in range(0, len(body), size) for frame in self.reader.feed(body[at : at + size])]
        steps = self.reader.ending()
        try:
            while True:
                next(steps)
        except StopIteration as end:
            self.frames += end.value


def streamed(*responses, size=0):
    return Read(events_of(*responses), StreamForm.BLOCKS, size)


def plain(made):
    """The interaction that a plain answer becomes."""
    (frame,) = Read(json.dumps({"response": made}).encode()).frames
    return json.loads(frame)


def told(frames):
    """The events, each checked to be a block of its own, shortened to what tells them apart."""
    shown = []
    for frame in frames:
        name, data = frame.decode().removesuffix("\n\n").split("\n")
        if name == "event: done":
            assert data == "data: [DONE]"
            shown.append("done")
            continue
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event.pop('event_type')}"
        index = event.pop("index", None)
        what = event.get("step") or event.get("delta") or event.get("interaction") or event
        shown.append((name.removeprefix("event: "), what) if index is None else (name[7:], index, what))
    return shown


def steps_in(frames):
    """The events between the two that open a stream and the two that end it."""
    return told(frames)[2:-2]


def test_a_stream_has_googles_events_in_googles_order():
    read = streamed(
        {"usageMetadata": {"promptTokenCount": 3}},
        {**response({"text": "Hm.", "thought": True}), "createTime": "2026-01-10T01:55:33.450396Z"},
        response(TEXT),
        response({"text": " there"}, finish="STOP", counts=COUNTS),
    )

    about = {"id": "", "object": "interaction", "model": "gemini-3-flash"}
    when = {"created": "2026-01-10T01:55:33Z", "updated": "2026-01-10T01:55:33Z"}
    assert told(read.frames) == [
        ("interaction.created", {**about, "status": "in_progress"}),
        ("interaction.status_update", {"interaction_id": "", "status": "in_progress"}),
        ("step.start", 0, {"type": "thought"}),
        ("step.delta", 0, {"type": "thought_summary", "content": {"type": "text", "text": "Hm."}}),
        ("step.stop", 0, {}),
        ("step.start", 1, {"type": "model_output"}),
        ("step.delta", 1, {"type": "text", "text": "Hello"}),
        ("step.delta", 1, {"type": "text", "text": " there"}),
        ("step.stop", 1, {}),
        ("interaction.completed", {**about, "status": "completed", **when, "usage": SUMS}),
        "done",
    ]
    assert read.reader.usage == Usage(prompt=3, candidates=5, thoughts=2, total=10)
    assert read.reader.complete
    assert read.reader.settled


@pytest.mark.parametrize("size", [1, 7])
def test_a_stream_reads_the_same_however_it_is_cut(size):
    responses = [response(TEXT), response({"text": "é\u2028"}), response(CALLED, finish="STOP", counts=COUNTS)]

    assert streamed(*responses, size=size).frames == streamed(*responses).frames


def test_the_arguments_of_a_call_are_a_delta_after_its_step():
    read = streamed(response({**CALLED, "thoughtSignature": "c2ln"}, CALLED, finish="STOP", counts=COUNTS))

    call = {"type": "function_call", "id": "x1", "name": "look", "arguments": {}}
    arguments = {"type": "arguments_delta", "arguments": '{"at": 1}'}
    assert steps_in(read.frames) == [
        ("step.start", 0, {"type": "thought"}),
        ("step.delta", 0, {"type": "thought_signature", "signature": "c2ln"}),
        ("step.stop", 0, {}),
        ("step.start", 1, call),
        ("step.delta", 1, arguments),
        ("step.stop", 1, {}),
        ("step.start", 2, call),
        ("step.delta", 2, arguments),
        ("step.stop", 2, {}),
    ]
    assert told(read.frames)[-2][1]["status"] == "requires_action"


def test_what_was_looked_up_comes_after_the_text_in_a_stream_and_its_sources_within():
    read = streamed(response(TEXT, groundingMetadata={}), response(MARKED, finish="STOP", counts=COUNTS, **GROUNDED))

    id_ = "call_0123456789ab_1"
    search, found = {"type": "google_search_call"}, {"type": "google_search_result"}
    suggestions = [{"search_suggestions": "<b>a</b>"}]
    assert steps_in(read.frames) == [
        ("step.start", 0, {"type": "model_output"}),
        ("step.delta", 0, {"type": "text", "text": "Hello"}),
        ("step.delta", 0, {"type": "text_annotation_delta", "annotations": [CITED]}),
        ("step.stop", 0, {}),
        ("step.start", 1, {"type": "thought"}),
        ("step.delta", 1, {"type": "thought_signature", "signature": "c2ln"}),
        ("step.stop", 1, {}),
        ("step.start", 2, {**search, "id": id_, "arguments": {}}),
        ("step.delta", 2, {**search, "arguments": {"queries": ["a", "b"]}}),
        ("step.stop", 2, {}),
        ("step.start", 3, {**found, "call_id": id_, "result": []}),
        ("step.delta", 3, {**found, "result": suggestions, "is_error": False}),
        ("step.stop", 3, {}),
    ]


def test_sources_come_after_the_text_that_ends_a_stream_and_before_what_follows_it():
    read = streamed(response(TEXT, MARKED, finish="STOP", counts=COUNTS, **GROUNDED))

    assert [event[2].get("type") for event in steps_in(read.frames)[:6]] == [
        *("model_output", "text", "text_annotation_delta", None, "thought", "thought_signature"),
    ]


@pytest.mark.parametrize("shown", [{}, {"searchEntryPoint": {}}, {"searchEntryPoint": {"renderedContent": ""}}])
def test_a_search_without_suggestions_has_none(shown):
    made = plain(response(TEXT, finish="STOP", groundingMetadata={"webSearchQueries": ["a"], **shown}))

    assert made["steps"][1] == {
        "type": "google_search_result",
        "call_id": "call_0123456789ab_1",
        "result": [],
        "is_error": False,
    }


def test_a_plain_answer_is_one_interaction():
    made = plain({**response(TEXT, MARKED, finish="STOP", counts=COUNTS), "createTime": "2026-01-10T01:55:33Z"})

    assert made == {
        "id": "",
        "object": "interaction",
        "status": "completed",
        "model": "gemini-3-flash",
        "created": "2026-01-10T01:55:33Z",
        "updated": "2026-01-10T01:55:33Z",
        "usage": SUMS,
        "steps": [
            {"type": "model_output", "content": [{"type": "text", "text": "Hello"}]},
            {"type": "thought", "signature": "c2ln"},
        ],
    }


@pytest.mark.parametrize(
    ("part", "content"),
    [
        (TEXT, {"type": "text", "text": "Hello"}),
        (
            {"inlineData": {"mimeType": "image/png", "data": "iVBO"}},
            {"type": "image", "mime_type": "image/png", "data": "iVBO"},
        ),
        (
            {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AA=="}},
            {"type": "audio", "mime_type": "audio/l16", "sample_rate": 24000, "data": "AA=="},
        ),
        (
            {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://a"}},
            {"type": "document", "mime_type": "application/pdf", "uri": "gs://a"},
        ),
        (
            {"inlineData": {"mimeType": "audio/pcm; rate=999999999; channels=2", "data": "AA=="}},
            {"type": "audio", "mime_type": "audio/pcm", "sample_rate": 999999999, "channels": 2, "data": "AA=="},
        ),
        (
            {"inlineData": {"mimeType": "audio/l24;rate=9999999999;channels=x", "data": "AA=="}},
            {"type": "audio", "mime_type": "audio/l24", "data": "AA=="},
        ),
        ({"inlineData": {"data": "AA=="}}, {"type": "document", "data": "AA=="}),
        ({"fileData": {"fileUri": "gs://a"}}, {"type": "document", "uri": "gs://a"}),
    ],
)
def test_a_part_is_a_content_and_the_same_as_a_delta(part, content):
    (step,) = plain(response(part, finish="STOP"))["steps"]
    frames = streamed(response(part, finish="STOP")).frames

    assert step == {"type": "model_output", "content": [content]}
    assert steps_in(frames)[1] == ("step.delta", 0, content)


def test_code_has_an_id_that_its_result_names():
    ran = {"executableCode": {"language": "PYTHON", "code": "1/0"}, "thoughtSignature": "c2ln"}
    failed = {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "ZeroDivisionError"}}

    call, result = plain(response(ran, failed, finish="STOP"))["steps"]

    assert call == {
        "type": "code_execution_call",
        "id": "call_0123456789ab_1",
        "arguments": {"language": "python", "code": "1/0"},
        "signature": "c2ln",
    }
    assert result == {
        "type": "code_execution_result",
        "call_id": call["id"],
        "result": "ZeroDivisionError",
        "is_error": True,
    }


def test_code_in_no_language_is_python_and_its_result_may_be_signed_too():
    ran, printed = {"executableCode": {"code": "1"}}, {"codeExecutionResult": {}, "thoughtSignature": "c2ln"}

    call, result = plain(response(ran, printed, finish="STOP"))["steps"]

    assert call["arguments"] == {"language": "python", "code": "1"}
    assert (result["result"], result["is_error"], result["signature"]) == ("", False, "c2ln")


def test_a_result_of_code_that_nobody_was_told_has_an_id_of_its_own():
    printed = response({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}, finish="STOP")

    result = {"type": "code_execution_result", "call_id": "call_0123456789ab_1", "result": ""}
    assert steps_in(streamed(printed).frames)[0] == ("step.start", 0, result)


def test_arguments_that_are_no_utf8_are_told_as_a_text():
    called = json.dumps(response({"functionCall": {"name": "look", "args": {"at": "?"}}}, finish="STOP")).encode()
    body = b'data: {"response":%b}\n\n' % called.replace(b"?", b"\xff")

    arguments = steps_in(Read(body, StreamForm.BLOCKS).frames)[1][2]

    assert arguments == {"type": "arguments_delta", "arguments": '{"at": "\ufffd"}'}


@pytest.mark.parametrize(
    ("told_by_google", "status"),
    [
        ("URL_RETRIEVAL_STATUS_SUCCESS", "success"),
        ("URL_RETRIEVAL_STATUS_PAYWALL", "paywall"),
        ("URL_RETRIEVAL_STATUS_UNSAFE", "unsafe"),
        ("URL_RETRIEVAL_STATUS_ERROR", "error"),
        ("", "error"),
    ],
)
def test_a_page_has_the_status_that_google_tells(told_by_google, status):
    page = {"retrievedUrl": "https://a.example", "urlRetrievalStatus": told_by_google}

    made = plain(response(TEXT, finish="STOP", urlContextMetadata={"urlMetadata": [page]}))

    assert made["steps"][1]["result"] == [{"url": "https://a.example", "status": status}]


def test_pages_that_were_read_are_steps_and_sources_stand_at_the_text():
    pages = {
        "urlMetadata": [
            {"retrievedUrl": "https://a.example", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"},
            {"retrievedUrl": "https://b.example", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_ERROR"},
        ]
    }

    steps = plain(response(TEXT, finish="STOP", urlContextMetadata=pages, **GROUNDED))["steps"]

    assert [step["type"] for step in steps] == [
        *("google_search_call", "google_search_result", "url_context_call", "url_context_result", "model_output"),
    ]
    assert steps[2]["arguments"] == {"urls": ["https://a.example", "https://b.example"]}
    assert [page["status"] for page in steps[3]["result"]] == ["success", "error"]
    assert steps[4]["content"] == [{"type": "text", "text": "Hello", "annotations": [CITED]}]


@pytest.mark.parametrize("found", [7, {"webSearchQueries": "a"}, {"groundingChunks": [[]]}])
def test_an_answer_is_told_without_what_has_an_unknown_shape_beside_it(found):
    made = plain(response(TEXT, finish="STOP", groundingMetadata=found, urlContextMetadata=found))

    assert [step["type"] for step in made["steps"]] == ["model_output"]


def test_ids_are_of_one_answer_alone():
    bare = events_of(response({"functionCall": {"name": "look"}}, finish="STOP", counts=COUNTS))

    one, two = (
        steps_in(Read(bare, StreamForm.BLOCKS, request_id=request_id).frames)[0][2]["id"] for request_id in "ab"
    )

    assert one != two


@pytest.mark.parametrize(
    ("reason", "status"),
    [("STOP", "completed"), ("MAX_TOKENS", "incomplete"), ("SAFETY", "failed"), ("MALFORMED_FUNCTION_CALL", "failed")],
)
def test_the_reason_to_stop_is_the_status(reason, status):
    made = plain(response(TEXT, finish=reason))
    (*_, (_, completed), _) = told(streamed(response(TEXT, finish=reason, counts=COUNTS)).frames)

    assert (made["status"], completed["status"]) == (status, status)
    assert ("errors" in made) == ("errors" in completed) == (status == "failed")


def test_a_failed_interaction_says_why():
    made = plain(response(finish="SAFETY", finishMessage="Not safe."))

    assert made["errors"] == [{"code": "safety", "message": "Not safe."}]
    assert made["steps"] == []


def test_counts_may_come_after_the_reason_to_stop():
    read = streamed(response(TEXT, finish="STOP"), {"usageMetadata": COUNTS})

    assert told(read.frames)[-2][1]["usage"] == SUMS
    assert told(read.frames)[-1] == "done"


def test_a_stream_that_says_no_counts_is_completed_by_its_end():
    read = streamed(response(TEXT, finish="STOP"))

    assert told(read.frames)[-2][1]["usage"]["total_tokens"] == 0
    assert read.reader.settled


def test_counts_by_modality_are_passed_on():
    counts = {**COUNTS, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": "3"}], "cachedContentTokenCount": 1}

    assert plain(response(TEXT, finish="STOP", counts=counts))["usage"] == {
        **SUMS,
        "total_cached_tokens": 1,
        "input_tokens_by_modality": [{"modality": "text", "tokens": 3}],
    }


def test_counts_by_modality_are_told_under_the_names_of_interactions():
    details = {
        "promptTokensDetails": "input_tokens_by_modality",
        "cacheTokensDetails": "cached_tokens_by_modality",
        "candidatesTokensDetails": "output_tokens_by_modality",
        "toolUsePromptTokensDetails": "tool_use_tokens_by_modality",
    }
    counts = {name: [{"modality": name, "tokenCount": 1}, {}] for name in details}

    usage = plain(response(TEXT, finish="STOP", counts=counts))["usage"]

    for name, field in details.items():
        assert usage[field] == [{"modality": name.lower(), "tokens": 1}, {"modality": "", "tokens": 0}]
    assert {usage[sum_] for sum_ in SUMS} == {0}


@pytest.mark.parametrize("form", [None, StreamForm.BLOCKS])
def test_a_reader_says_of_itself_how_an_answer_comes(form):
    reader = Read(b"", form).reader

    assert reader.whole is reader.complete is reader.settled is (form is None)
    assert not reader.may_be_empty
    assert 200 in reader.statuses
    assert 201 not in reader.statuses


@pytest.mark.parametrize("size", [1, 7])
def test_a_plain_answer_reads_the_same_however_it_is_cut_and_is_not_kept(size):
    body = json.dumps({"response": response(TEXT, finish="STOP", counts=COUNTS)}).encode()

    read = Read(body, size=size)

    assert read.frames == Read(body).frames != []
    assert repr(read.reader) == "<TranslatedAnswer 0 bytes>"


@pytest.mark.parametrize("form", [None, StreamForm.BLOCKS])
def test_a_blocked_prompt_is_an_error_of_the_request(form):
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    body = events_of(blocked) if form else json.dumps({"response": blocked}).encode()

    read = Read(body, form)

    assert read.frames == []
    assert isinstance(read.reader.failure, ReportedError)
    assert json.loads(read.reader.failure.error) == {
        "error": {"message": "The prompt was blocked: SAFETY.", "code": "invalid_request"}
    }


@pytest.mark.parametrize("form", [None, StreamForm.BLOCKS])
@pytest.mark.parametrize("made", [{}, {"candidates": []}, {"usageMetadata": COUNTS}, {"candidates": [{"index": 1}]}])
def test_an_answer_without_a_candidate_has_no_frames(form, made):
    body = events_of(made) if form else json.dumps({"response": made}).encode()

    read = Read(body, form)

    assert read.frames == []
    assert read.reader.failure is None


def test_a_stream_that_breaks_off_has_no_event_that_upstream_did_not_send():
    read = streamed(response(TEXT))

    assert [event[0] for event in told(read.frames)][-1] == "step.delta"
    assert not read.reader.complete


def test_an_error_within_a_stream_ends_it():
    error = b'{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}'

    read = Read(events_of(response(TEXT)) + error, StreamForm.BLOCKS)

    assert len(read.frames) == 4
    assert isinstance(read.reader.failure, ReportedError)
    assert read.reader.failure.error == error


@pytest.mark.parametrize(
    "parts",
    [
        [TEXT],
        [TEXT, MARKED],
        [{**TEXT, "thoughtSignature": "c2ln"}],
        [{"text": "Hm.", "thought": True}, {**CALLED, "thoughtSignature": "c2ln"}, CALLED],
        [TEXT, {**CALLED, "thoughtSignature": "c2ln"}, MARKED],
        [{"inlineData": {"mimeType": "image/png", "data": "iVBO"}, "thoughtSignature": "c2ln"}, TEXT],
        [
            {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "c2ln"},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            TEXT,
        ],
    ],
)
def test_what_the_model_said_goes_back_to_it_unchanged(parts):
    steps = plain(response(*parts, finish="STOP", counts=COUNTS, **GROUNDED))["steps"]

    assert parts_of({"type": "text", "text": "Hello"}, *steps)[1:] == [("model", parts)]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_PART = st.dictionaries(
    st.sampled_from(["text", "thought", "thoughtSignature", "inlineData", "functionCall", "executableCode"]), _JSON
)
_CANDIDATE = st.fixed_dictionaries(
    {"content": st.fixed_dictionaries({"parts": st.lists(_PART, max_size=3) | _JSON}) | _JSON},
    optional=dict.fromkeys(("finishReason", "groundingMetadata", "urlContextMetadata", "index"), _JSON),
)
_RESPONSE = st.fixed_dictionaries(
    {"candidates": st.lists(_CANDIDATE, max_size=2) | _JSON},
    optional=dict.fromkeys(("usageMetadata", "promptFeedback", "createTime"), _JSON),
)


@given(st.lists(_RESPONSE | _JSON, max_size=3))
def test_whatever_upstream_sends_is_told_or_a_failure(responses):
    for read in (streamed(*responses), *(Read(json.dumps({"response": each}).encode()) for each in responses)):
        assert isinstance(read.reader.failure, ReportedError | NotAnAnswer | None)
        for frame in read.frames:
            assert frame.startswith(b"event: ") or json.loads(frame)["object"] == "interaction"
