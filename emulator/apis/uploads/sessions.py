"""Sessions of uploads to files and stores, by the resumable protocol or the older `uploadType`."""

from __future__ import annotations

import ast
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from emulator.apis.uploads.replies import GRANULARITY, OLD_GRANULARITY, SERVER, progress, terminated, told
from emulator.state.accounts import Account
from emulator.state.resources.blobs import Blob
from emulator.state.resources.files import may_be_read
from emulator.state.resources.uploads import LIFETIME, Upload
from emulator.wire.errors import refuse
from emulator.wire.replies import TEXT_TYPE, Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google


@dataclass(frozen=True, slots=True)
class Target:
    """What a collection does with uploads.

    check   (google, call, metadata, size) → the metadata as read; raises Refused for what may not be uploaded
    finish  (google, call, upload) → the final answer; raises Refused
    """

    check: Callable[[Google, Call, Json, int], Json]
    finish: Callable[[Google, Call, Upload], Json]


def owner_of(google: Google, call: Call) -> Account:
    """The account that started the session of this request: no key is needed. Raises Refused for a dead session."""
    upload = google.uploads.get(_upload_id(call), call.now)
    account = google.accounts.get(upload.email) if upload is not None else None
    if account is None:
        raise terminated("final")
    return account


def start(google: Google, call: Call, target: Target) -> Reply:
    """Opens a session; its URL is this request's own with an `upload_id`."""
    headers, query = call.request.headers, call.request.query
    old = query.get("uploadType") == "resumable"
    announced = headers.get("x-upload-content-length" if old else "x-goog-upload-header-content-length", "")
    size = int(announced) if announced.isdecimal() else None
    metadata = target.check(google, call, read_metadata(call.request.body), size or 0)
    told_type = headers.get("x-upload-content-type" if old else "x-goog-upload-header-content-type", "")
    upload = new_upload(call, metadata, told_type, size, OLD_GRANULARITY if old else GRANULARITY)
    upload_id = google.uploads.start(upload)
    split = urlsplit(call.request.target)
    asked = f"{split.query}&" if split.query else ""
    address = f"http://{headers.get('host', 'localhost')}{split.path}?{asked}upload_id={upload_id}"
    if old:
        listed = [("Location", address), ("X-GUploader-UploadID", upload_id), SERVER]
        return Reply(200, listed, content_type=TEXT_TYPE, sized=True)
    address += "" if "upload_protocol" in query else "&upload_protocol=resumable"
    listed = [
        ("X-GUploader-UploadID", upload_id),
        ("X-Goog-Upload-Status", "active"),
        ("X-Goog-Upload-URL", address),
        ("X-Goog-Upload-Control-URL", address),
        ("X-Goog-Upload-Chunk-Granularity", str(GRANULARITY)),
        ("X-Goog-Upload-Header-X-Google-Security-Signals", "FRAMEWORK=ONE_PLATFORM,ENV=emulator"),
        ("X-Goog-Upload-Header-Vary", "Origin,X-Origin,Referer"),
        SERVER,
    ]
    return Reply(200, listed, content_type=TEXT_TYPE, sized=True)


def query(google: Google, call: Call, target: Target) -> Reply:
    """How much has come."""
    upload = _session(google, call)
    return progress(upload) if upload.state == "active" else told(upload.state)


def cancel(google: Google, call: Call, target: Target) -> Reply:
    upload = alive(google, call)
    close(upload, "cancelled")
    old = upload.chunk == OLD_GRANULARITY
    return Reply(499, [SERVER], content_type=TEXT_TYPE, sized=True) if old else told("cancelled")


def new_upload(call: Call, metadata: Json, told_type: str, size: int | None, chunk: int) -> Upload:
    file_name = call.request.headers.get("x-goog-upload-file-name", "")
    guessed = mimetypes.guess_type(file_name)[0] or "application/octet-stream"
    mime_type = str(metadata.get("mimeType") or "") or told_type or guessed
    return Upload(
        email=call.owner.email,
        target=call.route.resource,
        metadata=metadata,
        mime_type=mime_type,
        file_name=file_name,
        size=size,
        chunk=chunk,
        blob=Blob(keep=call.route.collection == "environments" or may_be_read(mime_type)),
        expires=call.now + LIFETIME,
    )


def close(upload: Upload, state: str) -> None:
    upload.state = state
    # The file has the bytes now, or nobody.
    upload.blob = Blob(keep=False)


def _session(google: Google, call: Call) -> Upload:
    upload = google.uploads.get(_upload_id(call), call.now)
    if upload is None or upload.target != call.route.resource:
        raise terminated("final")
    return upload


def alive(google: Google, call: Call) -> Upload:
    upload = _session(google, call)
    if upload.state != "active":
        raise terminated(upload.state)
    return upload


def _upload_id(call: Call) -> str:
    return call.request.query.get("upload_id", "")


def read_metadata(body: bytes) -> Any:
    """The JSON of a start or a first part; single quotes are taken, as in Google's own curl samples."""
    if not body.strip():
        return {}
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return ast.literal_eval(body.decode().strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        raise refuse(400, "Invalid JSON payload received. Expected an object key or }.") from None


STEPS: Mapping[str, Callable[[Google, Call, Target], Reply]] = {
    "startUpload": start,
    "queryUpload": query,
    "cancelUpload": cancel,
}
