"""What takes in the bytes of one upload as they pass by, and keeps them as a file."""

import asyncio
import base64
import hashlib
import logging
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from django.db import Error as DatabaseError

from accounts_app.models.encryption import Undecryptable
from accounts_app.storage.spool import folder, rows
from accounts_app.storage.spool.sealed_file import SealedFile, pieces
from accounts_app.storage.worker import soon_in_database

T = TypeVar("T")

log = logging.getLogger(__name__)

PIECE_BYTES = 256 * 1024  # written at once
PATIENCE = 2.0  # seconds: a disk that takes longer keeps no upload waiting

_is_writable = True  # as far as the log knows


class Tee:
    """One request of an upload: fed with the file's bytes in order, then closed, kept or dropped.

    `upload` is the same text for all requests of a resumable upload, whichever process of this node they come to, and
    whichever of them ends it; empty for an upload of one request. `offset` is where the request begins in the file,
    `size` the whole file's size where it is known. What is too large, has a part missing or cannot be written is not
    kept; nothing here raises.
    """

    def __init__(self, upload: str = "", *, offset: int = 0, size: int | None = None) -> None:
        name = hashlib.sha256(upload.encode()).hexdigest() if upload else secrets.token_hex(32)
        self._part = folder.part(name)
        self._offset = offset
        self._is_off = (size or 0) > folder.largest() or not folder.bound()
        self._file: SealedFile | None = None
        self._gathered = bytearray()
        self._skip = 0  # bytes that an earlier request has brought

    def __repr__(self) -> str:
        return f"<Tee {'off' if self._is_off else self._file or 'not begun'}>"

    async def feed(self, piece: bytes) -> None:
        """The next bytes of the file, in a piece of any size."""
        if (file := await self._begin()) is None:
            return
        known = min(len(piece), self._skip)
        self._skip -= known
        self._gathered += memoryview(piece)[known:]
        if file.size + len(self._gathered) > folder.largest():
            await self.drop()
        elif len(self._gathered) >= PIECE_BYTES:
            await self._flush()

    async def close(self) -> None:
        """The request has ended, and its upload goes on with another one."""
        if self._gathered and not self._is_off:
            await self._flush()

    async def drop(self) -> None:
        """Keep nothing of the upload, unless it was kept before."""
        self._is_off = True
        self._gathered.clear()
        if self._file is not None:
            await self._do(self._part.unlink, True)

    aclose = drop

    async def keep(self, name: str, account: int, sha256_hash: str, size: int) -> bool:
        """Keep the bytes as the file `name`, which an answer of `account` has made; whether they are kept.

        `sha256_hash` and `size` are as upstream tells them: the hash is base64 of the digest's hexadecimal text. The
        file's resource has to have its row.
        """
        if await self.sha256_hash(size) != sha256_hash:
            await self.drop()
            return False
        try:
            resource = await soon_in_database(rows.resource_of, name, account)
            path = folder.folder() / f"{resource}-{secrets.token_hex(16)}"
            if resource is None or not await self._do(_moved, self._part, path):
                await self.drop()
                return False
            digest = base64.b64decode(sha256_hash).decode()
            await soon_in_database(rows.keep, resource, folder.stored_path(path.name), size, digest)
        except DatabaseError:
            await self.drop()
            return False
        return True

    async def sha256_hash(self, size: int) -> str:
        """The hash of a file of `size` bytes, as upstream tells it; "" where not just these bytes are here."""
        await self.close()
        return (await self._do(_hash, self._part, size) or "") if await self._begin() is not None else ""

    async def _flush(self) -> None:
        piece = bytes(self._gathered)
        self._gathered.clear()
        assert self._file is not None
        for start in range(0, len(piece), PIECE_BYTES):
            if not self._is_off:
                await self._do(self._file.append, piece[start : start + PIECE_BYTES])

    async def _begin(self) -> SealedFile | None:
        """The file to write to; None where nothing is kept."""
        if self._file is None and not self._is_off:
            self._file = await self._do(self._begun)
        return None if self._is_off else self._file

    def _begun(self) -> SealedFile | None:
        """The file, with what earlier requests have brought; None if a part of that is missing."""
        if not self._offset:
            self._part.unlink(missing_ok=True)
        if not self._part.exists() and (self._offset or not folder.make_room(folder.largest())):
            self._is_off = True
            return None
        file = SealedFile(self._part)
        if file.size < self._offset:
            self._is_off = True
            return None
        self._skip = file.size - self._offset
        return file

    async def _do(self, work: Callable[..., T], *args: object) -> T | None:
        """The result of work on the disk, in a thread. None where it fails, and nothing is kept then."""
        global _is_writable
        try:
            async with asyncio.timeout(PATIENCE):
                result = await asyncio.to_thread(work, *args)
        except (OSError, TimeoutError, Undecryptable) as error:
            self._is_off = True
            if _is_writable and not isinstance(error, FileNotFoundError):
                log.warning("The spool cannot be written: %s. Files stay in the project they are uploaded to.", error)
                _is_writable = False
            return None
        _is_writable = True
        return result


def _hash(path: Path, size: int) -> str:
    """The hash of the file, read back; "" if it has another size."""
    digest, length = hashlib.sha256(), 0
    for piece in pieces(path):
        digest.update(piece)
        length += len(piece)
    return base64.b64encode(digest.hexdigest().encode()).decode() if length == size else ""


def _moved(part: Path, path: Path) -> bool:
    part.rename(path)
    folder.note_use(path)
    folder.make_room()
    return True
