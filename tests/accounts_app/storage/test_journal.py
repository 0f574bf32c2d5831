"""The journal: order, batches, a database that does not answer, rows that cannot be written."""

import asyncio
import threading

import pytest
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
)

from accounts_app.models import ModelRoute
from accounts_app.storage import journal, worker
from accounts_app.storage.journal import BATCH, BOUND, Journal

pytestmark = pytest.mark.django_db(transaction=True)


class Book:
    """A place to write to, which can be made to refuse."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.away = False
        self.calls, self.failing = 0, set[int]()  # by their numbers
        self.refused: set[int] = set()
        self.refusal: type[Exception] = IntegrityError
        self.began = threading.Event()
        self.may_write = threading.Event()
        self.may_write.set()

    def write(self, rows: list[int]) -> None:
        self.began.set()
        self.may_write.wait(5)
        self.calls += 1
        if self.away or self.calls in self.failing:
            raise OperationalError("the database is away")
        if self.refused & set(rows):
            raise self.refusal("the account is gone")
        self.batches.append(rows)

    @property
    def rows(self) -> list[int]:
        return [row for batch in self.batches for row in batch]


@pytest.fixture
def book():
    yield Book()
    worker.shutdown()


@pytest.fixture
def kept(book):
    """A journal whose one kind of row, `number`, is written to `book`."""
    kept = Journal()
    kept.register("number", book.write, droppable=True, name_of=lambda row: f"row {row}")
    return kept


def fill(kept: Journal, numbers: range) -> None:
    for number in numbers:
        kept.append("number", number)


async def test_rows_are_written_in_order_and_in_batches(kept, book):
    fill(kept, range(2 * BATCH + 7))
    assert repr(kept) == f"<Journal number: {2 * BATCH + 7} waiting, 0 dropped>"

    await kept.flush()

    assert [len(batch) for batch in book.batches] == [BATCH, BATCH, 7]
    assert book.rows == list(range(2 * BATCH + 7))
    assert kept.pending() == 0
    assert repr(kept) == "<Journal empty, 0 dropped>"


async def test_nothing_is_lost_nor_reordered_while_the_database_does_not_answer(kept, book, caplog):
    fill(kept, range(BATCH + 1))
    book.away = True
    await kept.flush(force=True)
    fill(kept, range(BATCH + 1, BATCH + 10))
    await kept.flush(force=True)
    assert kept.pending() == BATCH + 10

    book.away = False
    await kept.flush(force=True)

    assert book.rows == list(range(BATCH + 10))
    assert [record.message for record in caplog.records] == [
        f"The database is away (OperationalError); {BATCH + 1} rows wait in memory.",
        "The database is back; 10 rows still to write.",
    ]


async def test_a_database_that_does_not_answer_is_not_asked_again_at_once(kept, book):
    fill(kept, range(3))
    book.away = True
    await kept.flush()
    book.away = False

    await kept.flush()

    assert book.rows == []
    await kept.flush(force=True)
    assert book.rows == [0, 1, 2]


@pytest.mark.parametrize("refusal", [IntegrityError, DataError, OverflowError, ValueError])
async def test_a_row_that_cannot_be_written_does_not_hold_up_the_others(refusal, kept, book):
    fill(kept, range(5))
    book.refused, book.refusal = {3}, refusal

    await kept.flush()

    assert book.rows == [0, 1, 2, 4]
    assert (kept.pending(), kept.dropped) == (0, 1)


async def test_over_the_bound_the_oldest_droppable_rows_go(kept, book):
    kept.register("dear", lambda rows: None, droppable=False)
    fill(kept, range(BOUND + 3))
    for number in range(BOUND + 3):
        kept.append("dear", number)

    assert kept.pending() == 2 * BOUND + 3
    assert kept.dropped == 3
    assert kept._kinds["number"].waiting[0] == 3


async def test_a_caller_that_is_cancelled_stops_no_batch_and_the_next_waits_for_it(kept, book):
    fill(kept, range(3))
    book.may_write.clear()
    impatient = asyncio.ensure_future(kept.flush())
    await asyncio.to_thread(book.began.wait)
    impatient.cancel()
    fill(kept, range(3, 5))
    book.may_write.set()

    await kept.flush()

    assert book.batches == [[0, 1, 2], [3, 4]]
    assert impatient.cancelled()


async def test_an_unforeseen_error_costs_the_rows_it_is_about_and_no_other(kept, book, caplog):
    fill(kept, range(5))
    book.refused, book.refusal = {1, 3}, TypeError
    await kept.flush()
    fill(kept, range(5, 7))

    await kept.flush()

    assert book.rows == [0, 2, 4, 5, 6]
    assert (kept.pending(), kept.dropped) == (0, 2)
    given_up = [record.message for record in caplog.records]
    assert [message.split(": ")[0] for message in given_up] == [
        "A row of kind number is given up (row 1)",
        "A row of kind number is given up (row 3)",
    ]
    assert "the account is gone" not in caplog.text


async def test_what_may_not_be_dropped_waits_until_it_can_be_written(kept, book, caplog):
    kept.register("dear", book.write, droppable=False)
    for number in range(3):
        kept.append("dear", number)
    book.refused, book.refusal = {1}, TypeError
    await kept.flush()
    await kept.flush()
    assert (book.rows, kept.pending(), kept.dropped) == ([0, 2], 1, 0)
    assert len(caplog.records) == 1

    book.refused = set()
    await kept.flush(force=True)

    assert (book.rows, kept.pending()) == ([0, 2, 1], 0)


@pytest.mark.parametrize("answer", [OperationalError, InternalError, ProgrammingError, DatabaseError, InterfaceError])
async def test_a_database_that_refuses_everything_is_away_and_no_row_is_to_blame(answer, kept, book):
    fill(kept, range(5))
    book.refused, book.refusal = set(range(5)), answer
    await kept.flush(force=True)
    assert (kept.pending(), kept.dropped) == (5, 0)

    book.refused = set()
    await kept.flush(force=True)

    assert book.rows == list(range(5))


async def test_a_kind_that_cannot_be_written_keeps_no_other_waiting(kept, book, caplog):
    other = Book()
    kept.register("other", other.write, droppable=True)
    book.away = True
    for number in range(3):
        kept.append("number", number)
        kept.append("other", number)
        await kept.flush()

    assert (book.rows, other.rows) == ([], [0, 1, 2])
    assert len([record for record in caplog.records if "is away" in record.message]) == 1


async def test_what_may_not_be_dropped_is_written_first(kept):
    written = []
    kept.register("droppable", lambda rows: written.append("droppable"), droppable=True)
    kept.register("dear", lambda rows: written.append("dear"), droppable=False)
    kept.append("droppable", 1)
    kept.append("dear", 1)

    await kept.flush()

    assert written == ["dear", "droppable"]


async def test_of_callers_at_once_each_waits_for_its_turn(kept, book):
    fill(kept, range(3 * BATCH))
    book.may_write.clear()
    book.failing = {2, 3}
    callers = [asyncio.ensure_future(kept.flush(force=True)) for _ in range(4)]
    await asyncio.to_thread(book.began.wait)
    fill(kept, range(3 * BATCH, 3 * BATCH + 2))
    book.may_write.set()

    await asyncio.gather(*callers)

    assert book.rows == list(range(3 * BATCH + 2))


async def test_the_size_of_what_waits_is_known(kept, book):
    kept.register("word", book.write, droppable=True, size_of=len)
    book.away = True
    for word in ("four", "eleven"):
        kept.append("word", word)
    await kept.flush(force=True)
    assert kept.held("word") == 10

    book.away = False
    await kept.flush(force=True)

    assert kept.held("word") == 0


async def test_a_batch_is_written_whole_or_not_at_all(kept):
    def write(rows: list[str]) -> None:
        for row in rows:
            ModelRoute.objects.create(pattern=row, target="m")

    kept.register("route", write, droppable=False)
    for pattern in ("a", "b", "a", "c"):
        kept.append("route", pattern)

    await kept.flush()

    assert [route.pattern async for route in ModelRoute.objects.order_by("pk")] == ["a", "b", "c"]
    assert kept.dropped == 1


async def test_a_kind_that_is_not_registered_is_refused():
    with pytest.raises(KeyError):
        journal.append("nobody's", 1)
