"""Functions that are called with the log entry of every attempt when it is over; the journal's is one.

A sink must not block, must not raise and must not keep the entry.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy_app.ledger.entries import LogEntry

Sink = Callable[["LogEntry"], None]

_sinks: list[Sink] = []


def add(sink: Sink) -> None:
    """Call `sink` for every entry from now on, after those that were added before."""
    _sinks.append(sink)


def remove(sink: Sink) -> None:
    """Call `sink` no longer. Raises ValueError for one that was not added."""
    _sinks.remove(sink)


def emit(entry: "LogEntry") -> None:
    """Call all sinks: the attempt is over."""
    for sink in _sinks:
        sink(entry)
