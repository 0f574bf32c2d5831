"""One thread that owns the background's database connections, so that the event loop never waits for a query.

Every job runs alone and in the order it was handed over. Django keeps connections per thread, so this one thread is all
the database ever sees of the roster, the journal and the credentials.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

from django.db import Error, connections

P = ParamSpec("P")
T = TypeVar("T")

_lock = Lock()
_thread: ThreadPoolExecutor | None = None


async def in_database(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Run `function` on the database thread and wait for its result, or its exception.

    Raises what `function` raises; a job already begun runs to its end also when the caller is cancelled.
    """
    return await asyncio.wrap_future(_executor().submit(partial(_job, function, *args, **options)))


def shutdown() -> None:
    """Finish what is queued, close the thread's connections, end the thread. A later job starts a new one."""
    global _thread
    with _lock:
        ending, _thread = _thread, None
    if ending is not None:
        ending.submit(connections.close_all)
        ending.shutdown(wait=True)


def _executor() -> ThreadPoolExecutor:
    global _thread
    with _lock:
        if _thread is None:
            _thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        return _thread


def _job(function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Run one job on a connection that is kept between jobs, and given up as soon as one fails on it.

    Django would close connections after each request (CONN_MAX_AGE); this thread has no requests, and a job twice a
    second.
    """
    try:
        return function(*args, **options)
    except Error:
        # The connection may be dead, or left inside a broken transaction: the next job starts on a new one.
        connections.close_all()
        raise
