"""A body in memory, and how it is cut into slices."""

import asyncio

import pytest
from msgspec import Raw

from accounts_app.pool.content import SLICE_BYTES, Pieces


def slices(content):
    async def read():
        return [bytes(piece) async for piece in content]

    return asyncio.run(read())


def test_it_knows_its_length_and_can_be_read_again():
    content = Pieces(b"one", Raw(b"two"))

    assert (content.length, content.replayable) == (6, True)


def test_it_is_read_again_from_its_first_byte():
    content = Pieces(b"one", Raw(b"two"))

    assert slices(content) == slices(content) == [b"onetwo"]


def test_no_pieces_are_no_slices():
    assert slices(Pieces()) == []


@pytest.mark.parametrize("sizes", [(SLICE_BYTES,), (1, SLICE_BYTES - 1), (SLICE_BYTES - 1, 1)])
def test_what_fits_into_a_slice_is_one(sizes):
    (only,) = slices(Pieces(*[b"x" * size for size in sizes]))

    assert len(only) == SLICE_BYTES


@pytest.mark.parametrize(
    ("sizes", "cut"),
    [
        ((SLICE_BYTES + 1,), [SLICE_BYTES, 1]),
        ((1, SLICE_BYTES), [1, SLICE_BYTES]),
        ((SLICE_BYTES, 1), [SLICE_BYTES, 1]),
        ((2 * SLICE_BYTES,), [SLICE_BYTES, SLICE_BYTES]),
    ],
)
def test_no_slice_is_larger(sizes, cut):
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]

    cuts = slices(Pieces(*pieces))

    assert [len(each) for each in cuts] == cut
    assert b"".join(cuts) == b"".join(pieces)
