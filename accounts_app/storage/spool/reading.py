"""Reads what the spool has, and drops what is no longer needed."""

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from accounts_app.models.encryption import Undecryptable
from accounts_app.storage.spool import folder, rows, sealed_file
from accounts_app.storage.worker import in_database

log = logging.getLogger(__name__)

# Files whose rows are looked up at once, and how old a file is whose row may still be on its way.
BATCH = 500
ROW_SECONDS = 60.0


def holds(path: str) -> bool:
    """Whether this node has a readable file under a row's path. One look at the disk, of microseconds."""
    return bool(folder.bound()) and sealed_file.is_readable(_on_disk(path))


async def read(path: str, size: int) -> bytes | None:
    """The bytes of a file; None when they are gone or cannot be read: such a file is dropped."""
    return await asyncio.to_thread(_read, _on_disk(path), size)


async def forget(path: str) -> None:
    """Drop a file whose client has deleted it; raises nothing: `sweep` drops what is left of it."""
    with suppress(OSError):
        await asyncio.to_thread(_on_disk(path).unlink)


async def sweep(now: float | None = None) -> int:
    """Drop the files of this node that have expired, whose resources are gone, or whose uploads are idle.

    Returns how many. Raises Django's database errors.
    """
    now = time.time() if now is None else now
    present = await asyncio.to_thread(lambda: list(folder.files()))
    dropped = [file for file in present if file.written_at + file.lives < now]
    alive = {
        file.resource: file
        for file in present
        if file.resource is not None and now - file.lives <= file.written_at < now - ROW_SECONDS
    }
    ids = list(alive)
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        paths = await in_database(rows.known, some)
        dropped += [alive[each] for each in some if folder.stored_path(alive[each].path.name) not in paths]
    await asyncio.to_thread(folder.drop, dropped)
    return len(dropped)


def _read(path: Path, size: int) -> bytes | None:
    try:
        whole = b"".join(sealed_file.pieces(path))
        folder.note_use(path)
    except (OSError, Undecryptable) as error:
        log.warning("A spooled file cannot be read: %s.", error)
        whole = b""
    if len(whole) == size:
        return whole
    with suppress(OSError):
        path.unlink()
    return None


def _on_disk(path: str) -> Path:
    return Path(settings.GATEWAY_DATA_DIR) / path
