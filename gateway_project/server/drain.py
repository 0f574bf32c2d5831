"""Shuts a node down: open calls get time to end, and every call runs its `finally` blocks."""

import asyncio
from collections.abc import Collection
from typing import Any, Protocol

from gateway_project.messages.refusals import SHUTTING_DOWN, Refusal

# After the drain: for `finally` blocks, then for calls that ignore even their cancellation.
CLOSING_SECONDS = 5.0
CANCEL_SECONDS = 1.0
FLUSH_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.02


class Connection(Protocol):
    """One client's connection with its open requests: those half received or half answered too."""

    requests: list[Any]

    def hang_up(self) -> None: ...

    def give_up(self, refusal: Refusal) -> None: ...


class Node(Protocol):
    """What the drain needs of a server; `leaving` is the loop time until which it waits for open calls."""

    channels: Collection[Connection]
    leaving: float | None

    def applications(self) -> list[asyncio.Task]: ...


async def drain(node: Node) -> None:
    """
    1. Wait for the open calls until `leaving`, which may come nearer meanwhile; close idle connections.
    2. Refuse the calls that have no answer yet and hang up on the rest, so that their `finally` blocks run.
    3. Cancel what is still there.
    4. Let what was written go out.
    """
    # Polled, because calls end in too many places for each to set an event.
    while _close_idle(node) and asyncio.get_running_loop().time() < (node.leaving or 0):  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    for connection in list(node.channels):
        connection.give_up(SHUTTING_DOWN)
    if running := node.applications():
        await asyncio.wait(running, timeout=CLOSING_SECONDS)
    if running := node.applications():
        for application in running:
            application.cancel()
        await asyncio.wait(running, timeout=CANCEL_SECONDS)
    last = asyncio.get_running_loop().time() + FLUSH_SECONDS
    while node.channels and asyncio.get_running_loop().time() < last:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _close_idle(node: Node) -> bool:
    """Whether any call is still open."""
    for connection in [connection for connection in node.channels if not connection.requests]:
        connection.hang_up()
    return any(connection.requests for connection in node.channels) or bool(node.applications())
