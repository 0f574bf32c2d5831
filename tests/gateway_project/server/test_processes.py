"""The parent of several nodes, whose nodes end at once."""

import asyncio
import socket
from typing import Any

from gateway_project.server.processes import LONGEST_PAUSE_SECONDS, Processes


class Dying(Processes):
    """Its nodes end with status 3 at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.began = 0
        self.all_began = asyncio.Event()

    async def run_child(self) -> int:
        self.began += 1
        if self.began == self.count:
            self.all_began.set()
        return 3


async def test_a_parent_that_waits_to_start_a_node_again_ends_at_once():
    with socket.socket() as listener:
        processes = Dying(listener, 2, first_pause=LONGEST_PAUSE_SECONDS)
        running = asyncio.ensure_future(processes.run())
        await processes.all_began.wait()

        processes.leave()

        assert await asyncio.wait_for(running, LONGEST_PAUSE_SECONDS / 3) == 0
    assert processes.began == 2
