import pytest

from accounts_app.pool.outcomes import Outcome
from proxy_app.wire.calls import Call, read_body
from proxy_app.wire.dialects import DIALECTS, NotAnAnswer, ReportedError
from proxy_app.wire.dialects.dialect import UpstreamRequest
from proxy_app.wire.dialects.readers import MOST_HELD_BACK, StreamReader
from proxy_app.wire.framing import sse
from proxy_app.wire.operations import COUNT, FORWARDED, GENERATE, STREAM
from proxy_app.wire.usage import Usage

HELLO = b'{"candidates":[{"content":{"parts":[{"text":"hello"}]}}]}'
STOP = b'{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"totalTokenCount":8}}'
ERROR = b'{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}'

PLAIN = DIALECTS["gemini_api"]
WRAPPED = DIALECTS["cloud_code"]


def wrapped(response: bytes) -> bytes:
    return b'{"response":%b,"traceId":"1"}' % response


def as_events(*payloads: bytes) -> bytes:
    return b"".join(b"data: %b\r\n\r\n" % payload for payload in payloads)


class Read:
    """A body in pieces of `size` bytes, as a dialect's reader reads it."""

    def __init__(self, dialect, operation, body: bytes, size: int = 0, prompt: bytes = b"{}") -> None:
        self.reader = dialect.reader(Call(operation, "m", read_body(prompt), request_id="r"))
        size = size or max(1, len(body))
        self.batches = [self.reader.feed(body[at : at + size]) for at in range(0, len(body), size)]
        steps = self.reader.ending()
        try:
            while True:
                next(steps)
        except StopIteration as end:
            self.batches.append(end.value)
        self.frames = [frame for batch in self.batches for frame in batch]


@pytest.mark.parametrize("size", [0, 1, 7])
@pytest.mark.parametrize(
    ("dialect", "body"),
    [(PLAIN, as_events(HELLO, STOP)), (WRAPPED, as_events(wrapped(HELLO), wrapped(STOP)))],
)
def test_a_stream_is_read_frame_by_frame_however_it_is_cut(dialect, body, size):
    read = Read(dialect, STREAM, body, size)

    assert read.frames == [HELLO, STOP]
    assert read.reader.usage == Usage(prompt=3, total=8)
    assert read.reader.complete
    assert read.reader.settled
    assert not read.reader.whole


COUNTS = b'{"usageMetadata":{"promptTokenCount":3}}'


@pytest.mark.parametrize("size", [0, 1])
def test_what_comes_before_the_first_part_of_an_answer_is_held_back_for_it(size):
    body = as_events(COUNTS, b"{}", HELLO, COUNTS, STOP)
    read = Read(PLAIN, STREAM, body, size)

    assert read.frames == [COUNTS, b"{}", HELLO, COUNTS, STOP]
    assert next(batch for batch in read.batches if batch)[:3] == [COUNTS, b"{}", HELLO]


@pytest.mark.parametrize("payloads", [(), (b"{}",), (COUNTS, COUNTS), (b"[DONE]",), (b'{"candidates":[]}',)])
def test_a_stream_without_any_part_of_an_answer_has_no_frames(payloads):
    assert Read(PLAIN, STREAM, as_events(*payloads)).frames == []


def test_what_is_held_back_has_a_bound():
    assert Read(PLAIN, STREAM, as_events(*[b"{}"] * MOST_HELD_BACK)).frames == []
    assert len(Read(PLAIN, STREAM, as_events(*[b"{}"] * (MOST_HELD_BACK + 1))).frames) == MOST_HELD_BACK + 1


def test_a_stream_is_settled_when_all_candidates_that_were_asked_for_have_finished():
    read = Read(PLAIN, STREAM, as_events(STOP), prompt=b'{"generationConfig":{"candidateCount":2}}')

    assert read.reader.complete
    assert not read.reader.settled


def test_a_stream_that_has_not_finished_says_so():
    read = Read(PLAIN, STREAM, as_events(HELLO))

    assert read.frames == [HELLO]
    assert not read.reader.complete
    assert read.reader.failure is None


@pytest.mark.parametrize("size", [0, 1])
def test_what_ends_a_stream_early_is_kept_until_the_frames_before_it_are_out(size):
    failed = Read(PLAIN, STREAM, as_events(HELLO, ERROR), size)
    nonsense = Read(PLAIN, STREAM, as_events(HELLO, b"[]"), size)

    assert failed.frames == nonsense.frames == [HELLO]
    assert isinstance(failed.reader.failure, ReportedError)
    assert failed.reader.failure.error == ERROR
    assert isinstance(nonsense.reader.failure, NotAnAnswer)


def test_an_event_without_end_ends_a_stream():
    reader = StreamReader(sse.Decoder(limit=10))

    assert reader.feed(b"data: 0123456789") == []
    assert isinstance(reader.failure, NotAnAnswer)


@pytest.mark.parametrize("size", [0, 1, 7])
@pytest.mark.parametrize(("dialect", "body"), [(PLAIN, STOP), (WRAPPED, wrapped(STOP))])
def test_a_plain_answer_is_one_frame_at_its_end(dialect, body, size):
    read = Read(dialect, GENERATE, body, size)

    assert read.batches[-1] == read.frames == [STOP]
    assert read.reader.usage == Usage(prompt=3, total=8)
    assert read.reader.whole
    assert read.reader.complete
    assert read.reader.settled


@pytest.mark.parametrize("dialect", [PLAIN, WRAPPED])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"candidates":[]}', b'{"usageMetadata":{"promptTokenCount":3}}'])
def test_of_a_plain_answer_without_an_answer_there_is_no_frame(dialect, body):
    read = Read(dialect, GENERATE, body)

    assert read.frames == []
    assert read.reader.failure is None


def test_a_blocked_prompt_is_an_answer():
    body = b'{"promptFeedback":{"blockReason":"SAFETY"}}'

    assert Read(PLAIN, GENERATE, body).frames == [body]


@pytest.mark.parametrize("operation", [GENERATE, COUNT])
def test_an_error_in_a_plain_answer_is_no_frame(operation):
    read = Read(PLAIN, operation, ERROR)

    assert read.frames == []
    assert isinstance(read.reader.failure, ReportedError)


@pytest.mark.parametrize("operation", [GENERATE, COUNT])
def test_a_plain_answer_that_is_no_object_is_none(operation):
    assert isinstance(Read(PLAIN, operation, b"[]").reader.failure, NotAnAnswer)
    assert isinstance(Read(WRAPPED, operation, b"[]").reader.failure, NotAnAnswer)


@pytest.mark.parametrize("body", [b'{"totalTokens":31}', b'{"response":{"totalTokens":31}}'])
def test_a_count_is_a_frame_that_uses_no_tokens(body):
    read = Read(WRAPPED, COUNT, body)

    assert read.frames == [b'{"totalTokens":31}']
    assert read.reader.usage == Usage()


def test_others_have_a_turn_between_two_steps_of_a_large_answer():
    body = b'{"candidates":[{"content":{"parts":[{"text":"%b"}]}}]}' % (b"x" * 5_000_000)
    reader = PLAIN.reader(Call(GENERATE, "m", {}, request_id="r"))
    reader.feed(body)

    assert sum(1 for _ in reader.ending()) == 1


def test_a_401_is_the_tokens_where_there_is_one_and_a_refusal_where_there_is_a_key():
    body = b'{"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}}'

    assert WRAPPED.fault(401, body).outcome is Outcome.UNAUTHENTICATED
    assert PLAIN.fault(401, body).outcome is Outcome.REFUSED
    assert PLAIN.fault(503, ERROR) == WRAPPED.fault(503, ERROR)


@pytest.mark.parametrize("dialect", [PLAIN, WRAPPED])
def test_a_reader_says_how_far_it_is_and_not_what_was_said(dialect):
    reader = dialect.reader(Call(GENERATE, "m", {}, request_id="r"))
    reader.feed(HELLO)

    assert repr(reader) == f"<AnswerReader {len(HELLO)} bytes>"
    list(reader.ending())
    assert repr(reader) == "<AnswerReader 0 bytes>"
    assert repr(dialect.reader(Call(STREAM, "m", {}, request_id="r"))) == "<EventReader <StreamState open {}>>"


def test_a_request_is_a_post_whose_answer_is_read_unless_it_says_otherwise():
    request = UpstreamRequest("https://upstream", {}, [])

    assert (request.http, request.raw, request.content) == ("POST", False, None)


def test_bytes_that_nobody_reads_are_frames_as_they_come():
    reader = PLAIN.reader(Call(FORWARDED, "", {}, request_id="r"))

    assert [status for status in (199, 200, 206, 299, 300, 304, 308, 400) if status in reader.statuses] == [
        *(200, 206, 299, 304, 308),
    ]
    assert (reader.may_be_empty, reader.whole, reader.settled, reader.complete) == (True, False, False, False)
    assert (reader.feed(b"a"), reader.feed(ERROR)) == ([b"a"], [ERROR])
    with pytest.raises(StopIteration) as end:
        next(reader.ending())
    assert end.value.value == []
    assert (reader.complete, reader.usage, reader.failure) == (True, Usage(), None)


def test_a_reported_error_does_not_quote_it():
    assert str(ReportedError(ERROR)) == "an error in a good answer"
