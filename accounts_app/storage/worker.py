"""The one thread that runs the event loop's database queries, so that the loop never waits for one.

Jobs run one at a time, in order. Django keeps connections per thread, so roster, journal and credentials share one
connection.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

from django.db import Error, OperationalError, connections

P = ParamSpec("P")
T = TypeVar("T")

# Seconds that a call waits for the database where it has to: longer than any healthy query takes.
CALL_WAIT_SECONDS = 2.0

_lock = Lock()
_thread: ThreadPoolExecutor | None = None


class NoAnswerInTime(OperationalError):
    """The database has not answered in time; the query may still be carried out."""


async def in_database(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Run `function` on the database thread and wait for its result, or its exception, however long it takes.

    Raises what `function` raises; a job already begun runs to its end also when the caller is cancelled.
    """
    return await asyncio.wrap_future(_submit(function, *args, **options))


async def soon_in_database(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """The same for calls, which must not wait long: raises NoAnswerInTime after `CALL_WAIT_SECONDS`.

    A job that has not begun by then is cancelled; one that has begun runs to its end, and its result is dropped.
    """
    answer = asyncio.wrap_future(_submit(function, *args, **options))
    try:
        # `wait_for` would lose a cancellation that comes together with the answer.
        async with asyncio.timeout(CALL_WAIT_SECONDS):
            return await answer
    except TimeoutError:
        raise NoAnswerInTime("The database does not answer in time.") from None


def shutdown(within: float | None = None) -> bool:
    """Finish what is queued, close the thread's connections, end the thread. A later job starts a new one.

    False when that takes longer than `within` seconds: the thread is then abandoned.
    """
    global _thread
    with _lock:
        ending, _thread = _thread, None
    if ending is None:
        return True
    closed = ending.submit(connections.close_all)
    ending.shutdown(wait=False)
    return not wait({closed}, within).not_done


def _submit(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> Future[T]:
    global _thread
    with _lock:
        if _thread is None:
            _thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        return _thread.submit(partial(_job, function, *args, **options))


def _job(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Run one job on a connection that is kept between jobs, and closed when a job fails on it.

    Django closes connections after each request (CONN_MAX_AGE); this thread has none.
    """
    try:
        return function(*args, **options)
    except Error:
        # The connection may be dead, or left inside a broken transaction: the next job starts on a new one.
        connections.close_all()
        raise
