"""The spool's folder on this node: its files, what they may take together, and which of them go first.

Blocks: not for the event loop. What counts is what is on the disk, so all processes of a node share one bound. A file's
time of access is when it was last used, its time of change when it was written.
"""

import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

NAME = "spool"
LARGEST = 20 * 1024 * 1024  # bytes of a file
MOST_FILES = 10_000
LIVES = 48 * 3600.0  # as long as upstream keeps a file
UPLOAD_LIVES = 3600.0  # how long an upload may be idle before what has come of it is dropped
LEFT_FREE = 128 * 1024 * 1024  # bytes on the disk, which the database may share

# An upload in flight, and a file: the id of its resource and a random part.
_PART = ".part"
_KEPT = re.compile(r"(\d+)-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class File:
    """One file in the folder; times are seconds, epoch. `resource` is None while its upload is in flight."""

    path: Path
    size: int
    used_at: float
    written_at: float

    @property
    def resource(self) -> int | None:
        found = _KEPT.fullmatch(self.path.name)
        return int(found[1]) if found else None

    @property
    def lives(self) -> float:
        return UPLOAD_LIVES if self.resource is None else LIVES


def bound() -> int:
    """Bytes that the files may take together; 0 when the spool is off."""
    return settings.GATEWAY_SPOOL_MB * 1024 * 1024


def largest() -> int:
    """Bytes that one file may have: in a small spool a quarter of it, so that one file does not push out all others."""
    return min(LARGEST, bound() // 4)


def stored_path(name: str) -> str:
    """The path of a kept file below the data directory, as rows have it."""
    return f"{NAME}/{name}"


def part(upload: str) -> Path:
    return folder() / f"{upload}{_PART}"


def folder() -> Path:
    return Path(settings.GATEWAY_DATA_DIR) / NAME


def files() -> Iterator[File]:
    try:
        with os.scandir(folder()) as entries:
            for entry in entries:
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:  # another process has dropped it
                    continue
                yield File(Path(entry.path), told.st_size, told.st_atime, told.st_mtime)
    except FileNotFoundError:
        return


def make_room(size: int = 0) -> bool:
    """Drop the files used longest ago until `size` bytes more are within the bound. Whether the disk has room for them.

    An upload in flight counts as if it were as large as a file may be.
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    present = sorted(files(), key=lambda file: file.used_at, reverse=True)
    taken = sum(map(_counted, present))
    while present and (taken + size > bound() or len(present) >= MOST_FILES):
        oldest = present.pop()
        oldest.path.unlink(missing_ok=True)
        taken -= _counted(oldest)
    return shutil.disk_usage(folder()).free >= size + LEFT_FREE


def drop(files: Iterable[File]) -> None:
    for file in files:
        file.path.unlink(missing_ok=True)


def note_use(path: Path) -> None:
    os.utime(path, (time.time(), path.stat().st_mtime))


def _counted(file: File) -> int:
    return file.size if file.resource is not None else max(file.size, largest())
