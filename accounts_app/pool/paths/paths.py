"""The health of paths to upstream: a path is an endpoint reached through one egress (a proxy, or directly).

A path that takes no connection is *down*: it is probed by bare connections, never by a call. One on which something
else than the API answers is a *detour* for a while; a detour, and a path that hangs or is silent, is used last. All of
this is what this node has seen: another node may have another network.
"""

from collections.abc import Collection
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

from accounts_app.pool.backoff import DETOURS, GUESS_SPREAD, PROBES, Spread, step

# Connections that failed in a row until a path is down. One may be a hiccup.
FAILURES = 2

# A connection takes a fraction of a second: after one hangs for so many seconds, other calls use the path last.
HANGING = 2.0

# A path is silent when so many calls have been waiting for so many seconds, and none got a byte meanwhile.
SILENT_CALLS, SILENT_SECONDS = 3, 30.0


class Path(NamedTuple):
    """An endpoint's base URL, and the proxy's address it is reached through ("" directly; it may hold a password)."""

    base: str
    egress: str = ""

    def __repr__(self) -> str:
        return f"<Path {self.base}{' through a proxy' if self.egress else ''}>"


class PathStatus(IntEnum):
    """The status of a path; the lower the better."""

    OPEN = 0
    LAST = 1
    DOWN = 2


class Health:
    """The state of one path, or of one egress as a whole; times are seconds."""

    __slots__ = (
        *("connecting", "detour_step", "detour_until", "down", "failed_at", "failures", "heard_at"),
        *("probe_at", "probe_step", "probing", "silent_since", "waiting"),
    )

    def __init__(self) -> None:
        self.failures = 0
        self.failed_at = 0.0
        self.down = False
        self.probe_at = 0.0
        self.probe_step = 0
        self.probing = False
        self.detour_until = 0.0
        self.detour_step = 0
        self.heard_at = 0.0
        self.silent_since = 0.0
        self.connecting: dict[int, float] = {}  # exchange -> since when it has been waiting for a connection
        self.waiting: dict[int, float] = {}  # exchange -> since when it has been waiting for a first byte

    def status(self, now: float) -> PathStatus:
        if self.down:
            return PathStatus.DOWN
        if not self.is_watched:
            return PathStatus.OPEN
        if now < self.detour_until or self._hangs(now) or self._is_silent(now):
            return PathStatus.LAST
        return PathStatus.OPEN

    @property
    def is_watched(self) -> bool:
        """Whether its status may change by time alone."""
        return bool(self.detour_until or self.connecting or len(self.waiting) >= SILENT_CALLS)

    def _hangs(self, now: float) -> bool:
        return bool(self.connecting) and now - next(iter(self.connecting.values())) >= HANGING

    def _is_silent(self, now: float) -> bool:
        """Whether the path is silent, and a call begun since then probes it already."""
        if len(self.waiting) < SILENT_CALLS:
            self.silent_since = 0.0
            return False
        if not self.silent_since:
            third = next(islice(self.waiting.values(), SILENT_CALLS - 1, None))
            if now - max(third, self.heard_at) < SILENT_SECONDS:
                return False
            self.silent_since = now
        return next(reversed(self.waiting.values())) >= self.silent_since


class Paths:
    """The health of all paths and egresses that are in use."""

    def __init__(self, spread: Spread) -> None:
        self.uneasy: set[Path | str] = set()  # whose status may have changed since `calm()`
        self.has_changed = False  # one of them has, not by time alone
        self._of: dict[Path | str, Health] = {}
        self._spread = spread
        self._number = 0

    def __repr__(self) -> str:
        down = [str(path) for path in self.down()]
        return f"<Paths: {', '.join(down) or 'none'} down>"

    def status(self, path: Path, now: float) -> PathStatus:
        """The status of a path, its egress included."""
        own, egress = self._of.get(path), self._of.get(path.egress)
        status = own.status(now) if own else PathStatus.OPEN
        return max(status, egress.status(now)) if egress else status

    def calm(self) -> None:
        """All statuses have been read: keep as uneasy only what may change by time alone."""
        self.has_changed = False
        self.uneasy = {each for each in self.uneasy if each in self._of and self._of[each].is_watched}

    def down(self) -> list[Path | str]:
        """The paths, and egresses, that take no connection."""
        return [each for each, health in self._of.items() if health.down]

    def begin(self, path: Path, now: float) -> int:
        """An exchange begins. Returns its number."""
        self._number += 1
        waiting = self._health(path).waiting
        waiting[self._number] = now
        if len(waiting) >= SILENT_CALLS:
            self.uneasy.add(path)
        return self._number

    def connecting(self, path: Path, exchange: int, now: float) -> None:
        """The exchange waits for a connection."""
        self._health(path).connecting[exchange] = now
        self.uneasy.add(path)

    def connected(self, path: Path, exchange: int) -> None:
        """The exchange has a connection."""
        self._health(path).connecting.pop(exchange, None)

    def heard(self, path: Path, now: float) -> None:
        """The first byte of an answer, good or bad, came: the path is up."""
        health = self._health(path)
        health.heard_at = now
        health.silent_since = 0.0
        for each in (path, path.egress):
            self._up(each)

    def answered(self, path: Path) -> None:
        """A good answer came: the path is no detour."""
        for each in (path, path.egress):
            health = self._of.get(each)
            if health is not None and health.detour_step:
                health.detour_step = 0
                health.detour_until = 0.0
                self._change(each)

    def heard_since(self, path: Path, since: float) -> bool:
        """Whether any exchange got a byte through the path after `since`."""
        health = self._of.get(path)
        return health is not None and health.heard_at > since

    def end(self, path: Path, exchange: int) -> None:
        """The exchange has its first byte, or failed."""
        health = self._health(path)
        health.waiting.pop(exchange, None)
        health.connecting.pop(exchange, None)

    def refused(self, path: Path, since: float, now: float, *, proxy: bool) -> None:
        """No connection: an exchange begun at `since` could not be sent. The second in a row takes the path down.

        Exchanges in flight when one failed have failed with it, and do not count again.
        """
        each = path.egress if proxy and path.egress else path
        health = self._health(each)
        if since < health.failed_at or health.down:
            return
        health.failures += 1
        health.failed_at = now
        if health.failures >= FAILURES:
            health.down = True
            health.probe_step = 1
            health.probe_at = now + self._spread(step(PROBES, 1), GUESS_SPREAD)
            self._change(each)

    def detour(self, each: Path | str, now: float) -> None:
        """Something else than the API answered on the path (or egress): it is used last for a while."""
        health = self._health(each)
        if now >= health.detour_until:
            health.detour_step += 1
            health.detour_until = now + self._spread(step(DETOURS, health.detour_step), GUESS_SPREAD)
            self._change(each)

    def due(self, now: float, *, every_second: bool) -> list[Path]:
        """The paths to probe by a bare connection now (for an egress, any of its paths); none again until `probed`."""
        found: dict[Path, None] = {}
        for each, health in self._of.items():
            if not health.down or health.probing:
                continue
            if now >= health.probe_at or (every_second and now >= health.failed_at + PROBES[0]):
                path = each if isinstance(each, Path) else self._any_path(each)
                if path is not None:
                    health.probing = True
                    found[path] = None
        return list(found)

    def probed(self, path: Path, now: float, *, ok: bool, egress_ok: bool) -> None:
        """Apply the result of a bare connection; `egress_ok` says whether its proxy worked."""
        for each, works in ((path, ok), (path.egress, egress_ok)):
            health = self._of.get(each)
            if health is None or not health.probing:
                continue
            health.probing = False
            if works:
                self._up(each)
            else:
                health.failed_at = now
                health.probe_step += 1
                health.probe_at = now + self._spread(step(PROBES, health.probe_step), GUESS_SPREAD)

    def keep(self, used: Collection[Path | str]) -> None:
        """Forget the paths and egresses that no account uses any more, but for those with calls in flight."""
        for each in list(self._of):
            if each not in used and not self._of[each].waiting:
                del self._of[each]

    def _change(self, each: Path | str) -> None:
        self.uneasy.add(each)
        self.has_changed = True

    def _up(self, each: Path | str) -> None:
        health = self._of.get(each)
        if health is not None and health.failures:
            health.failures = health.probe_step = 0
            health.down = False
            self._change(each)

    def _any_path(self, egress: str) -> Path | None:
        return next((each for each in self._of if isinstance(each, Path) and each.egress == egress), None)

    def _health(self, each: Path | str) -> Health:
        health = self._of.get(each)
        if health is None:
            health = self._of[each] = Health()
        return health
