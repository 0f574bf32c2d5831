"""The public API's files: make, get, list, delete, download; and what becomes of an upload."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.resources.paging import page_of
from emulator.apis.uploads.sessions import Target
from emulator.state.resources.blobs import Blob
from emulator.state.resources.files import LONGEST_ID, File, may_be_chosen
from emulator.wire.errors import Refused, bad_request, refuse
from emulator.wire.fields import read_message
from emulator.wire.public.quotas import storage_full
from emulator.wire.replies import Json, Reply
from emulator.wire.streaming import GOOGLE_HEADERS, ending_of

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google
    from emulator.state.resources.uploads import Upload

_PAGE_SIZE, _LARGEST_PAGE = 10, 100
_RANGE = re.compile(r"bytes=(?:(\d+)-(\d*)|-(\d+))")
# The name of the file that an environment's files are in, all together.
_SNAPSHOT = "environment-"
_MIME_TYPES = ("application", "audio", "font", "image", "message", "model", "multipart", "text", "video")


def named_file(call: Call, id: str) -> File:
    """A file of the call's project; raises Refused with one text for what is foreign, gone and never was."""
    file = call.project.files.get(id, call.now)
    if file is None:
        text = f"You do not have permission to access the File {id} or it may not exist."
        raise refuse(403, text)
    return file


def generated_file(call: Call, content: bytes, mime_type: str, id: str = "") -> File:
    """A new file that the model has made, not the client."""
    blob = Blob(keep=True)
    blob.write(content)
    return call.project.files.add(blob, call.now, id=id, mime_type=mime_type, source="GENERATED")


def active_file(call: Call, name: str) -> File:
    """A file by its whole name, ready to be used; raises Refused."""
    file = named_file(call, name.removeprefix("files/"))
    if file.state(call.now) != "ACTIVE":
        text = f"The File {file.id} is not in an ACTIVE state and usage is not allowed."
        raise refuse(400, text, name="FAILED_PRECONDITION")
    return file


def _create(google: Google, call: Call) -> Json:
    """A file without bytes: metadata alone."""
    asked = _check(google, call, call.json_body(), 0)
    return {"file": _add(call, asked, Blob(keep=False), str(asked.get("mimeType", ""))).resource(call.now)}


def _get(google: Google, call: Call) -> Json:
    id = _id_of(call)
    if len(id) > LONGEST_ID:
        text = f"* GetFileRequest.name: File ID {id} cannot be more than {LONGEST_ID} characters"
        raise refuse(400, text, bad_request([("name", text.removeprefix("* GetFileRequest.name: "))]))
    return named_file(call, id).resource(call.now)


def _list(google: Google, call: Call) -> Json:
    files = [file for file in call.project.files.all(call.now) if len(file.id) <= LONGEST_ID]
    shown, following = page_of(call, files, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"files": [file.resource(call.now) for file in shown], **following} if shown else {}


def _delete(google: Google, call: Call) -> Json:
    call.project.files.delete(named_file(call, _id_of(call)).id)
    return {}


def _download(google: Google, call: Call) -> Reply:
    """The bytes of a generated file, or an environment's files in a tar."""
    if call.request.query.get("alt") != "media":
        raise refuse(400, "Request contains an invalid argument.")
    id = _id_of(call)
    if environment := call.project.environments.known(id.removeprefix(_SNAPSHOT)) if id.startswith(_SNAPSHOT) else None:
        return bytes_of(call, environment.snapshot(), "application/x-tar")
    file = named_file(call, id)
    if file.source != "GENERATED":
        raise refuse(400, f"File {file.id} cannot be downloaded: only generated files can.")
    return bytes_of(call, file.blob, file.mime_type)


def bytes_of(call: Call, blob: Blob, mime_type: str) -> Reply:
    """A download of the bytes, whole or the range that was asked for."""
    etag, size = f'"{blob.sha256[:32]}"', blob.size
    headers = [("accept-ranges", "bytes"), ("etag", etag), ("content-disposition", "attachment"), *GOOGLE_HEADERS]
    span = _asked_range(call, etag, size)
    if span is None:
        first, end, status = 0, size, 200
    elif span[0] >= span[1]:
        return Reply(416, [*headers, ("content-range", f"bytes */{size}")], content_type=mime_type, sized=True)
    else:
        (first, end), status = span, 206
        headers.append(("content-range", f"bytes {first}-{end - 1}/{size}"))
    ending, shown = ending_of(call.style)
    pieces = blob.pieces(first, end)
    return Reply(
        status,
        headers,
        pieces if shown is None else (piece for _, piece in zip(range(shown), pieces, strict=False)),
        content_type=mime_type,
        gap=call.style.gap,
        delay=call.style.delay,
        length=end - first,
        ending=ending,
    )


def _asked_range(call: Call, etag: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; empty for a range beyond the end, None for the whole."""
    headers = call.request.headers
    match = _RANGE.fullmatch(headers.get("range", "").strip())
    if match is None or headers.get("if-range", etag) != etag:
        return None
    first, last, suffix = match.groups()
    if suffix:
        return max(size - int(suffix), 0), size
    return int(first), min(int(last) + 1, size) if last else size


def _register(google: Google, call: Call) -> Json:
    """Files of the caller's own bucket: a key is not enough, the bearer's token must say who may read them."""
    if not call.bearer:
        raise call.refused("credentials_missing")
    uris = read_message("RegisterFilesRequest", call.json_body()).get("uris", [])
    files = call.project.files
    made = [files.add(Blob(keep=False), call.now, mime_type="", display_name=uri, source="REGISTERED") for uri in uris]
    return {"files": [file.resource(call.now) for file in made]}


# -- what is uploaded -----------------------------------------------------------------------------------------------


def _check(google: Google, call: Call, metadata: Json, size: int) -> Json:
    """The File that a create asks for; raises Refused for a bad name, one that exists, and full storage."""
    asked: Json = read_message("CreateFileRequest", metadata).get("file", {})
    id = str(asked.get("name", "")).removeprefix("files/")
    files = call.project.files
    if id and not may_be_chosen(id):
        raise _bad_name(
            "File name may only contain lowercase alphanumeric characters or dashes (-) and cannot begin or end with a"
            " dash."
        )
    if len(id) > LONGEST_ID:
        raise _bad_name(f"File ID {id} cannot be more than {LONGEST_ID} characters")
    if id and files.get(id, call.now) is not None:
        raise refuse(409, "Requested entity already exists", name="ALREADY_EXISTS")
    if not files.has_room(size, call.now):
        raise Refused(storage_full(call.scene()))
    return {**asked, "name": id}


def _finish(google: Google, call: Call, upload: Upload) -> Json:
    metadata = {"file": {**upload.metadata, "name": upload.metadata.get("name") or ""}}
    if upload.mime_type and upload.mime_type.partition("/")[0] not in _MIME_TYPES:
        raise refuse(400, f"Unsupported MIME type: {upload.mime_type}")
    asked = _check(google, call, metadata, upload.blob.size)
    return {"file": _add(call, asked, upload.blob, upload.mime_type).resource(call.now)}


def _add(call: Call, asked: Json, blob: Blob, mime_type: str) -> File:
    display_name = str(asked.get("displayName", ""))
    return call.project.files.add(blob, call.now, id=asked["name"], mime_type=mime_type, display_name=display_name)


def _bad_name(text: str) -> Refused:
    field = "CreateFileRequest.file.name"
    return refuse(400, f"* {field}: {text}\n", bad_request([("file.name", text)]))


def _id_of(call: Call) -> str:
    return call.route.resource.removeprefix("files/")


TARGET = Target(_check, _finish)

METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "createFile": _create,
    "getFile": _get,
    "listFiles": _list,
    "deleteFile": _delete,
    "downloadFile": _download,
    "registerFiles": _register,
}
