"""One line for each request: client, method, path, status, size. Never a query (it may hold a key), never a body."""

import logging

log = logging.getLogger(__name__)

_LINE = '%s "%s %s" %d %dB%s'


def write(client: str, method: bytes, path: bytes, status: int, size: int = 0, ending: str = "") -> None:
    """`path` without its query, `size` in bytes; `ending` ends the line (duration, request id, how the call ended)."""
    if log.isEnabledFor(logging.INFO):
        values = (client, _printable(method), _printable(path), status, size, ending)
        # What `log.info` does, without looking up the calling line.
        log.handle(logging.LogRecord(log.name, logging.INFO, "", 0, _LINE, values, None))


def _printable(raw: bytes) -> str:
    """Control characters escaped: a request must not be able to write to the operator's terminal."""
    return raw.decode("latin-1").encode("unicode_escape").decode("ascii")
