"""A request's body, read whole, piece by piece or as ASGI's messages, no faster than it is needed."""

import asyncio

import pytest

from gateway_project.server.inbox import FULL_BYTES, ClientLeft, Inbox
from proxy_app.wire.malformed import TooLarge


class Source:
    """Records the calls of its inbox."""

    def __init__(self):
        self.wishes = 0
        self.taken_bytes = 0
        self.is_closed = False

    def wanted(self):
        self.wishes += 1

    def taken(self, size):
        self.taken_bytes += size

    def close(self):
        self.is_closed = True


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def inbox(source):
    return Inbox(source=source)


def filled(inbox, *pieces, whole=True):
    for piece in pieces:
        inbox.put(piece)
    if whole:
        inbox.end()
    return inbox


async def begun(reading):
    """A task that waits for bytes that have not arrived."""
    task = asyncio.ensure_future(reading)
    await asyncio.sleep(0)
    assert not task.done()
    return task


class TestWhole:
    @pytest.mark.parametrize("pieces", [(), (b"one",), (b"one", b"two")])
    async def test_a_body_that_is_there_is_read_at_once(self, inbox, source, pieces):
        assert await filled(inbox, *pieces).whole(100) == b"".join(pieces)
        assert source.wishes == 0

    async def test_one_piece_is_not_copied(self, inbox):
        piece = b"x" * 1000

        assert await filled(inbox, piece).whole(1000) is piece

    async def test_what_has_not_arrived_is_waited_for(self, inbox, source):
        filled(inbox, b"one", whole=False)
        reading = await begun(inbox.whole(100))
        assert source.wishes > 0

        filled(inbox, b"two", b"three")

        assert await reading == b"onetwothree"

    async def test_a_reader_of_the_whole_never_lets_it_be_full(self, inbox):
        filled(inbox, b"x" * FULL_BYTES, whole=False)
        assert inbox.is_full

        reading = await begun(inbox.whole(10 * FULL_BYTES))
        filled(inbox, b"x" * 2 * FULL_BYTES, whole=False)

        assert not inbox.is_full
        inbox.end()
        assert len(await reading) == 3 * FULL_BYTES

    async def test_a_known_length_over_the_limit_is_refused_before_it_is_read(self, source):
        with pytest.raises(TooLarge, match="exceeds the limit: 99 bytes"):
            await Inbox(100, source).whole(99)
        assert source.wishes == 0

    async def test_the_limit_itself_is_taken(self):
        assert await filled(Inbox(100), b"x" * 100).whole(100) == b"x" * 100

    async def test_a_body_of_unknown_length_is_refused_when_it_has_grown_too_large(self, inbox):
        reading = await begun(inbox.whole(100))

        filled(inbox, b"x" * 60, b"x" * 40, b"x", whole=False)

        with pytest.raises(TooLarge):
            await reading

    async def test_a_body_of_unknown_length_may_reach_the_limit(self, inbox):
        reading = await begun(inbox.whole(100))

        filled(inbox, b"x" * 60, b"x" * 40)

        assert len(await reading) == 100

    async def test_what_is_there_already_counts(self, inbox):
        with pytest.raises(TooLarge):
            await filled(inbox, b"x" * 101).whole(100)

    async def test_a_client_that_disconnects_interrupts_it(self, inbox):
        reading = await begun(inbox.whole(100))

        inbox.hang_up()

        with pytest.raises(ClientLeft):
            await reading

    async def test_a_reader_that_was_cancelled_before_for_the_hang_up_ends_by_its_cancellation(self, inbox):
        filled(inbox, b"x", whole=False)
        inbox.hang_up()
        reading = asyncio.ensure_future(self._reading_cancelled(inbox))

        with pytest.raises(asyncio.CancelledError):
            await reading

    @staticmethod
    async def _reading_cancelled(inbox):
        asyncio.current_task().cancel()
        await inbox.whole(100)


class TestPieces:
    async def test_they_come_as_they_were_put_in(self, inbox):
        assert [piece async for piece in filled(inbox, b"one", b"two")] == [b"one", b"two"]

    async def test_each_one_read_makes_room(self, inbox, source):
        filled(inbox, b"x" * FULL_BYTES, b"yy", whole=False)
        assert inbox.is_full

        assert len(await anext(inbox)) == FULL_BYTES

        assert (inbox.is_full, inbox.held, source.taken_bytes) == (False, 2, FULL_BYTES)

    async def test_the_next_one_is_waited_for(self, inbox, source):
        reading = await begun(anext(inbox))
        assert source.wishes == 1

        inbox.put(b"one")

        assert await reading == b"one"

    async def test_it_can_be_read_again_until_the_first_was_read(self, inbox):
        filled(inbox, b"one", b"two")
        assert inbox.replayable

        await anext(inbox)

        assert not inbox.replayable

    async def test_a_client_that_disconnects_interrupts_it_after_what_has_arrived(self, inbox):
        filled(inbox, b"one", whole=False)
        inbox.hang_up()

        assert await anext(inbox) == b"one"
        with pytest.raises(ClientLeft):
            await anext(inbox)


class TestMessages:
    async def test_a_body_that_is_there_is_one_message_and_the_hang_up_another(self, inbox):
        filled(inbox, b"one", b"two")

        assert await inbox.receive() == {"type": "http.request", "body": b"onetwo", "more_body": False}
        later = await begun(inbox.receive())
        inbox.hang_up()
        assert await later == {"type": "http.disconnect"}
        assert await inbox.receive() == {"type": "http.disconnect"}

    async def test_no_body_is_an_empty_message(self, inbox):
        assert await filled(inbox).receive() == {"type": "http.request", "body": b"", "more_body": False}

    async def test_what_comes_later_is_another_message(self, inbox):
        filled(inbox, b"one", whole=False)
        assert await inbox.receive() == {"type": "http.request", "body": b"one", "more_body": True}

        later = await begun(inbox.receive())
        filled(inbox, b"two", whole=False)
        assert await later == {"type": "http.request", "body": b"two", "more_body": True}
        inbox.end()
        assert await inbox.receive() == {"type": "http.request", "body": b"", "more_body": False}

    async def test_a_client_that_left_has_sent_nothing_more(self, inbox):
        filled(inbox, b"one", whole=False).hang_up()

        assert await inbox.receive() == {"type": "http.disconnect"}


class TestTheHangUp:
    def test_it_is_reported_once(self, inbox):
        told = []
        inbox.on_hang_up = lambda: told.append("gone")

        inbox.hang_up()
        inbox.hang_up()

        assert (told, inbox.is_gone) == (["gone"], True)

    async def test_a_reader_that_was_cancelled_is_forgotten(self, inbox):
        reading = await begun(anext(inbox))
        reading.cancel()
        await asyncio.wait([reading])

        inbox.put(b"one")

        assert await anext(inbox) == b"one"
