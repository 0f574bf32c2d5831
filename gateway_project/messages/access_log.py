"""One line a request: who, what, the answer's status and size. Never a query (it may hold a key), never a body."""

import logging

log = logging.getLogger(__name__)

_LINE = '%s "%s %s" %d %dB%s'


def write(client: str, method: bytes, path: bytes, status: int, size: int = 0, rest: str = "") -> None:
    """`path` without its query, `size` in bytes; `rest` ends the line (duration, request id, how it ended)."""
    if log.isEnabledFor(logging.INFO):
        told = (client, _printable(method), _printable(path), status, size, rest)
        # As `log.info` does it, without a look for who called.
        log.handle(logging.LogRecord(log.name, logging.INFO, "", 0, _LINE, told, None))


def _printable(raw: bytes) -> str:
    """Control characters escaped: a request must not be able to write to the operator's terminal."""
    return raw.decode("latin-1").encode("unicode_escape").decode("ascii")
