"""One task at a time for each key, whoever asks: a token is renewed once, a project is asked for once."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

log = logging.getLogger(__name__)


class SingleFlight(Generic[K, T]):
    """Tasks in flight by key, which must be no secret: with `name` it stands in the log.

    A task goes on when those who wait for it are cancelled. Its exception goes to all who wait and, at `level`, into
    the log: it may be that none is left. Each event loop has tasks of its own.
    """

    def __init__(self, name: str, level: int = logging.WARNING) -> None:
        self._name = name
        self._level = level
        self._tasks: dict[K, asyncio.Task[T]] = {}

    def __repr__(self) -> str:
        return f"<SingleFlight {self._name}: {len(self._tasks)} in flight>"

    async def run(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of the task in flight for `key`, or of `work` where there is none. Raises what it raises."""
        return await asyncio.shield(self._running(key) or self._started(key, work))

    def start(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> None:
        """See that a task for `key` is in flight, without waiting for it."""
        if self._running(key) is None:
            self._started(key, work)

    def is_running(self, key: K) -> bool:
        """Whether `run` would join a task of this event loop."""
        return self._running(key) is not None

    async def finish(self, within: float) -> None:
        """Wait that many seconds for the tasks of this event loop. For shutdown."""
        if tasks := self._here():
            await asyncio.wait(tasks, timeout=within)

    async def cancel(self) -> None:
        """End the tasks of this event loop. For shutdown, where a result is not worth waiting for."""
        tasks = self._here()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self) -> None:
        """Forget the tasks, which go on by themselves. For tests."""
        self._tasks.clear()

    def _here(self) -> list[asyncio.Task[T]]:
        loop = asyncio.get_running_loop()
        return [task for task in self._tasks.values() if task.get_loop() is loop]

    def _running(self, key: K) -> asyncio.Task[T] | None:
        task = self._tasks.get(key)
        return None if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop() else task

    def _started(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        task = self._tasks[key] = asyncio.get_running_loop().create_task(work(), name=f"{self._name} {key}")
        task.add_done_callback(partial(self._ended, key))
        return task

    def _ended(self, key: K, task: asyncio.Task[T]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.log(self._level, "%s: %s", task.get_name(), str(error))  # a record that is kept keeps no frames
