"""A body in memory, and how it is cut into slices."""

import pytest
from msgspec import Raw

from accounts_app.pool.content import SLICE_BYTES, Pieces


async def slices(content):
    return [bytes(piece) async for piece in content]


def test_it_knows_its_length_and_can_be_read_again():
    content = Pieces(b"one", Raw(b"two"))

    assert (content.length, content.replayable) == (6, True)


async def test_it_is_read_again_from_its_first_byte():
    content = Pieces(b"one", Raw(b"two"))

    assert await slices(content) == await slices(content) == [b"onetwo"]


async def test_no_pieces_are_no_slices():
    assert await slices(Pieces()) == []


@pytest.mark.parametrize("sizes", [(SLICE_BYTES,), (1, SLICE_BYTES - 1), (SLICE_BYTES - 1, 1)])
async def test_what_fits_into_a_slice_is_one(sizes):
    (only,) = await slices(Pieces(*[b"x" * size for size in sizes]))

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
async def test_no_slice_is_larger(sizes, cut):
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]

    cuts = await slices(Pieces(*pieces))

    assert [len(each) for each in cuts] == cut
    assert b"".join(cuts) == b"".join(pieces)
