"""How long a connection may take for the head and the body of a request, and be idle before the next one.

Times are arguments: seconds of one monotonic clock.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from gateway_project.messages.refusals import Refusal

HEAD_SECONDS = 10.0
# Within so many seconds a body has to bring so many bytes (1 kB/s), or to end.
BODY_SECONDS, BODY_BYTES = 30.0, 30_000
# Longer than the 610 s of Google's front end: clients made for that close first, and so never send on a closed one.
IDLE_SECONDS = 620.0
# Before its first request: browsers open connections ahead of need, and attackers open them only to occupy them.
FRESH_SECONDS = 60.0
MOST_IDLE = 1000
# From this share of MOST_IDLE on, answers close their connections. No client can lose a request by that.
CROWDED = 0.9


def late(part: str) -> Refusal:
    return Refusal(408, "DEADLINE_EXCEEDED", f"The {part} of the request did not arrive in time.")


LATE_HEAD, LATE_BODY = late("head"), late("body")


class Connection(Protocol):
    """`received` is the number of bytes of all its request bodies so far."""

    received: int

    def refuse(self, refusal: Refusal) -> None: ...


class Timeouts:
    """Connections that wait for their client, with the time since when. Each dict is in the order of these times."""

    def __init__(
        self,
        *,
        head: float = HEAD_SECONDS,
        body: float = BODY_SECONDS,
        idle: float = IDLE_SECONDS,
        most_idle: int = MOST_IDLE,
    ) -> None:
        self.head_seconds, self.body_seconds, self.idle_seconds, self.most_idle = head, body, idle, most_idle
        self.fresh: dict[Connection, float] = {}
        self.idle: dict[Connection, float] = {}
        self.heads: dict[Connection, float] = {}
        self.bodies: dict[Connection, tuple[float, int]] = {}

    def opened(self, connection: Connection, now: float) -> Connection | None:
        """Returns a connection to close if there are now too many."""
        self.fresh[connection] = now
        return self._one_too_many(connection)

    def answered(self, connection: Connection, now: float) -> Connection | None:
        """It is idle until its next request. Returns a connection to close if there are now too many."""
        self.idle[connection] = now
        return self._one_too_many(connection)

    def head_begins(self, connection: Connection, now: float) -> None:
        self.fresh.pop(connection, None)
        self.idle.pop(connection, None)
        self.heads[connection] = now

    def head_ends(self, connection: Connection) -> None:
        self.heads.pop(connection, None)

    def body_begins(self, connection: Connection, now: float) -> None:
        self.bodies[connection] = (now, connection.received)

    def body_ends(self, connection: Connection) -> None:
        self.bodies.pop(connection, None)

    def forget(self, connection: Connection) -> None:
        for waiting in (self.fresh, self.idle, self.heads, self.bodies):
            waiting.pop(connection, None)

    @property
    def is_crowded(self) -> bool:
        return len(self.fresh) + len(self.idle) >= CROWDED * self.most_idle

    def over(self, now: float) -> Iterator[tuple[Connection, Refusal | None]]:
        """The connections whose time is over, with the refusal for each: None for idle ones, which are just closed."""
        for connection in _before(self.fresh, now - min(FRESH_SECONDS, self.idle_seconds)):
            yield connection, None
        for connection in _before(self.idle, now - self.idle_seconds):
            yield connection, None
        for connection in _before(self.heads, now - self.head_seconds):
            yield connection, LATE_HEAD
        yield from ((connection, LATE_BODY) for connection in self._slow_bodies(now))

    def _slow_bodies(self, now: float) -> list[Connection]:
        slow = []
        for connection, (since, before) in list(self.bodies.items()):
            if now - since < self.body_seconds:
                break
            if connection.received - before < BODY_BYTES:
                slow.append(connection)
            else:
                del self.bodies[connection]
                self.bodies[connection] = (now, connection.received)
        return slow

    def _one_too_many(self, newest: Connection) -> Connection | None:
        if len(self.fresh) + len(self.idle) <= self.most_idle:
            return None
        return next((one for one in chain(self.fresh, self.idle) if one is not newest), None)


def _before(waiting: dict[Connection, float], then: float) -> list[Connection]:
    found = []
    for connection, since in waiting.items():
        if since > then:
            break
        found.append(connection)
    return found
