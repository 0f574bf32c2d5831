"""The files of one project: their names, states and lives, and the room they take."""

from __future__ import annotations

import base64
import re
import secrets
import string
from dataclasses import dataclass, field

from emulator.state.resources.blobs import Blob
from emulator.wire.durations import timestamp
from emulator.wire.errors import GENERATIVE
from emulator.wire.replies import Json

LIFETIME = 48 * 3600.0
STORAGE = 20 * 1024**3
LONGEST_ID = 40

# How long a video is looked at before it can be used, by the emulator's clock.
PROCESSING = 2.0
_SECONDS_A_BYTE = 1 / 250_000

_CHOSEN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_ALPHABET = string.digits + string.ascii_lowercase
# In a file's displayName: its processing fails.
_FAILS = "[[failed]]"


@dataclass(frozen=True, slots=True)
class File:
    """One file. `source` is UPLOADED, GENERATED or REGISTERED; times are seconds since the epoch."""

    id: str
    blob: Blob = field(repr=False)
    mime_type: str
    display_name: str
    source: str
    created: float
    ready: float

    @property
    def name(self) -> str:
        return f"files/{self.id}"

    @property
    def expires(self) -> float:
        return self.created + LIFETIME

    def state(self, now: float) -> str:
        if now < self.ready:
            return "PROCESSING"
        return "FAILED" if _FAILS in self.display_name else "ACTIVE"

    def resource(self, now: float) -> Json:
        """The File resource as Google tells it; its URI has Google's host and v1beta, whatever was called."""
        uri = f"https://{GENERATIVE}/v1beta/{self.name}"
        state = self.state(now)
        told: Json = {
            "name": self.name,
            "displayName": self.display_name,
            "mimeType": self.mime_type,
            "sizeBytes": str(self.blob.size),
            "createTime": timestamp(self.created),
            "updateTime": timestamp(self.created),
            "expirationTime": timestamp(self.expires),
            # The digest's hexadecimal text in base64, as seen on the wire.
            "sha256Hash": base64.b64encode(self.blob.sha256.encode()).decode(),
            "uri": uri,
            "downloadUri": f"{uri}:download?alt=media" if self.source == "GENERATED" else "",
            "state": state,
            "source": self.source,
        }
        if state == "FAILED":
            told["error"] = {"code": 3, "message": "The file could not be processed."}
        if state == "ACTIVE" and self.mime_type.startswith("video/"):
            told["videoMetadata"] = {"videoDuration": f"{max(int(self.blob.size * _SECONDS_A_BYTE), 1)}s"}
        return {name: value for name, value in told.items() if value}


class Files:
    """A project's files by id. Used under the state's lock."""

    def __init__(self) -> None:
        self.storage = STORAGE
        self._by_id: dict[str, File] = {}

    def add(
        self, blob: Blob, now: float, *, id: str = "", mime_type: str, display_name: str = "", source: str = "UPLOADED"
    ) -> File:
        """A new file, in place of one with the same id; without an id it gets twelve letters and digits."""
        waits = PROCESSING if mime_type.startswith("video/") and source == "UPLOADED" else 0.0
        file = File(id or _new_id(), blob, mime_type, display_name, source, now, now + waits)
        self._by_id[file.id] = file
        return file

    def get(self, id: str, now: float) -> File | None:
        file = self._by_id.get(id)
        if file is not None and file.expires <= now:
            del self._by_id[id]
            return None
        return file

    def delete(self, id: str) -> None:
        self._by_id.pop(id, None)

    def all(self, now: float) -> list[File]:
        """Those that live, newest first."""
        living = [self.get(id, now) for id in list(self._by_id)]
        return [file for file in reversed(living) if file is not None]

    def has_room(self, size: int, now: float) -> bool:
        return sum(file.blob.size for file in self.all(now)) + size <= self.storage


def may_be_chosen(id: str) -> bool:
    """Whether a caller may name a file so; its length is another matter (`LONGEST_ID`)."""
    return _CHOSEN.fullmatch(id) is not None


def may_be_read(mime_type: str) -> bool:
    """Whether a later call may read a file's text: batches their requests, stores their documents."""
    return mime_type.startswith("text/") or "json" in mime_type


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))
