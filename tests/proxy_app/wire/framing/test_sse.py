import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy_app.wire.framing import sse
from proxy_app.wire.malformed import NotAnAnswer
from tests.proxy_app.wire.case_files import cases


def decoded(chunks):
    decoder = sse.Decoder()
    payloads = [payload for chunk in chunks for payload in decoder.feed(chunk)]
    return payloads + decoder.end()


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("case", cases("streams"))
def test_a_stream_reads_the_same_whole_and_cut_anywhere(case, line_end):
    body = case["body"].encode().replace(b"\n", line_end)
    expected = [payload.encode() for payload in case["payloads"]]

    assert decoded([body]) == expected
    assert decoded(body[i : i + 1] for i in range(len(body))) == expected
    for cut in range(len(body)):
        assert decoded([body[:cut], body[cut:]]) == expected


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_an_event_comes_out_with_the_chunk_that_completes_it(line_end):
    decoder = sse.Decoder()

    assert decoder.feed(b"data: 1" + line_end + line_end) == [b"1"]
    assert decoder.feed(b"data: 2" + line_end + line_end + b"data: 3") == [b"2"]
    assert decoder.feed(line_end + line_end) == [b"3"]
    assert decoder.end() == []


@pytest.mark.parametrize(
    "whole",
    [
        b'{"error": 1}',
        b'[{"error": [1, [2]]}]',
        b'{"text": "a } closes nothing, nor do ]]]"}',
        b'{"text": "a { opens nothing, nor do [[["}',
        b'{"text": "a \\" ends nothing }}"}',
    ],
)
def test_a_bare_object_comes_out_with_the_line_that_closes_it(whole):
    decoder = sse.Decoder()

    assert decoder.feed(whole + b"\n") == [whole]
    assert decoder.feed(b'{"outer":\n' + whole) == []
    assert decoder.feed(b"\n}\n") == [b'{"outer":\n' + whole + b"\n}"]
    assert repr(decoder) == "<Decoder idle>"


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("before", [b"\n", b"data: 1\n\n", b"data: 1\r\n\r\n", b": x\n"])
def test_a_byte_order_mark_is_one_only_at_the_very_beginning(before):
    assert decoded([BOM + b"data: 2\n\n"]) == [b"2"]
    assert decoded([before, BOM + b"data: 2\n\n"]) == decoded([before])


LINES = st.sampled_from(
    [
        b"data: {}",
        b"data:1",
        b"data: ",
        b"data",
        b"",
        b"",
        b"",
        b": x",
        b"event: e",
        b"{",
        b"}",
        b'{"a":"}"}',
        b"[1]",
        b"x",
    ]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(LINES, ENDS)), st.lists(st.integers(0, 200), max_size=8))
def test_what_is_read_does_not_depend_on_the_cuts(lines, cuts):
    body = b"".join(line + end for line, end in lines)
    edges = [0, *sorted(cuts), len(body)]

    cut = decoded(body[start:stop] for start, stop in pairwise(edges))

    assert cut == decoded([body])
    assert cut == decoded(body[i : i + 1] for i in range(len(body)))


@given(st.lists(st.binary()))
def test_any_bytes_can_be_fed_and_no_payload_is_blank(chunks):
    assert all(payload.strip() for payload in decoded(chunks))


def test_a_large_event_in_small_chunks_is_copied_once():
    decoder = sse.Decoder()
    chunks = [b"data: "] + [bytes([65 + i % 26]) * 64_000 for i in range(500)]

    for chunk in chunks:
        assert decoder.feed(chunk) == []

    # Until the line ends, the chunks are held as they came: none has been copied or searched a second time.
    assert all(held is chunk for held, chunk in zip(decoder._partial, chunks, strict=True))
    assert decoder.feed(b"\r\n\r\n") == [b"".join(chunks[1:])]


def test_an_event_past_the_limit_is_given_up():
    decoder = sse.Decoder(limit=1000)

    with pytest.raises(NotAnAnswer, match="1000 bytes"):
        for _ in range(1000):
            decoder.feed(b"data: " + b"x" * 100)


@pytest.mark.parametrize("line", [b"data:\n", b"{\n", b"x"], ids=["data", "bare", "one line"])
def test_an_event_of_very_many_small_pieces_is_given_up_sooner(line):
    decoder = sse.Decoder(limit=100_000)
    decoder.feed(b"data:\n" if line == b"x" else line)

    with pytest.raises(NotAnAnswer):
        for _ in range(100_000 // (50 + len(line)) + 1):
            decoder.feed(line)


def test_the_limit_is_for_one_event_not_for_the_stream():
    decoder = sse.Decoder(limit=1000)

    for _ in range(100):
        assert decoder.feed(b"data: " + b"x" * 100 + b"\n") == []
        assert len(decoder.feed(b"\n")) == 1


def test_the_limit_is_the_last_byte_that_is_taken():
    decoder = sse.Decoder(limit=10)

    assert decoder.feed(b"data: 1234") == []
    assert decoder.end() == [b"1234"]
    assert repr(decoder) == "<Decoder idle>"
    assert decoder.feed(b"data: 1234") == []
    with pytest.raises(NotAnAnswer, match="10 bytes"):
        decoder.feed(b"5")


def test_by_itself_an_event_may_be_as_large_as_ten_of_the_largest_seen():
    assert sse.EVENT_LIMIT == 268_435_456
    assert sse.Decoder()._limit == sse.EVENT_LIMIT


def test_the_end_mark_of_some_proxies_is_known():
    assert decoded([b"data: [DONE]\n\n"]) == [sse.DONE]


def test_a_line_end_that_is_cut_in_two_is_one():
    decoder = sse.Decoder()

    assert [decoder.feed(piece) for piece in (b"data: a\r", b"\n", b"\n")] == [[], [], [b"a"]]


def test_a_chunk_that_looks_like_one_event_may_hold_two_lines():
    assert decoded([b"data: a\rdata: b\r\n\r\n"]) == [b"a\nb"]


def test_what_came_out_is_no_part_of_the_next_event():
    decoder = sse.Decoder()

    assert decoder.feed(b"data: 1\n\ndata: 2") == [b"1"]
    assert repr(decoder) == "<Decoder 0 bytes into an event>"


def test_a_decoder_tells_its_state():
    decoder = sse.Decoder()
    assert repr(decoder) == "<Decoder idle>"

    decoder.feed(b"data: {")

    assert repr(decoder) == "<Decoder 7 bytes into an event>"


def test_an_event_is_one_line_and_one_blank_line():
    assert sse.encode(b'{"a": 1}') == b'data: {"a": 1}\r\n\r\n'
    assert sse.encode_chunk(b'{"a":\n1}') == b'data: {"a": 1}\n\n'


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_line_separators_leave_as_escapes(separator):
    event = sse.encode(f'{{"text":"“a”{separator}é"}}'.encode())

    assert event == f'data: {{"text":"“a”\\u{ord(separator):04x}é"}}\r\n\r\n'.encode()


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_ends_in_a_payload_are_folded(line_end):
    pretty = line_end.join([b"{", b'  "a": 1', b"}"])

    assert sse.encode(pretty) == b'data: {   "a": 1 }\r\n\r\n'


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False) | st.none()))
def test_what_is_written_is_read_back(response):
    payload = json.dumps(response, ensure_ascii=False, indent=1).encode("utf-8", "replace")

    (back,) = decoded([sse.encode(payload)])

    assert json.loads(back) == json.loads(payload)
    assert len(sse.encode(payload).decode().splitlines()) == 2


@pytest.mark.parametrize("payload", [b'{"error": {"code": 503}}', b'{"error":\r\n\r\n{"code":\n503 }\n}'])
def test_a_bare_object_is_one_block_on_one_line_and_is_read_back(payload):
    block = sse.encode_bare(payload)

    assert block.count(b"\n") == 2
    assert block.endswith(b"}\r\n\r\n")
    assert json.loads(decoded([block])[0]) == json.loads(payload)
