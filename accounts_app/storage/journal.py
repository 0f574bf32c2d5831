"""Write-behind: rows are queued without waiting and written in batches, in order, on the database thread.

Nothing is lost while the database is away, up to a bound: beyond it the oldest rows of the droppable kinds are dropped
and counted.

When a batch cannot be written:

    refused     the database says that a value breaks its rules (SQLSTATE classes 22 and 23): the batch is written row
                by row, and a row that is refused alone is dropped with a line in the log
    unforeseen  the writer raises another exception: likewise, but a row of a kind that may not be dropped is
                set aside and tried again every minute
    away        any other error of the database: all rows stay, and the next tries come at growing intervals
"""

import asyncio
import logging
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import DataError, Error, IntegrityError, transaction

from accounts_app.storage.worker import in_database

log = logging.getLogger(__name__)

BATCH = 500  # rows of one kind in one transaction: a few milliseconds, and short enough not to hold up other writers
BOUND = (
    100_000  # rows of one kind in memory: about 100 MB of ledger, or many minutes of a busy gateway without a database
)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between tries while the database is away
ASIDE_SECONDS = 60.0  # until a row is tried again that may not be dropped and cannot be written

# Django's names for SQLSTATE classes 23 and 22; SQLite's driver, which knows no SQLSTATE, raises the same.
_REFUSALS = (IntegrityError, DataError)
# Memory that has run out and a loop that ends say nothing about a row.
_AWAY = (Error, MemoryError, asyncio.CancelledError)

Row = Any
WriteBatch = Callable[[list[Row]], None]


@dataclass(slots=True)
class _Kind:
    """One kind of row: who writes it, and what waits."""

    write: WriteBatch
    droppable: bool
    name_of: Callable[[Row], object]
    size_of: Callable[[Row], int]
    batch: int
    waiting: deque[Row] = field(default_factory=deque)
    in_hand: list[Row] = field(default_factory=list)  # the batch that is being written
    aside: list[Row] = field(default_factory=list)  # not to be dropped, and not to be written so far
    size: int = 0
    dropped: int = 0
    aside_until: float = 0.0
    pause: float = 0.0  # seconds; none while it can be written
    not_before: float = 0.0

    def rows(self) -> int:
        return len(self.waiting) + len(self.in_hand) + len(self.aside)

    def take(self) -> list[Row]:
        """The rows to write next: those in hand, where a try has failed."""
        if not self.in_hand:
            self.in_hand = [self.waiting.popleft() for _ in range(min(self.batch, len(self.waiting)))]
        return self.in_hand

    def give_up(self, row: Row) -> None:
        self.size -= self.size_of(row)
        self.dropped += 1


class Journal:
    """The queues of one process. `append` belongs to the event loop's thread, the writing to `flush`."""

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}
        self._running: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name}: {kind.rows()} waiting" for name, kind in self._kinds.items() if kind.rows())
        return f"<Journal {kinds or 'empty'}, {self.dropped} dropped>"

    @property
    def dropped(self) -> int:
        """Rows dropped so far: over the bound, or refused by the database."""
        return sum(kind.dropped for kind in self._kinds.values())

    def register(
        self,
        kind: str,
        write_batch: WriteBatch,
        *,
        droppable: bool,
        name_of: Callable[[Row], object] = type,
        size_of: Callable[[Row], int] = lambda _: 1,
        batch: int = BATCH,
    ) -> None:
        """Name a kind of row and who writes it; `droppable` rows may go when too many wait.

        `write_batch` gets at most `batch` rows, oldest first, on the database thread, inside a transaction. It may see
        a row twice if the connection broke while committing. `name_of` says in the log which row was given up, without
        secrets; `size_of` is what `held` adds up.
        """
        made = _Kind(write_batch, droppable, name_of, size_of, batch)
        if (known := self._kinds.get(kind)) is not None:
            made.waiting = known.waiting
        self._kinds[kind] = made

    def append(self, kind: str, row: Row) -> None:
        """Queue one row; never waits. Raises KeyError for a kind that is not registered."""
        queue = self._kinds[kind]
        if queue.droppable and len(queue.waiting) >= BOUND:
            queue.give_up(queue.waiting.popleft())
        queue.waiting.append(row)
        queue.size += queue.size_of(row)

    def pending(self) -> int:
        """Rows not written yet."""
        return sum(kind.rows() for kind in self._kinds.values())

    def held(self, kind: str) -> int:
        """The sizes of the rows of one kind that are in memory now, added up."""
        return self._kinds[kind].size

    async def flush(self, *, force: bool = False) -> None:
        """Write what waits now. While the database is away, rows stay and tries come at growing intervals.

        `force` tries at once, whatever happened before: for shutdown. A lost database raises nothing: it is logged
        once. A flush in flight is waited for first, and a caller that is cancelled does not break off a batch
        half-way.
        """
        while self._running is not None and not self._running.done():
            await asyncio.wait({self._running})
        self._running = asyncio.ensure_future(self._write_all(force))
        await asyncio.shield(self._running)

    async def _write_all(self, force: bool) -> None:
        """Rows that must not be dropped go first. A kind that cannot be written does not hold up the others."""
        for name, kind in sorted(self._kinds.items(), key=lambda item: item[1].droppable):
            if not force and time.monotonic() < kind.not_before:
                continue
            if kind.aside and (force or time.monotonic() >= kind.aside_until):
                kind.waiting.extendleft(reversed(kind.aside))
                kind.aside = []
            left = len(kind.waiting) + len(kind.in_hand)
            while left > 0 and (batch := kind.take()):
                left -= len(batch)
                if not await self._written(name, kind):
                    return

    async def _written(self, name: str, kind: _Kind) -> bool:
        """Write the batch in hand; False when the database is away, and what is not written stays in hand."""
        error = await _tried(kind.write, kind.in_hand)
        if error is not None and not _is_away(error):
            # A row that can never be written must not hold up the others.
            return await self._written_one_by_one(name, kind)
        return self._went(kind, error, len(kind.in_hand))

    async def _written_one_by_one(self, name: str, kind: _Kind) -> bool:
        while kind.in_hand:
            row = kind.in_hand[0]
            error = await _tried(kind.write, [row])
            if error is None or _is_away(error):
                if not self._went(kind, error, 1):
                    return False
                continue
            kind.in_hand = kind.in_hand[1:]
            if kind.droppable or isinstance(error, _REFUSALS):
                kind.give_up(row)
                log.error("A row of kind %s is given up (%s): %s", name, kind.name_of(row), _place_of(error))
            else:
                kind.aside.append(row)
                kind.aside_until = time.monotonic() + ASIDE_SECONDS
                log.error("A row of kind %s has to wait (%s): %s", name, kind.name_of(row), _place_of(error))
        return True

    def _went(self, kind: _Kind, error: BaseException | None, count: int) -> bool:
        """The first `count` rows in hand are written, or the database is away."""
        if error is not None:
            self._back_off(kind, error)
            return False
        kind.size -= sum(map(kind.size_of, kind.in_hand[:count]))
        kind.in_hand = kind.in_hand[count:]
        self._recovered(kind)
        return True

    def _back_off(self, kind: _Kind, error: BaseException) -> None:
        if not self._is_away():
            log.warning("The database is away (%s); %d rows wait in memory.", type(error).__name__, self.pending())
        kind.pause = min(max(2 * kind.pause, FIRST_PAUSE), LONGEST_PAUSE)
        kind.not_before = time.monotonic() + kind.pause

    def _recovered(self, kind: _Kind) -> None:
        if kind.pause:
            kind.pause = kind.not_before = 0.0
            if not self._is_away():
                log.warning("The database is back; %d rows still to write.", self.pending())

    def _is_away(self) -> bool:
        return any(kind.pause for kind in self._kinds.values())

    def reset(self) -> None:
        """Forget every row and every pause; the kinds stay. For tests."""
        for name, kind in self._kinds.items():
            self._kinds[name] = _Kind(kind.write, kind.droppable, kind.name_of, kind.size_of, kind.batch)
        self._running = None


async def _tried(write: WriteBatch, rows: list[Row]) -> BaseException | None:
    """Write rows in one transaction. Returns the exception, also one of a bug in a writer, or None."""
    (outcome,) = await asyncio.gather(in_database(_write, write, rows), return_exceptions=True)
    return outcome


def _is_away(error: BaseException) -> bool:
    return isinstance(error, _AWAY) and not isinstance(error, _REFUSALS)


def _place_of(error: BaseException) -> str:
    """The error's type and place, without its message: that may hold the row's values."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _write(write: WriteBatch, rows: list[Row]) -> None:
    with transaction.atomic():
        write(rows)


_journal = Journal()
register = _journal.register
append = _journal.append
pending = _journal.pending
held = _journal.held
flush = _journal.flush
reset = _journal.reset


def dropped() -> int:
    """Rows dropped so far."""
    return _journal.dropped
