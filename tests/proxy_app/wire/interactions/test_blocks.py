"""Blocks of server-sent events, wherever the chunks are cut."""

import pytest

from proxy_app.wire.interactions.blocks import Cutter, data_in
from proxy_app.wire.malformed import NotAnAnswer

STREAMS = (
    b'event: a\ndata: {"x":1}\n\n: ping\n\ndata: [DONE]\n\n',
    b'event: a\r\ndata: {"x":1}\r\n\r\n: ping\r\n\r\ndata: [DONE]\r\n\r\n',
    b"data: a\r\rdata: b\r\r",
    b"\n\n\ndata: a\n\ndata: b",
    b"data: a\r\n\ndata: b\n\r\n",
)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_not_a_byte_is_lost_or_added(stream, size):
    cutter = Cutter()
    blocks = [each for at in range(0, len(stream), size) for each in cutter.feed(stream[at : at + size])]

    assert b"".join(blocks + cutter.end()) == stream


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_block_goes_out_with_its_blank_line(end, size):
    stream = end.join([b"event: a", b"data: 1", b"", b"data: 2", b"", b""])
    cutter = Cutter()
    blocks = [each for at in range(0, len(stream), size) for each in cutter.feed(stream[at : at + size])]

    assert [data_in(block) for block in blocks if data_in(block)] == [b"1", b"2"]


def test_a_blank_line_more_is_a_block_of_its_own():
    assert Cutter().feed(b"\n\n\n: a\n\n") == [b"\n\n", b"\n: a\n\n"]


def test_a_block_without_an_end_is_not_kept_for_ever():
    cutter = Cutter(limit=10)
    cutter.feed(b"data: 1234")

    with pytest.raises(NotAnAnswer):
        cutter.feed(b"5")


@pytest.mark.parametrize(
    ("block", "data"),
    [
        (b"data:1\n\n", b"1"),
        (b"event: x\ndata: {\ndata: }\n\n", b"{\n}"),
        (b": data: 1\n\n", b""),
        (b"id: 1\nretry: 2\n\n", b""),
        (b'{"error":{}}\n\n', b'{"error":{}}'),
    ],
)
def test_the_data_of_a_block(block, data):
    assert data_in(block) == data
