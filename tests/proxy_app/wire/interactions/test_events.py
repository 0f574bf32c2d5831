"""Reading an interaction's answer: what passes, and what is known of it afterwards."""

import json

import pytest

from proxy_app.wire.interactions.events import AnswerReader, InteractionReader, goes_on, told_in, use_in
from proxy_app.wire.usage import Usage

CREATED = b'event: interaction.created\ndata: {"event_type":"interaction.created","interaction":{"id":"v1_a"}}\n\n'
DELTA = b'data: {"event_type":"step.delta","index":0,"delta":{"type":"text","text":"hi"}}\n\n'
COMPLETED = (
    b'event: interaction.completed\ndata: {"event_type":"interaction.completed","interaction":{"id":"v1_a",'
    b'"status":"completed","usage":{"total_input_tokens":3,"total_output_tokens":4,"total_cached_tokens":1,'
    b'"total_thought_tokens":5,"total_tool_use_tokens":2,"total_tokens":14}}}\n\n'
)
DONE = b"event: done\ndata: [DONE]\n\n"
ERROR = b'event: error\ndata: {"event_type":"error","error":{"code":"unavailable","message":"Gone."}}\n\n'


def a_reader(*, metered=True):
    return InteractionReader(metered=metered)


def ended(reader):
    steps = reader.ending()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_a_stream_passes_one_block_after_the_other_as_it_is_sent():
    reader = a_reader()

    assert reader.feed(CREATED + DELTA[:20]) == [CREATED]
    assert reader.feed(DELTA[20:] + COMPLETED + DONE) == [DELTA, COMPLETED, DONE]
    assert ended(reader) == []
    assert reader.complete
    assert reader.usage == Usage(prompt=3, cached=1, candidates=4, thoughts=5, tool=2, total=14)


@pytest.mark.parametrize("last", [COMPLETED, DONE, b"data: [DONE]", COMPLETED.replace(b"\n", b"\r\n")])
def test_it_is_whole_when_it_says_so(last):
    reader = a_reader()
    frames = reader.feed(CREATED) + reader.feed(DELTA)

    assert not reader.complete
    assert b"".join([*frames, *reader.feed(last), *ended(reader)]) == CREATED + DELTA + last
    assert reader.complete


def test_comments_before_the_first_event_go_out_with_it():
    reader = a_reader()

    assert reader.feed(b": ping\n\n") == []
    assert reader.feed(CREATED) == [b": ping\n\n", CREATED]
    assert reader.feed(b": ping\n\n") == [b": ping\n\n"]


def test_an_error_that_comes_first_is_the_failure_of_the_answer():
    reader = a_reader()

    assert reader.feed(ERROR + DONE) == []
    assert json.loads(reader.failure.error) == {"error": {"code": "unavailable", "message": "Gone."}}


@pytest.mark.parametrize("error", [ERROR, b'{"error":{"code":503,"message":"Gone."}}\n\n', b'data: {"error":{}}\n\n'])
def test_a_later_error_is_relayed_and_reported(error):
    reader = a_reader()

    assert reader.feed(CREATED + error) == [CREATED, error]
    assert reader.failure is None
    assert reader.complete
    assert not reader.settled
    assert b'"error"' in reader.reported


def test_a_key_in_an_error_is_masked():
    key = b"AIza" + b"x" * 35
    reader = a_reader()
    frames = reader.feed(CREATED + ERROR.replace(b"Gone.", key))

    assert key not in frames[1]
    assert key not in reader.reported


def test_usage_of_a_stream_that_is_not_finished_is_the_last_total():
    reader = a_reader()
    reader.feed(CREATED)
    step = b'data: {"event_type":"step.stop","step_usage":{"total_tokens":9},"usage":{"total_tokens":9}%s}\n\n'
    reader.feed(step % b"")

    assert reader.usage == Usage()
    reader.feed(step % b',"metadata":{"total_usage":{"total_input_tokens":7,"total_tokens":8}}')
    assert reader.usage == Usage(prompt=7, total=8)


def test_what_is_not_metered_has_no_usage():
    reader = a_reader(metered=False)
    reader.feed(CREATED + COMPLETED)

    assert reader.usage == Usage()


@pytest.mark.parametrize("data", [b"oops", b"[]", b'{"event_type":7}', b'{"interaction":"x"}', b"\xff"])
def test_an_event_of_another_shape_passes(data):
    reader = a_reader()
    block = b"data: " + data + b"\n\n"

    assert reader.feed(block + CREATED) == [block, CREATED]
    assert reader.failure is None


def test_an_unreadable_field_leaves_the_others_readable():
    reader = a_reader()
    reader.feed(b'data: {"event_type":"interaction.completed","interaction":{"id":"a"},"usage":"many"}\n\n')

    assert reader.complete


@pytest.mark.parametrize(
    ("block", "named"),
    [
        (CREATED, {"id": "v1_a", "environment_id": None}),
        (COMPLETED.replace(b'"id"', b'"environment_id":"e","id"'), {"id": None, "environment_id": "e"}),
        (DELTA, None),
        (DELTA.replace(b"hi", b"interaction.created"), None),
    ],
)
def test_the_names_in_an_event(block, named):
    told = told_in(block)
    assert (told and {name: json.loads(told.answer)[name] for name in named}) == named
    assert told is None or told.is_last == (b"interaction.completed" in block)


def test_an_event_tells_what_a_plain_answer_would():
    told = told_in(COMPLETED)

    assert told is not None
    assert {name for name, value in json.loads(told.answer).items() if value} == {"object", "status", "usage"}
    assert json.loads(told.answer)["object"] == "interaction"
    assert use_in(told.answer).total == 14


@pytest.mark.parametrize(
    ("answer", "on", "use"),
    [
        (b'{"status":"in_progress"}', True, None),
        (b'{"status":"queued","usage":{"total_tokens":3}}', True, None),
        (b'{"status":"completed","usage":{"total_tokens":3}}', False, Usage(total=3)),
        (b'{"status":"failed"}', False, Usage()),
        (b'{"name":"files/a"}', False, None),
        (b"[]", False, None),
        (b"{", False, None),
    ],
)
def test_what_an_interaction_has_used_is_known_when_it_is_over(answer, on, use):
    assert goes_on(answer) is on
    assert use_in(answer) == use


def an_answer(body, *, metered=True, may_be_missing=False):
    reader = AnswerReader(metered=metered, may_be_missing=may_be_missing)
    assert reader.feed(body) == []
    return reader, ended(reader)


def test_a_plain_answer_is_one_frame():
    body = b'{"id":"v1_a","status":"completed","steps":[],"usage":{"total_tokens":5}}'
    reader, frames = an_answer(body)

    assert frames == [body]
    assert reader.usage == Usage(total=5)


@pytest.mark.parametrize("size", [1, 7])
def test_a_plain_answer_comes_at_its_end_however_it_is_cut(size):
    body, reader = b'{"id":"v1_a","status":"completed"}', AnswerReader(metered=True, may_be_missing=False)

    assert [frame for at in range(0, len(body), size) for frame in reader.feed(body[at : at + size])] == []
    assert ended(reader) == [body]


def test_a_reader_says_of_itself_how_an_answer_comes():
    stream, plain = a_reader(), AnswerReader(metered=True, may_be_missing=True)

    assert [reader.whole for reader in (stream, plain)] == [False, True]
    assert [reader.may_be_empty for reader in (stream, plain)] == [False, False]
    assert [reader.complete for reader in (stream, plain)] == [False, True]
    assert [reader.settled for reader in (stream, plain)] == [False, True]
    assert all(200 in reader.statuses and 201 not in reader.statuses for reader in (stream, plain))


def test_an_interaction_with_an_error_of_its_own_is_an_answer():
    body = b'{"id":"v1_a","status":"failed","error":{"code":"internal_error"}}'

    assert an_answer(body)[1] == [body]


def test_an_error_in_a_plain_answer_is_a_failure():
    reader, frames = an_answer(b'{"error":{"code":"unavailable","message":"Later."}}')

    assert frames == []
    assert b"Later." in reader.failure.error


@pytest.mark.parametrize(("may_be_missing", "frames"), [(True, [b"{}"]), (False, [])])
def test_no_answer_is_one_to_a_delete_alone(may_be_missing, frames):
    assert an_answer(b"", may_be_missing=may_be_missing)[1] == frames


def test_what_is_no_object_is_no_answer():
    reader, frames = an_answer(b"<html>")

    assert frames == []
    assert reader.failure is not None
