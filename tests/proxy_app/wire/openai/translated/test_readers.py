import json

from proxy_app.wire.bodies.bodies import read_body
from proxy_app.wire.calls import Call, StreamForm
from proxy_app.wire.dialects.readers import ReportedError
from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.translated.readers import reader_of
from proxy_app.wire.operations.rows import openai
from proxy_app.wire.usage import Usage
from tests.proxy_app.wire.openai.test_readers import ended


def of(operation, form=None, **body):
    return reader_of(Call(operation, "m", read_body(json.dumps(body).encode()), "id", form=form), lambda frame: frame)


def event(text, finish=""):
    candidate = {"content": {"parts": [{"text": text}]}, **({"finishReason": finish} if finish else {})}
    return b"data: " + json.dumps({"candidates": [candidate]}).encode() + b"\r\n\r\n"


def test_a_stream_is_translated_as_it_comes():
    reader = of(openai.CHAT, StreamForm.CHUNKS)

    (first,) = reader.feed(event("a"))
    assert json.loads(first)["choices"][0]["delta"]["content"] == "a"
    assert not reader.complete
    assert len(reader.feed(event("b", "STOP"))) == 1
    assert reader.settled
    assert ended(reader) == [b"[DONE]"]


def test_a_stream_that_is_not_whole_has_no_end():
    reader = of(openai.CHAT, StreamForm.CHUNKS)
    reader.feed(event("a"))

    assert ended(reader) == []
    assert not reader.complete


def test_errors_of_googles_are_its_failure():
    reader = of(openai.CHAT, StreamForm.CHUNKS)

    assert reader.feed(b'data: {"error":{"code":503,"message":"x"}}\r\n\r\n') == []
    assert isinstance(reader.failure, ReportedError)


def test_what_cannot_be_translated_is_no_answer():
    reader = of(openai.CHAT, StreamForm.CHUNKS)

    assert reader.feed(b'data: {"candidates":[{"content":{"parts":7}}]}\r\n\r\n') == []
    assert isinstance(reader.failure, NotAnAnswer)


def test_what_was_used_is_what_google_tells():
    reader = of(openai.CHAT)
    reader.feed(b'{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}')

    assert len(ended(reader)) == 1
    assert reader.usage == Usage(prompt=3, total=3)
    assert reader.reported == b""


def test_an_answer_without_a_candidate_is_none():
    reader = of(openai.CHAT)
    reader.feed(b'{"usageMetadata":{"promptTokenCount":3}}')

    assert ended(reader) == []


def test_plain_answers_are_translated_whole():
    chat, embedded = of(openai.CHAT), of(openai.EMBEDDINGS)
    chat.feed(event("a", "STOP").removeprefix(b"data: "))
    embedded.feed(b'{"embeddings":[{"values":[1]}]}')

    assert json.loads(ended(chat)[0])["object"] == "chat.completion"
    assert json.loads(ended(embedded)[0])["data"][0]["embedding"] == [1.0]
    assert ended(of(openai.CHAT)) == []
