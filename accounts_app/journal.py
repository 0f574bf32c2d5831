"""Write-behind: rows are queued without waiting and written in batches, in order, on the database thread.

Nothing is lost while the database is away, short of a bound: then the oldest rows of the droppable kinds go, counted.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from accounts_app.database_thread import in_database

log = logging.getLogger(__name__)

BATCH = 500  # rows of one kind in one transaction: a few milliseconds, and short enough not to hold up other writers
BOUND = (
    100_000  # rows of one kind in memory: about 100 MB of ledger, or many minutes of a busy gateway without a database
)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between tries while the database is away

# What a row is refused with for itself: by the database, or by its driver for a value that no column holds.
_REFUSALS = (DatabaseError, OverflowError, ValueError)

Row = Any
WriteBatch = Callable[[list[Row]], None]


@dataclass(slots=True)
class _Kind:
    """One kind of row: who writes it, and what waits."""

    write: WriteBatch
    droppable: bool
    waiting: deque[Row] = field(default_factory=deque)
    dropped: int = 0


class Journal:
    """The queues of one process. `append` belongs to the event loop's thread, the writing to `flush`."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}
        self._pause = 0.0
        self._not_before = 0.0
        self._running: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name}: {len(kind.waiting)} waiting" for name, kind in self._kinds.items() if kind.waiting)
        return f"<Journal {kinds or 'empty'}, {self.dropped} dropped>"

    @property
    def dropped(self) -> int:
        """Rows given up so far: over the bound, or refused by the database itself."""
        return sum(kind.dropped for kind in self._kinds.values())

    def register(self, kind: str, write_batch: WriteBatch, *, droppable: bool) -> None:
        """Name a kind of row and who writes it; `droppable` rows may go when too many wait.

        `write_batch` gets at most `BATCH` rows, oldest first, on the database thread, inside a transaction. It may see
        a row twice if the connection broke while committing.
        """
        known = self._kinds.get(kind)
        if known is None:
            self._kinds[kind] = _Kind(write_batch, droppable)
        else:
            known.write, known.droppable = write_batch, droppable

    def append(self, kind: str, row: Row) -> None:
        """Queue one row; never waits. Raises KeyError for a kind nobody registered."""
        queue = self._kinds[kind]
        if queue.droppable and len(queue.waiting) >= BOUND:
            queue.waiting.popleft()
            queue.dropped += 1
        queue.waiting.append(row)

    def pending(self) -> int:
        """Rows not written yet."""
        return sum(len(kind.waiting) for kind in self._kinds.values())

    async def flush(self, *, force: bool = False) -> None:
        """Write what waits now. While the database is away, rows stay and the next tries come ever later.

        `force` tries at once, whatever happened before: for shutdown. A lost database raises nothing: it is logged
        once. A flush under way is waited for first, and a caller that is cancelled does not break off a batch
        half-way.
        """
        if self._running is not None and not self._running.done():
            await asyncio.wait({self._running})
        if force or time.monotonic() >= self._not_before:
            self._running = asyncio.ensure_future(self._write_all())
            await asyncio.shield(self._running)

    async def _write_all(self) -> None:
        for name, kind in self._kinds.items():
            left = len(kind.waiting)
            while left > 0 and kind.waiting:
                batch = [kind.waiting.popleft() for _ in range(min(BATCH, len(kind.waiting)))]
                left -= len(batch)
                if not await self._written(name, kind, batch):
                    return

    async def _written(self, name: str, kind: _Kind, batch: list[Row]) -> bool:
        """Write one batch; False, and the batch back in its place, when the database is away."""
        try:
            kind.dropped += await in_database(_write, name, kind.write, batch)
        except (OperationalError, InterfaceError) as error:
            kind.waiting.extendleft(reversed(batch))
            self._back_off(error)
            return False
        except asyncio.CancelledError:
            kind.waiting.extendleft(reversed(batch))
            raise
        self._recovered()
        return True

    def _back_off(self, error: Exception) -> None:
        if not self._pause:
            log.warning("The database is away (%s); %d rows wait in memory.", type(error).__name__, self.pending())
        self._pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
        self._not_before = time.monotonic() + self._pause

    def _recovered(self) -> None:
        if self._pause:
            log.warning("The database is back; %d rows still to write.", self.pending())
        self._pause = self._not_before = 0.0

    def reset(self) -> None:
        """Forget every row and every pause; the kinds stay. For tests."""
        for kind in self._kinds.values():
            kind.waiting.clear()
            kind.dropped = 0
        self._pause = self._not_before = 0.0
        self._running = None


def _write(name: str, write: WriteBatch, batch: list[Row]) -> int:
    """Write one batch; returns how many of its rows the database refuses for themselves.

    A row that can never be written (its account is gone, say) must not hold up the others for ever: the batch is then
    written row by row, and the culprits are left out.
    """
    try:
        with transaction.atomic():
            write(batch)
        return 0
    except (OperationalError, InterfaceError):
        raise
    except _REFUSALS:
        return sum(not _writable(name, write, row) for row in batch)


def _writable(name: str, write: WriteBatch, row: Row) -> bool:
    try:
        with transaction.atomic():
            write([row])
    except (OperationalError, InterfaceError):
        raise
    except _REFUSALS as error:
        log.warning("A row of kind %s was refused by the database: %s", name, type(error).__name__)
        return False
    return True


_journal = Journal()
register = _journal.register
append = _journal.append
pending = _journal.pending
flush = _journal.flush
reset = _journal.reset


def dropped() -> int:
    """Rows given up so far."""
    return _journal.dropped
