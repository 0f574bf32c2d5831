"""Who is told of every exchange with an upstream when it is over, however it ended: the journal is one.

A sink gets the entry as it then is. It may neither wait nor raise, and must not keep the entry.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy_app.ledger.entries import LogEntry

Sink = Callable[["LogEntry"], None]

_sinks: list[Sink] = []


def add(sink: Sink) -> None:
    """Tell `sink` as well, after those that were added before."""
    _sinks.append(sink)


def remove(sink: Sink) -> None:
    """Tell `sink` no more. Raises ValueError for one that was not added."""
    _sinks.remove(sink)


def tell(entry: "LogEntry") -> None:
    """An exchange is over."""
    for sink in _sinks:
        sink(entry)
