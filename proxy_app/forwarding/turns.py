"""Long work on the event loop, with turns for other calls between its steps."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

from proxy_app.wire.bodies.large_bodies import LARGE_BYTES

T = TypeVar("T")

# A turn of others, between two steps of milliseconds each: as long as relaying an event takes.
TURN_SECONDS = 0.002


async def in_turns(steps: Generator[None, None, T]) -> T:
    """Run `steps` to its end and return its result; wherever it yields, other calls have a turn."""
    try:
        while True:
            next(steps)
            await asyncio.sleep(TURN_SECONDS)
    except StopIteration as end:
        result: T = end.value
        return result


async def turn_of_others(size: int) -> None:
    """A turn for other calls between two steps that each go over `size` bytes, if these are many."""
    if size > LARGE_BYTES:
        await asyncio.sleep(TURN_SECONDS)
