import asyncio

import pytest

from accounts_app.pool.content import Pieces
from proxy_app.forwarding.passing import Passing
from proxy_app.wire.malformed import TooLarge


class Slowly:
    """A content in pieces of one byte, of unknown length."""

    length = None
    replayable = True

    def __init__(self, data: bytes) -> None:
        self._left = iter(data)

    def __aiter__(self):
        return self

    async def __anext__(self) -> bytes:
        for byte in self._left:
            return bytes([byte])
        raise StopAsyncIteration


async def read(passing: Passing) -> bytes:
    return b"".join([piece async for piece in passing])


@pytest.mark.parametrize("skip", [0, 1, 5, 9])
@pytest.mark.parametrize("kind", [Pieces, Slowly])
async def test_the_first_bytes_are_dropped_and_the_rest_is_counted_and_copied(skip, kind):
    copy: list[bytes] = []

    async def tee(piece: bytes) -> None:
        copy.append(piece)

    passing = Passing(kind(b"hello"), limit=9, skip=skip, tee=tee)

    assert await read(passing) == b"".join(copy) == b"hello"[skip:]
    assert passing.passed == len(b"hello"[skip:])
    assert passing.length in (None, passing.passed)


async def test_more_than_the_limit_is_refused_at_the_byte_that_is_too_much():
    assert Passing(Pieces(b"hello"), limit=4).too_large

    passing = Passing(Slowly(b"hello"), limit=4)
    assert not passing.too_large
    with pytest.raises(TooLarge):
        await read(passing)
    assert passing.too_large
    assert passing.passed == 4


async def test_each_piece_renews_the_timeout_and_one_that_is_over_stays_over():
    loop = asyncio.get_running_loop()
    passing = Passing(Slowly(b"hi"), limit=9)
    async with asyncio.timeout(50) as timeout:
        passing.renews(timeout, 100)
        await anext(passing)
        assert timeout.when() > loop.time() + 60
    assert await read(passing) == b"i"
