"""Several nodes on one listening socket: started, kept alive and ended together."""

import asyncio
import logging
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
# A node that dies right after its start would otherwise be started again in a tight loop.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0


class Processes:
    """`count` child processes, each a node of its own serving `listener`; one that dies is replaced."""

    def __init__(self, listener: socket.socket, count: int, first_pause: float = FIRST_PAUSE_SECONDS) -> None:
        self.listener = listener
        self.count = count
        self.first_pause = first_pause
        self.children: set[asyncio.subprocess.Process] = set()
        self.leaving = asyncio.Event()

    async def run(self) -> int:
        """Runs until SIGTERM or SIGINT; returns the exit status, 0 if every child ended well."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.leave)
        return max(await asyncio.gather(*(self.keep_alive() for _ in range(self.count))))

    def leave(self) -> None:
        """Each signal is passed on: the first begins the drain, the second ends it."""
        self.leaving.set()
        for child in self.children:
            child.send_signal(signal.SIGTERM)

    async def keep_alive(self) -> int:
        pause = self.first_pause
        while True:
            began = time.monotonic()
            status = await self.run_child()
            if self.leaving.is_set():
                # A child that was signalled before it had installed its handlers dies of SIGTERM, which is no failure.
                return 0 if status == -signal.SIGTERM else abs(status)
            lived = time.monotonic() - began
            pause = self.first_pause if lived > HEALTHY_SECONDS else min(2 * pause, LONGEST_PAUSE_SECONDS)
            log.error("A node ended with status %d after %.0f s; another starts in %.0f s.", status, lived, pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.leaving.wait()
                return 0

    async def run_child(self) -> int:
        descriptor = self.listener.fileno()
        # A process group of its own, so that Ctrl-C in the terminal reaches it once, through us. Standard input is a
        # pipe that is never written to: its end tells the child that this process has ended.
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(MANAGE), "serve", "--skip-checks", "--fd", str(descriptor),
            stdin=asyncio.subprocess.PIPE, pass_fds=[descriptor], process_group=0,
        )  # fmt: skip
        self.children.add(child)
        if self.leaving.is_set():
            child.send_signal(signal.SIGTERM)
        try:
            return await child.wait()
        finally:
            self.children.discard(child)
