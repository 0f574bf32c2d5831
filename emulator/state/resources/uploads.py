"""Uploads in progress, each a session that outlives its connections."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field

from emulator.state.resources.blobs import Blob
from emulator.wire.replies import Json

LIFETIME = 3 * 24 * 3600.0


@dataclass(slots=True)
class Upload:
    """What is uploaded, from the start to its last byte.

    email     whose account started it
    target    the collection (`files`) or the resource (`fileSearchStores/s`) that gets it
    metadata  what the start's body said
    size      as announced, None when it was not
    chunk     what every chunk but the last must be a multiple of
    writer    the number of the request that is writing; a newer one takes over
    state     active, final or cancelled
    """

    email: str
    target: str
    metadata: Json
    mime_type: str
    file_name: str
    size: int | None
    chunk: int
    blob: Blob = field(repr=False)
    expires: float
    writer: int = 0
    state: str = "active"


class Uploads:
    """Sessions by upload_id. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Upload] = {}

    def start(self, upload: Upload) -> str:
        """The session's new upload_id."""
        upload_id = "A" + base64.urlsafe_b64encode(secrets.token_bytes(72)).decode()
        self._by_id[upload_id] = upload
        return upload_id

    def get(self, upload_id: str, now: float) -> Upload | None:
        upload = self._by_id.get(upload_id)
        return upload if upload is not None and upload.expires > now else None

    def clear(self) -> None:
        self._by_id.clear()
