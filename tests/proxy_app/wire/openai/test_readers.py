"""Answers of the OpenAI layer, chunk by chunk."""

import json

import pytest

from proxy_app.wire.dialects.readers import ReportedError
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.readers import AnswerReader, ChunkReader
from proxy_app.wire.usage import Usage


def chunk(index=0, finish=None, **more):
    return json.dumps({"choices": [{"index": index, "delta": {}, "finish_reason": finish}], **more}).encode()


def fed(reader, *payloads):
    frames = []
    for payload in payloads:
        frames += reader.feed(b"data: " + payload + b"\n\n")
    return frames


def ended(reader):
    steps = reader.ending()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_a_stream_is_whole_when_each_choice_has_its_finish_reason():
    reader = ChunkReader(2, tells_usage=True)

    assert fed(reader, chunk(), chunk(1), chunk(0, "stop")) == [chunk(), chunk(1), chunk(0, "stop")]
    assert not reader.complete
    assert fed(reader, chunk(1, "length")) == [chunk(1, "length")]
    assert reader.complete
    assert reader.settled


def test_a_stream_is_whole_when_it_says_so():
    reader = ChunkReader(1, tells_usage=True)

    assert fed(reader, chunk(), b"[DONE]") == [chunk(), b"[DONE]"]
    assert reader.complete
    assert reader.settled


def test_counts_are_left_out_for_who_has_not_asked_and_nothing_else_is_touched():
    reader = ChunkReader(1, tells_usage=False)
    used = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    written = b'{"id" : "\\u00e4", "choices":[{"index":0, "delta":{"content":"a b"}}], "usage":%b}'

    (frame,) = fed(reader, written % json.dumps(used).encode())

    assert frame == b'{"id":"\\u00e4","choices":[{"index":0, "delta":{"content":"a b"}}]}'
    assert fed(reader, json.dumps({"choices": [], "usage": used}).encode()) == []
    assert reader.usage == Usage(prompt=1, candidates=2, total=3)


def test_what_comes_before_the_first_choice_waits_for_it():
    reader = ChunkReader(1, tells_usage=True)
    first = b'{"choices":[]}'

    assert fed(reader, first) == []
    assert fed(reader, chunk()) == [first, chunk()]


@pytest.mark.parametrize(
    "payload", [b'{"error":{"code":503,"message":"x"}}', b'[{"error":{"code":429,"message":"x"}}]']
)
def test_an_error_ends_a_stream(payload):
    reader = ChunkReader(1, tells_usage=True)

    assert fed(reader, payload) == []
    assert isinstance(reader.failure, ReportedError)


@pytest.mark.parametrize("payload", [b"[1]", b"{", b"words"])
def test_what_is_no_object_is_no_chunk(payload):
    reader = ChunkReader(1, tells_usage=True)

    assert fed(reader, payload) + ended(reader) == []
    assert isinstance(reader.failure, NotAnAnswer)


def test_a_chunk_of_an_unknown_shape_is_for_its_client_alone():
    reader = ChunkReader(1, tells_usage=True)
    odd = b'{"choices":7}'

    assert fed(reader, odd, chunk()) == [odd, chunk()]


def test_a_reader_says_of_itself_how_an_answer_comes():
    stream, plain = ChunkReader(1, tells_usage=True), AnswerReader(generated=True)

    assert [reader.whole for reader in (stream, plain)] == [False, True]
    assert [reader.may_be_empty for reader in (stream, plain)] == [False, False]
    assert [reader.complete for reader in (stream, plain)] == [False, True]
    assert [reader.settled for reader in (stream, plain)] == [False, True]
    assert all(200 in reader.statuses and 201 not in reader.statuses for reader in (stream, plain))


def test_an_answer_is_not_kept_once_it_is_read():
    reader = AnswerReader(generated=False)
    reader.feed(b"{}")

    assert repr(reader) == "<AnswerReader 2 bytes>"
    assert ended(reader) == [b"{}"]
    assert repr(reader) == "<AnswerReader 0 bytes>"


@pytest.mark.parametrize(("generated", "frames"), [(True, 0), (False, 1)])
def test_a_completion_needs_a_choice(generated, frames):
    reader = AnswerReader(generated=generated)
    reader.feed(b'{"object":"list",')
    reader.feed(b'"data":[]}')

    assert len(ended(reader)) == frames
