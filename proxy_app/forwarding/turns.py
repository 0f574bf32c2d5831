"""Work that takes long, on the event loop: between two steps of it others have a turn."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

from proxy_app.wire.bodies.large_bodies import LARGE_BYTES

T = TypeVar("T")

# Between two steps that take milliseconds each, others have a turn: as long as an event of theirs takes to pass.
TURN_SECONDS = 0.002


async def in_turns(steps: Generator[None, None, T]) -> T:
    """What `steps` returns; wherever it yields, others have a turn."""
    try:
        while True:
            next(steps)
            await asyncio.sleep(TURN_SECONDS)
    except StopIteration as end:
        result: T = end.value
        return result


async def turn_of_others(size: int) -> None:
    """Between two steps that each go over `size` bytes."""
    if size > LARGE_BYTES:
        await asyncio.sleep(TURN_SECONDS)
