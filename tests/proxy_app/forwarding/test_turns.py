"""Long work in steps: other calls have a turn between them."""

import asyncio
from collections.abc import Generator

from proxy_app.forwarding.turns import in_turns, turn_of_others
from proxy_app.wire.bodies.large_bodies import LARGE_BYTES


def steps(seen: list[str], count: int) -> Generator[None, None, str]:
    for number in range(count):
        seen.append(f"step {number}")
        yield
    return "done"


async def test_between_two_steps_others_run_and_the_result_comes_back():
    seen: list[str] = []

    async def other() -> None:
        seen.append("another")

    task = asyncio.create_task(other())

    assert await in_turns(steps(seen, 2)) == "done"
    assert seen == ["step 0", "another", "step 1"]
    await task


async def test_without_steps_nobody_has_to_wait():
    assert await in_turns(steps([], 0)) == "done"


async def test_only_a_large_body_costs_a_turn():
    seen: list[str] = []
    asyncio.get_running_loop().call_soon(seen.append, "another")

    await turn_of_others(LARGE_BYTES)
    assert seen == []
    await turn_of_others(LARGE_BYTES + 1)
    assert seen == ["another"]
