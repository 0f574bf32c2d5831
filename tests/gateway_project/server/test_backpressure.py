"""Waiting for a client that reads slowly, and giving up on one that does not read at all."""

import asyncio

from gateway_project.server.backpressure import CHECKS, Backpressure


class Transport:
    """The part of twisted's transport that back-pressure uses."""

    dataBuffer = b"x" * 1000
    offset = 0
    _tempDataLen = 0
    aborted = False

    def abortConnection(self):
        self.aborted = True


async def test_there_is_room_until_twisted_says_otherwise():
    pressure = Backpressure(Transport())

    await pressure.room()


async def test_a_writer_waits_until_the_client_has_read():
    pressure = Backpressure(Transport())
    pressure.pauseProducing()
    writer = asyncio.ensure_future(pressure.room())
    await asyncio.sleep(0)
    assert not writer.done()

    pressure.resumeProducing()

    await writer


async def test_a_client_that_takes_nothing_is_dropped():
    transport = Transport()
    pressure = Backpressure(transport, stalled_after=0.01)
    pressure.pauseProducing()

    await pressure.room()

    assert transport.aborted


async def test_a_client_that_takes_a_little_is_waited_for():
    class Trickling(Transport):
        @property
        def offset(self):
            self.looks = getattr(self, "looks", 0) + 1
            if self.looks == 10:
                pressure.resumeProducing()
            return self.looks

    transport = Trickling()
    pressure = Backpressure(transport, stalled_after=0.01)
    pressure.pauseProducing()

    await pressure.room()

    assert not transport.aborted


async def test_bytes_that_the_kernel_takes_at_first_give_a_silent_client_no_second_period():
    class Settling(Transport):
        looks = 0

        @property
        def offset(self):
            self.looks += 1
            return min(self.looks, 2)

    transport = Settling()
    pressure = Backpressure(transport, stalled_after=0.06)
    pressure.pauseProducing()

    await pressure.room()

    assert transport.aborted
    assert transport.looks <= 2 * (CHECKS + 1)
