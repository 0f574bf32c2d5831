"""The environments of one project: sandboxes in which agents work, and the files in them."""

from __future__ import annotations

import base64
import binascii
import io
import mimetypes
import secrets
import tarfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from emulator.state.resources.blobs import Blob
from emulator.wire.durations import timestamp
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

# After so long a time without use the sandbox is gone.
IDLE = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in an environment; `path` is relative, its folders are there because it is."""

    path: str
    blob: Blob = field(repr=False)
    mime_type: str
    created: float
    modified: float

    def entry(self) -> Json:
        return {
            "name": PurePosixPath(self.path).name,
            "path": self.path,
            "type": "file",
            "size_bytes": self.blob.size,
            "mime_type": self.mime_type,
            "created": timestamp(self.created),
            "modified": timestamp(self.modified),
        }


@dataclass(slots=True)
class Environment:
    """One environment. `asked` is what it was made by; `key` the second credential of a self-hosted one."""

    id: str
    asked: Json = field(repr=False)
    created: float
    accessed: float
    updated: float
    key: str = field(default="", repr=False)
    files: dict[str, StoredFile] = field(default_factory=dict, repr=False)

    @property
    def mode(self) -> str:
        return str(self.asked.get("mode", "on_demand"))

    def resource(self, now: float, *, new: bool = False) -> Json:
        """As the API tells it; the key only to who has just made it."""
        told: Json = {
            "id": self.id,
            "mode": self.mode,
            "status": "active" if now < self.accessed + IDLE else "expired",
            "created": timestamp(self.created),
            "updated": timestamp(self.updated),
            "last_accessed": timestamp(self.accessed),
            "file_count": len(self.files),
            "size_bytes": sum(file.blob.size for file in self.files.values()),
        }
        told |= {name: self.asked[name] for name in ("sources", "network", "custom_config") if name in self.asked}
        return told | ({"environment_key": self.key} if new and self.key else {})

    def write(self, path: str, blob: Blob, now: float, mime_type: str = "") -> StoredFile:
        """A new file, in place of one that has the path."""
        before = self.files.get(path)
        guessed = mime_type or mimetypes.guess_type(path)[0] or "application/octet-stream"
        file = StoredFile(path, blob, guessed, before.created if before else now, now)
        self.files[path] = file
        self.updated = self.accessed = now
        return file

    def mount(self, sources: Sequence[Json], now: float) -> None:
        """Puts in what is given with the request; buckets and repositories stand for themselves in a file of a line."""
        for source in sources:
            path = clean_path(source.get("target") or "source.txt")
            if source.get("type") == "inline":
                content = str(source.get("content", "")).encode()
                try:
                    written = base64.b64decode(content) if source.get("encoding") == "base64" else content
                except binascii.Error:
                    raise refuse_in_words(400, "The value of 'content' is not base64.") from None
                self.write(path, Blob.of(written), now)
            else:
                self.write(f"{path}/SOURCE", Blob.of(str(source.get("source", "")).encode()), now, "text/plain")

    def unpack(self, path: str, archive: bytes, now: float) -> list[StoredFile]:
        """The files of a tar, packed or not, below `path`; raises Refused for what is none."""
        try:
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                found = [(one.name, read.read()) for one in tar if one.isfile() and (read := tar.extractfile(one))]
        except tarfile.TarError:
            raise refuse_in_words(400, "The file is not a tar or tar.gz archive.") from None
        return [self.write(clean_path(f"{path}/{name}"), Blob.of(content), now) for name, content in found]

    def snapshot(self) -> Blob:
        """All files in a tar."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for file in self.files.values():
                head = tarfile.TarInfo(file.path)
                head.size, head.mtime = file.blob.size, int(file.modified)
                tar.addfile(head, io.BytesIO(file.blob.kept()))
        return Blob.of(packed.getvalue())

    def entries(self, folder: str, *, recursive: bool) -> list[Json]:
        """What is in a folder by path: its files and folders, or with `recursive` all files below it."""
        inside = sorted((path, file) for path, file in self.files.items() if not folder or _is_below(path, folder))
        if recursive:
            return [file.entry() for _, file in inside]
        told: dict[str, Json] = {}
        for path, file in inside:
            first, *deeper = path.removeprefix(f"{folder}/" if folder else "").split("/")
            whole = f"{folder}/{first}".lstrip("/")
            told.setdefault(whole, self._folder(whole) if deeper else file.entry())
        return list(told.values())

    def _folder(self, path: str) -> Json:
        inside = [file for one, file in self.files.items() if _is_below(one, path)]
        return {
            "name": PurePosixPath(path).name,
            "path": path,
            "type": "directory",
            "size_bytes": sum(file.blob.size for file in inside),
            "created": timestamp(min(file.created for file in inside)),
            "modified": timestamp(max(file.modified for file in inside)),
        }


class Environments:
    """A project's environments by id. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Environment] = {}

    def add(self, asked: Json, now: float) -> Environment:
        """A new one, with its sources; raises Refused for one that cannot be."""
        environment = Environment(str(uuid.uuid4()), asked, now, now, now)
        if environment.mode == "self_hosted":
            environment.key = f"envkey_{secrets.token_urlsafe(32)}"
        if origin := asked.get("from_environment"):
            environment.files = dict(self.get(origin.removeprefix("environments/")).files)
        environment.mount(asked.get("sources", ()), now)
        self._by_id[environment.id] = environment
        return environment

    def get(self, id: str) -> Environment:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        environment = self.known(id)
        if environment is None:
            raise refuse_in_words(404, "Requested entity was not found.")
        return environment

    def known(self, id: str) -> Environment | None:
        return self._by_id.get(id)

    def alive(self, id: str, now: float) -> Environment:
        """One that can be worked in, used from now on; raises Refused."""
        environment = self.get(id)
        if now >= environment.accessed + IDLE:
            raise refuse_in_words(400, f"The environment {id} has expired.", "failed_precondition")
        environment.accessed = now
        return environment

    def delete(self, id: str) -> None:
        del self._by_id[self.get(id).id]

    def all(self) -> Iterator[Environment]:
        """Newest first."""
        yield from reversed(self._by_id.values())


def clean_path(path: str) -> str:
    """A relative path without detours; raises Refused for one that leads out or nowhere."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or not parts:
        raise refuse_in_words(400, f"The path '{path}' is not inside the environment.")
    return "/".join(parts)


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
